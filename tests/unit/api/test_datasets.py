"""Frozen datasets over HTTP."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.access import Role
from avdataops.model.documents import to_document
from avdataops.testing.catalog_store import detected
from avdataops.wiring.descriptions import scene_row
from tests.unit.api.door_kit import FIRST, Client, app_over, filled_catalog


@pytest.fixture
def mine() -> Iterator[SqliteCatalog]:
    with filled_catalog() as filled:
        yield filled


@pytest.fixture
def keeper(mine: SqliteCatalog, loop: asyncio.Runner) -> Client:
    return Client(app_over(mine, role=Role.OPERATOR), loop)


def body(name: str = "few", **question: Any) -> dict[str, Any]:
    return {"name": name, "question": question}


def test_what_matches_is_frozen(keeper: Client) -> None:
    made = keeper.send("POST", "/datasets", body(type=["cut_in"], where=["n < 3"]))
    assert (made.status, made.json["scenes"], made.json["by"]) == (201, 3, "somebody")
    assert made.json["text"] == "--type cut_in --where 'n < 3'"
    for which in ("few", made.json["id"]):
        assert keeper.get(f"/datasets/{which}").json == made.json
    scenes = keeper.get("/datasets/few/scenes").json["items"]
    assert scenes == keeper.get("/scenes", type="cut_in", where="n < 3").json["items"]
    again = keeper.send("POST", "/datasets", body(where=["n < 3"], type=["cut_in"]))
    assert (again.status, again.json) == (201, made.json)


def test_a_taken_name_is_a_conflict(keeper: Client) -> None:
    answer = keeper.send("POST", "/datasets", body("cuts", type=["rain"]))
    assert (answer.status, answer.json["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (body(type=["cutin"]), "did you mean 'cut_in'"),
        (body(where=["nonsense"]), "not a comparison"),
        (body(where=["min_ttc_s < -5"]), "no scene matches"),
        (body("no name"), "name"),
        (body("ds_" + "0" * 24), "cannot be a name"),
        ({"name": "x"}, "question"),
        (body(tpye=["cut_in"]), "question.tpye"),
        (body(type="cut_in"), "question.type"),
        (body(type=["x"] * 51), "question.type"),
        ({**body(), "kinds": [""]}, "kinds"),
        ({**body(), "by": "the boss"}, "by"),
    ],
    ids=range(11),
)
def test_what_cannot_be_frozen_is_refused(keeper: Client, given: Any, said: str) -> None:
    answer = keeper.send("POST", "/datasets", given)
    assert answer.status == 422
    assert said in answer.json["detail"]
    assert len(keeper.get("/datasets").json["items"]) == 1


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
def test_scenes_and_artifacts_come_each_once(
    api: Client, catalog: SqliteCatalog, limit: int
) -> None:
    held = catalog.dataset("cuts").id
    scenes = [one for page in api.walk("/datasets/cuts/scenes", limit=limit) for one in page]
    rows = [scene_row(one) for one in catalog.dataset_scenes(held, limit=0)]
    assert scenes == json.loads(json.dumps(rows))
    found = [one for page in api.walk("/datasets/cuts/artifacts", limit=limit) for one in page]
    assert found == [to_document(one) for one in catalog.dataset_artifacts(held, limit=0)]
    assert len(scenes) == 12


def test_differences_come_page_by_page(keeper: Client) -> None:
    keeper.send("POST", "/datasets", body(type=["cut_in"], where=["n >= 3"]))
    assert list(keeper.walk("/datasets/cuts/diff", to="cuts")) == [[]]
    pages = list(keeper.walk("/datasets/cuts/diff", to="few", limit=2))
    rows = [one for page in pages for one in page]
    assert [len(page) for page in pages] == [2, 1]
    assert {(one["change"], one["what"]) for one in rows} == {("only in A", "scene")}
    assert keeper.get("/datasets/cuts/diff", to="no-such").status == 404
    assert keeper.get("/datasets/cuts/diff").status == 422


def test_what_was_superseded_is_told(keeper: Client, mine: SqliteCatalog) -> None:
    assert keeper.get("/datasets/cuts/verify").json["items"] == []
    old = mine.artifacts(FIRST.id, kind="scenes")[0].run
    streams = mine.artifacts(FIRST.id, kind="stream")
    mine.commit([detected(FIRST, streams[:1])], superseded=[str(old)])
    rows = [one for page in keeper.walk("/datasets/cuts/verify", limit=5) for one in page]
    assert [(one["what"], one["state"]) for one in rows] == [("scene", "superseded")] * 12 + [
        ("artifact", "superseded")
    ]


def test_lineage_leads_to_a_dataset_and_from_it(api: Client, catalog: SqliteCatalog) -> None:
    held = catalog.dataset("cuts").id
    up = api.get(f"/lineage/{held}").json
    assert (up["root"], up["nodes"][0]["kind"]) == (held, "dataset")
    upload = catalog.artifacts(FIRST.id, kind="upload")[0].id
    down = api.get(f"/lineage/{upload}", direction="down").json
    assert held in {node["id"] for node in down["nodes"]}


@pytest.mark.parametrize("path", ["", "/scenes", "/artifacts", "/verify", "/diff?to=cuts"])
def test_an_unknown_dataset_is_not_found(api: Client, path: str) -> None:
    answer = api.get(f"/datasets/cut{path}")
    assert (answer.status, "did you mean 'cuts'" in answer.json["detail"]) == (404, True)


@pytest.mark.parametrize("start", ["-1", "x", "1e3", "99999999999999999999"])
def test_a_place_that_cannot_be_is_refused(api: Client, start: str) -> None:
    assert api.get("/datasets/cuts/scenes", start=start).status == 422

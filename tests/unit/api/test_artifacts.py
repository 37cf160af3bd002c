"""Artifacts, runs and lineage over HTTP."""

from typing import Any

import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.documents import to_document
from avdataops.ports.catalog import Direction, SceneQuery
from avdataops.ports.lineage_views import as_document
from avdataops.ports.storage import Linking
from avdataops.testing.facts import T0_NS
from avdataops.wiring import artifact_search
from tests.unit.api.door_kit import FIRST, Client, Links


@pytest.fixture(scope="module")
def table(catalog: SqliteCatalog) -> Any:
    return catalog.artifacts(FIRST.id, kind="stream")[0]


def test_an_artifact_is_told_with_its_location(api: Client, table: Any) -> None:
    answer = api.get(f"/artifacts/{table.id}")
    assert answer.json == {**to_document(table), "link": None}
    assert answer.json["location"] == {"zone": "derived", "key": table.location.key}
    assert "etag" in answer.headers


def test_a_link_is_given_on_request_and_may_not_be_kept(api: Client, table: Any) -> None:
    answer = api.get(f"/artifacts/{table.id}", link="true")
    assert answer.json["link"] == {
        "url": f"https://store.example/{table.location}?for=300",
        "valid_s": 300,
    }
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_local_folders_have_no_links(local: Client, table: Any) -> None:
    answer = local.get(f"/artifacts/{table.id}", link="true")
    assert (answer.status, answer.json["link"]) == (200, None)


def test_only_a_storage_with_links_is_one() -> None:
    assert isinstance(Links(), Linking)
    assert not isinstance(MemoryStorage(), Linking)


def test_a_run_is_told_whole(api: Client, catalog: SqliteCatalog) -> None:
    for record in catalog.runs(FIRST.id):
        assert api.get(f"/runs/{record.run}").json == to_document(record)


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("depth", [None, 1, 2])
def test_lineage_is_walked_as_the_command_line_walks_it(
    api: Client, catalog: SqliteCatalog, direction: Direction, depth: int | None
) -> None:
    scene = catalog.scenes(SceneQuery(), limit=1)[0].id
    upload = catalog.artifacts(FIRST.id, kind="upload")[0].id
    for start in (scene, upload):
        given: dict[str, Any] = {"direction": direction.value} | ({"depth": depth} if depth else {})
        told = api.get(f"/lineage/{start}", **given).json
        assert told == as_document(catalog.lineage(start, direction, depth=depth))
        assert told["root"] == start


def test_lineage_goes_up_unless_told(api: Client, catalog: SqliteCatalog) -> None:
    scene = catalog.scenes(SceneQuery(), limit=1)[0].id
    kinds = {node["kind"] for node in api.get(f"/lineage/{scene}").json["nodes"]}
    assert {"scene", "upload"} <= kinds


@pytest.mark.parametrize("params", [{"depth": 0}, {"depth": 101}, {"direction": "sideways"}])
def test_a_wrong_walk_is_refused(api: Client, params: dict[str, Any]) -> None:
    answer = api.get("/lineage/scn_0000000000000000", **params)
    assert (answer.status, answer.json["errors"][0]["parameter"]) == (422, next(iter(params)))


@pytest.mark.parametrize("path", ["artifacts/art_", "runs/run_", "lineage/scn_"])
def test_what_is_not_there_is_not_found(api: Client, path: str) -> None:
    answer = api.get(f"/{path}{'0' * 24}")
    assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_artifacts_are_found_by_kind_over_all_measurements(
    api: Client, catalog: SqliteCatalog, limit: int
) -> None:
    found = [
        one["id"] for page in api.walk("/artifacts", kind="stream", limit=limit) for one in page
    ]
    drives = [one.id for one in catalog.measurements()]
    assert found == [one.id for m in drives for one in catalog.artifacts(m, kind="stream")]
    assert len(found) == 4


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"measurement": FIRST.id}, 5),
        ({"measurement": FIRST.id, "kind": "scenes"}, 1),
        ({"vehicle": "car-2", "kind": "stream"}, 2),
        ({"vehicle": "car-9"}, 0),
        ({"measurement": FIRST.id, "vehicle": "car-2"}, 0),
        ({"kind": "stream", "start": str(T0_NS), "end": str(T0_NS + 1)}, 4),
        ({"kind": "stream", "end": str(T0_NS)}, 0),
        ({"kind": "stream", "start": "2026-11-08T17:00:00Z"}, 4),
        ({"kind": "upload", "start": "0"}, 0),
        ({"kind": "stream", "topic_class": "gnss"}, 0),
    ],
    ids=range(10),
)
def test_artifacts_are_found_by_what_is_known_of_them(
    api: Client, asked: dict[str, Any], number: int
) -> None:
    assert len(api.get("/artifacts", **asked).json["items"]) == number


def test_found_artifacts_have_links_on_request(api: Client) -> None:
    answer = api.get("/artifacts", kind="stream", link="true")
    assert answer.headers["cache-control"] == "no-store"
    for one in answer.json["items"]:
        at = f"{one['location']['zone']}/{one['location']['key']}"
        assert one["link"] == {"url": f"https://store.example/{at}?for=300", "valid_s": 300}


def test_a_page_ends_after_many_measurements_and_another_follows(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_search, "LOOKED_AT", 1)
    pages = list(api.walk("/artifacts", kind="stream"))
    assert sorted(len(page) for page in pages) == [0, 2, 2]


@pytest.mark.parametrize(
    "asked",
    [{"start": "yesterday"}, {"start": "2", "end": "1"}, {"start": "+1.5s"}, {"limit": "1001"},
     {"kind": ""}],
)  # fmt: skip
def test_a_wrong_question_for_artifacts_is_refused(api: Client, asked: dict[str, Any]) -> None:
    assert api.get("/artifacts", **asked).status == 422


@pytest.mark.parametrize("after", ["art_" + "0" * 24, "scn_" + "0" * 24])
def test_a_page_of_artifacts_after_what_is_not_there_is_not_found(api: Client, after: str) -> None:
    assert api.get("/artifacts", kind="stream", after=after).status == 404


def test_a_page_after_an_artifact_of_another_kind_is_not_found(api: Client, table: Any) -> None:
    assert api.get("/artifacts", kind="scenes", after=table.id).status == 404

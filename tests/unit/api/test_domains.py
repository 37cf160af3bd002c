"""Whoever may see some vehicles finds nothing of others: no row, count, lineage or link."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.access import Role
from avdataops.api.entra import vehicles_of
from avdataops.model.artifact import Artifact
from avdataops.model.location import Location, Zone
from avdataops.ports.catalog import CatalogReader, Direction, SceneQuery, Taken
from avdataops.ports.curation import Curation
from avdataops.settings import ApiSettings
from avdataops.testing.facts import record, sha256_of, task
from avdataops.wiring.confined import ConfinedCatalog, Vehicles
from avdataops.wiring.confined_desk import ConfinedDesk
from avdataops.wiring.datasets import Wanted, freeze
from tests.unit.api.door_kit import (
    EMPTY,
    FIRST,
    SECOND,
    Client,
    Links,
    OneToken,
    app_over,
    filled_catalog,
)

MAP = Artifact(
    id="art_" + "a" * 24, kind="reference", measurement=None, name="map.osm",
    location=Location(Zone.RAW, "reference/map.osm"), bytes=1, sha256=sha256_of("map"),
)  # fmt: skip
SECRET = Artifact(
    id="art_" + "b" * 24, kind="label_delivery", measurement=None, name="car-2 labels.json",
    location=Location(Zone.LABELED, "deliveries/car-2.json"), bytes=1, sha256=sha256_of("labels"),
    attributes={"measurement": SECOND.id},
)  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Iterator[SqliteCatalog]:
    """Return a catalog in which both vehicles used one map, and each has a dataset."""
    with filled_catalog() as catalog:
        catalog.reference([MAP, SECRET])
        for drive, more in ((FIRST, MAP), (SECOND, MAP), (SECOND, SECRET)):
            used = (*catalog.artifacts(drive.id, kind="stream"), more)
            done = record(task("enrich", drive.id, used), [("context", "context")])
            catalog.commit([Taken(done)])
        for name, query in (("hidden", SceneQuery(vehicle="car-2")), ("both", SceneQuery())):
            freeze(catalog, catalog, Wanted(name=name, by="boss", query=query, text="x"))
        yield catalog


def client(catalog: SqliteCatalog, loop: asyncio.Runner, *vehicles: str) -> Client:
    who = OneToken(Role.OPERATOR, subject="partner", vehicles=vehicles)
    return Client(app_over(catalog, who=who, links=Links()), loop)


@pytest.fixture
def partner(shared: SqliteCatalog, loop: asyncio.Runner) -> Client:
    return client(shared, loop, "car-1")


def ids_of(catalog: SqliteCatalog, measurement: str) -> dict[str, list[str]]:
    artifacts = catalog.artifacts(measurement)
    return {
        "measurement": [measurement],
        "artifact": [one.id for one in artifacts],
        "run": [one.run for one in catalog.runs(measurement)],
        "scene": [one.id for one in catalog.scenes(SceneQuery(measurement=measurement), limit=0)],
        "recording": [one.id for one in catalog.recordings(measurement)],
    }


def addresses(kind: str, fact: str) -> list[str]:
    """Return where a fact can be asked for."""
    under = {
        "measurement": ["", "/recordings", "/streams", "/artifacts", "/runs", "/labels"],
        "artifact": ["", "?link=true"],
        "run": [""],
        "scene": ["", "/reviews"],
        "recording": [],
        "dataset": ["", "/scenes", "/artifacts", "/verify", "/diff?to=cuts"],
    }[kind]
    walks = [] if kind in {"measurement", "dataset"} else [f"/lineage/{fact}"]
    return [f"/{kind}s/{fact}{part}" for part in under] + walks


def test_what_lies_outside_is_not_found_in_the_words_for_what_never_was(
    shared: SqliteCatalog, partner: Client
) -> None:
    outside = ids_of(shared, SECOND.id) | {
        "dataset": ["hidden", "both", shared.dataset("hidden").id]
    }
    outside["artifact"].append(SECRET.id)
    asked = 0
    for kind, facts in outside.items():
        for fact in facts:
            never = re.sub("[0-9a-z]{2}$", "00", fact)
            for address in addresses(kind, fact):
                answer = partner.get(address)
                twin = partner.get(address.replace(fact, never))
                assert answer.status == twin.status == 404, address
                told = [
                    {name: value for name, value in one.json.items() if name != "request_id"}
                    for one in (answer, twin)
                ]
                assert str(told[0]).replace(fact, never) == str(told[1]), address
                asked += 1
    assert asked > 40


def test_what_lies_inside_is_there(shared: SqliteCatalog, partner: Client) -> None:
    for kind, facts in (ids_of(shared, FIRST.id) | {"dataset": ["cuts"]}).items():
        for fact in facts:
            for address in addresses(kind, fact):
                assert partner.get(address).status == 200, address


def test_no_list_count_or_walk_tells_of_other_vehicles(
    shared: SqliteCatalog, partner: Client
) -> None:
    hidden = {one for facts in ids_of(shared, SECOND.id).values() for one in facts}
    hidden |= {SECRET.id, SECRET.name, "car-2", "hidden", "both", shared.dataset("hidden").id}
    inside = [address for kind, facts in ids_of(shared, FIRST.id).items() for fact in facts
              for address in addresses(kind, fact)]  # fmt: skip
    asked = [
        "/measurements", "/measurements?state=pending", "/measurements?vehicle=car-2",
        "/scenes?limit=1000", "/scenes?vehicle=car-2", "/scenes?type=hard_brake",
        f"/scenes?measurement={FIRST.id}", "/scenes/count", "/scenes/count?by=vehicle",
        "/scenes/count?by=measurement", "/artifacts?kind=stream&link=true", "/artifacts",
        "/datasets", "/datasets/cuts/scenes", "/queries", f"/lineage/{MAP.id}?direction=down",
        f"/artifacts/{MAP.id}?link=true", *inside,
        *(f"{one}?direction=down" for one in inside if one.startswith("/lineage/")),
    ]  # fmt: skip
    for address in asked:
        answer = partner.get(address)
        assert answer.status == 200, (address, answer.body)
        assert [one for one in hidden if one in answer.body.decode()] == [], address


def test_the_shared_map_leads_to_the_own_drive_alone(
    shared: SqliteCatalog, partner: Client
) -> None:
    told = partner.get(f"/lineage/{MAP.id}", direction="down").json
    whole = shared.lineage(MAP.id, Direction.DOWN)
    assert len(told["nodes"]) < len(whole.nodes)
    known = {node["id"] for node in told["nodes"]}
    assert all({edge["from"], edge["to"]} <= known for edge in told["edges"])
    assert {node["measurement"] for node in told["nodes"] if "measurement" in node} == {FIRST.id}


def test_counts_are_those_of_the_own_vehicles(partner: Client) -> None:
    assert partner.get("/scenes/count").json["items"] == [
        {"type": "cut_in", "scenes": 12}, {"type": "rain", "scenes": 1},
    ]  # fmt: skip
    listed = [one["measurement"] for page in partner.walk("/measurements", limit=1) for one in page]
    assert listed == sorted([FIRST.id, EMPTY.id])


def test_other_scenes_are_not_reviewed_and_not_frozen(
    loop: asyncio.Runner,
) -> None:
    with filled_catalog() as mine:
        partner = client(mine, loop, "car-1")
        scene = mine.scenes(SceneQuery(vehicle="car-2"))[0].id
        answer = partner.send("POST", f"/scenes/{scene}/reviews", {"verdict": "accepted"})
        assert (answer.status, mine.reviews(scene)) == (404, [])
        made = partner.send("POST", "/datasets", {"name": "all", "question": {}})
        assert (made.status, mine.dataset("all").vehicles) == (201, ("car-1",))
        none = {"name": "none", "question": {"vehicle": "car-2"}}
        assert partner.send("POST", "/datasets", none).status == 422
        freeze(mine, mine, Wanted(name="z", by="x", query=SceneQuery(vehicle="car-2"), text="x"))
        taken = partner.send("POST", "/datasets", {"name": "z", "question": {}})
        assert (taken.status, "ds_" in taken.body.decode()) == (409, False)


def test_saved_queries_are_those_of_the_owner(loop: asyncio.Runner) -> None:
    with filled_catalog() as mine:
        partner = client(mine, loop, "car-1")
        new = {"If-None-Match": "*"}
        assert partner.get("/queries/wet").status == 404
        made = partner.send("PUT", "/queries/own", {"text": "rain"}, headers=new)
        assert made.status == 201
        assert [one["name"] for one in partner.get("/queries").json["items"]] == ["own"]
        tag = {"If-Match": '"x"'}
        changed = partner.send("PUT", "/queries/wet", {"text": "fog"}, headers={"If-Match": "*"})
        assert (changed.status, mine.saved_query("wet").version) == (412, 1)
        assert partner.send("DELETE", "/queries/wet", b"", headers=tag).status == 404


@pytest.mark.parametrize(
    ("vehicles", "found"),
    [((), 0), (("car-*",), 3), (("*",), 3), (("car-2", "car-9"), 1), (("ar-1",), 0), (("car",), 0)],
)
def test_patterns_are_whole_names_or_beginnings(
    shared: SqliteCatalog, loop: asyncio.Runner, vehicles: tuple[str, ...], found: int
) -> None:
    asked = client(shared, loop, *vehicles)
    assert len(asked.get("/measurements").json["items"]) == found
    scenes = {one["vehicle"] for one in asked.get("/scenes").json["items"]}
    assert scenes == {one for one in ("car-1", "car-2") if Vehicles(vehicles).has(one)}


@given(st.text("ab", max_size=3), st.text("ab*", max_size=3))
def test_a_pattern_says_of_vehicles_what_its_question_says_of_scenes(
    vehicle: str, pattern: str
) -> None:
    expected = vehicle.startswith(pattern[:-1]) if pattern.endswith("*") else vehicle == pattern
    assert Vehicles((pattern,)).has(vehicle) is expected


def test_no_question_of_the_ports_is_left_unguarded() -> None:
    def methods(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert methods(CatalogReader) <= methods(ConfinedCatalog)
    assert methods(Curation) <= methods(ConfinedDesk)


DOMAINS = {"Domain.One": ("car-1", "proto-*"), "Domain.Two": ("car-2",)}


@pytest.mark.parametrize(
    ("claims", "vehicles"),
    [
        ({"roles": ["reader"]}, ()),
        ({"roles": ["reader", "Domain.One"]}, ("car-1", "proto-*")),
        ({"roles": ["reader", "Domain.One", "Domain.Two"]}, ("car-1", "car-2", "proto-*")),
        ({"roles": ["reader", "Domain.Three"]}, ()),
        ({"scp": "reader Domain.Two"}, ("car-2",)),
        ({"roles": ["reader", "Domain.One"], "scp": "reader"}, ()),
        ({"roles": ["reader", "Domain.One"], "scp": "reader Domain.Two"}, ()),
        ({"roles": ["reader", "Domain.One"], "scp": "reader Domain.One"}, ("car-1", "proto-*")),
        ({"roles": ["admin"]}, None),
        ({"roles": ["admin"], "scp": "reader"}, ()),
        ({"roles": "Domain.One"}, ()),
        ({"roles": [["Domain.One"], 7, None]}, ()),
        ({}, ()),
    ],
    ids=range(13),
)
def test_a_token_opens_the_domains_that_it_names(claims: Any, vehicles: Any) -> None:
    assert vehicles_of(claims, DOMAINS) == vehicles


def test_without_domains_every_role_sees_all() -> None:
    assert vehicles_of({"roles": ["reader"]}, {}) is None


@pytest.mark.parametrize(
    "wrong",
    [{"Domain One": ["x"]}, {"": ["x"]}, {"D": []}, {"D": ["a*b"]}, {"D": [""]}, {"D": ["**"]},
     {"D": ["../x"]}, {"D": "x"}],
    ids=range(8),
)  # fmt: skip
def test_domains_that_cannot_be_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="domains"):
        ApiSettings.model_validate({"domains": wrong})


def test_domains_are_set() -> None:
    given = ApiSettings.model_validate({"domains": {"D": ["fleet 1-*", "*"]}})
    assert given.domains == {"D": ("fleet 1-*", "*")}

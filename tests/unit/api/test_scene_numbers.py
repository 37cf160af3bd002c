"""Queries and numbers about scenes over HTTP."""

from typing import Any

import pyarrow as pa
import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.artifact import Artifact
from avdataops.ports.catalog import Taken
from avdataops.ports.judged import Tile
from avdataops.tables.kinds import kind
from avdataops.testing.catalog_store import extracted, register
from avdataops.testing.facts import T0_NS, record, task, uploaded
from tests.unit.api.door_kit import FIRST, Client, app_over

S = 1_000_000_000
DRIVE = uploaded("driven")


def tables(artifact: Artifact) -> pa.Table:
    """Return 100 s at 36 km/h; cut-ins were judged in its first half."""
    if artifact.kind == "context":
        ticks = [{"t_ns": T0_NS + n * S, "ego_speed_mps": 10.0} for n in range(101)]
        return pa.Table.from_pylist(ticks, schema=kind("context").schema)
    half = T0_NS + 50 * S
    tiles = (Tile(T0_NS, half, known=True), Tile(half, T0_NS + 100 * S, known=False))
    rows = [
        {
            "t_ns": tile.start_ns,
            "t_end_ns": tile.end_ns,
            "type": "cut_in",
            "detector": "cut_in",
            "detector_version": 1,
            "known": tile.known,
            "reason": None if tile.known else "no objects",
        }
        for tile in tiles
    ]
    return pa.Table.from_pylist(rows, schema=kind("scene_coverage").schema)


@pytest.fixture(scope="module")
def driven(loop: Any) -> Any:
    with SqliteCatalog(":memory:") as catalog:
        register(catalog, DRIVE)
        streams = extracted(DRIVE)
        made = [("context", "context"), ("scene_coverage", "scene_coverage")]
        spec = task("detect_scenes", DRIVE.id, streams.made)
        catalog.commit([Taken(streams), Taken(record(spec, made))])
        yield Client(app_over(catalog, read=tables), loop)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("cut_in", 12),
        ("cut_in & rain", 4),
        ("rain & cut_in", 1),
        ("cut_in & min_ttc < 2500 ms", 2),
        ("hard_brake | rain", 2),
        ("none", 0),
    ],
)
def test_scenes_are_found_by_a_query(api: Client, query: str, count: int) -> None:
    assert len(api.get("/scenes", q=query).json["items"]) == count
    counted = api.get("/scenes/count", q=query, by="measurement").json["items"]
    assert sum(one["scenes"] for one in counted) == count
    assert len(api.get("/scenes", q=query, type="cut_in").json["items"]) <= count


def test_pages_of_a_query_join(api: Client) -> None:
    found = [one["id"] for page in api.walk("/scenes", q="cut_in | rain", limit=5) for one in page]
    assert len(found) == len(set(found)) == 13


@pytest.mark.parametrize(
    ("path", "params", "told"),
    [
        ("/scenes", {"q": "cutin"}, "did you mean 'cut_in'"),
        ("/scenes", {"q": "cut_in &"}, "ends too early"),
        ("/scenes", {"q": "(" * 500}, "nested at most"),
        ("/scenes", {"q": "x" * 5_000}, "4000"),
        ("/scenes/facets", {"by": "colour"}, "not counted by"),
        ("/scenes/rate", {"q": "any"}, "which types"),
        ("/scenes/rate", {"q": "cut_in", "per": "3 apples"}, "no distance"),
        ("/scenes/why-not", {"measurement": FIRST.id, "at": "now", "type": "rain"}, "not a time"),
    ],
)
def test_what_is_wrong_is_a_problem(
    driven: Client, path: str, params: dict[str, Any], told: str
) -> None:
    answer = driven.get(path, **params)
    assert answer.status in {404, 400, 422}, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.body.decode() or answer.status == 404


def test_facets_count_by_several_groups(api: Client) -> None:
    facets = api.get("/scenes/facets", by=["type", "light"]).json["facets"]
    assert facets == {"type": {"cut_in": 12, "hard_brake": 1, "rain": 1}, "light": {"unknown": 14}}
    assert api.get("/scenes/facets", q="rain").json["facets"]["type"] == {"rain": 1}


def test_a_query_is_explained(api: Client) -> None:
    told = api.get("/scenes/explain", q="cut_in & rain").json
    assert told["normal_form"] == "type = cut_in & with (type = rain)"
    assert "USING INDEX scenes_by_type" in told["statements"][0]["plan"][0]


def test_rates_and_why_not_need_tables(local: Client) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/scenes/rate", {"q": "cut_in"}),
        ("/scenes/why-not", {"measurement": FIRST.id, "at": str(T0_NS), "type": "rain"}),
    ]
    for path, params in asked:
        assert local.get(path, **params).status == 500


def test_a_rate_tells_its_denominator(driven: Client) -> None:
    told = driven.get("/scenes/rate", q="cut_in", per="1km").json
    assert told["exposure_km"] == pytest.approx(1.0)
    assert told["judged_km"] == pytest.approx(0.5)
    assert told["coverage"] == pytest.approx(0.5)
    assert (told["scenes"], told["rate"], told["low"]) == (0, 0.0, 0.0)
    assert told["high"] == pytest.approx(3.689 / 0.5, rel=1e-3)
    other = driven.get("/scenes/rate", q="cut_in & rain", per="1h").json
    assert (other["rate"], other["exposure_km"]) == (None, 0.0)
    assert other["unknown_km"] == pytest.approx(1.0)


def test_why_not_tells_what_is_known(driven: Client) -> None:
    def verdict(at: int, kind_of: str) -> tuple[str, str]:
        params: dict[str, Any] = {
            "measurement": DRIVE.id,
            "at": str(T0_NS + at * S),
            "type": kind_of,
        }
        told = driven.get("/scenes/why-not", **params).json
        return told["verdict"], told["reason"]

    assert verdict(60, "cut_in") == ("unknown", "unknown, because no objects")
    assert verdict(10, "rain")[0] == "not_searched"
    assert verdict(500, "cut_in")[0] == "not_searched"

"""Scenes over HTTP."""

from typing import Any

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.ports.catalog import SceneQuery
from avdataops.testing.facts import T0_NS
from avdataops.wiring.descriptions import scene_row
from tests.unit.api.door_kit import FIRST, SECOND, Client


def found(api: Client, **params: Any) -> list[dict[str, Any]]:
    return [one for page in api.walk("/scenes", **params) for one in page]


@pytest.mark.parametrize("limit", [1, 3, 7, 14, 15, 1000])
def test_pages_of_any_length_give_each_scene_once_in_order(
    api: Client, catalog: SqliteCatalog, limit: int
) -> None:
    every = [scene_row(one) for one in catalog.scenes(SceneQuery(), limit=0)]
    assert len(every) == 14
    assert found(api, limit=limit) == every


def test_a_scene_has_the_fields_of_the_command_line(api: Client) -> None:
    (row,) = found(api, type="hard_brake")
    assert {
        "id", "type", "measurement", "vehicle", "t_start_ns", "t_end_ns", "detector",
        "detector_version", "confidence", "evidence",
    } <= set(row)  # fmt: skip
    assert (row["t_start_ns"], row["duration_s"]) == (T0_NS, 5.0)


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({}, 14),
        ({"type": "rain"}, 1),
        ({"type": ["rain", "hard_brake"]}, 2),
        ({"measurement": SECOND.id}, 1),
        ({"vehicle": "car-1"}, 13),
        ({"vehicle": "car-9"}, 0),
        ({"type": "cut_in", "where": "min_ttc_s < 3"}, 2),
        ({"where": ["min_ttc_s >= 3", "min_ttc_s<=4", "n != 3"]}, 1),
        ({"where": "detector = 'rain'"}, 1),
        ({"where": "no_such_evidence > 1"}, 0),
        ({"type": "cut_in", "during": "rain"}, 4),
        ({"type": "cut_in", "during": ["rain", "cut_in"]}, 4),
        ({"start": str(T0_NS + 14 * 10**9)}, 2),
        ({"end": str(T0_NS)}, 0),
        ({"end": str(T0_NS + 1)}, 3),
        ({"near": "56.1,10.2,500"}, 0),
    ],
)
def test_each_filter_filters_on_every_page(api: Client, params: dict[str, Any], count: int) -> None:
    assert len(found(api, limit=2, **params)) == count
    counts = api.get("/scenes/count", **params).json
    assert sum(one["scenes"] for one in counts["items"]) == count


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("type", [("cut_in", 12), ("hard_brake", 1), ("rain", 1)]),
        ("measurement", sorted([(FIRST.id, 13), (SECOND.id, 1)])),
        ("vehicle", [("car-1", 13), ("car-2", 1)]),
    ],
)
def test_scenes_are_counted_by_what_is_asked(
    api: Client, by: str, rows: list[tuple[str, int]]
) -> None:
    assert api.get("/scenes/count", by=by).json == {
        "by": by,
        "items": [{by: name, "scenes": number} for name, number in rows],
    }


def test_one_scene_is_told_as_in_the_list(api: Client) -> None:
    (row,) = found(api, type="rain")
    assert api.get(f"/scenes/{row['id']}").json == row


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"type": "cutin"}, "did you mean 'cut_in'?"),
        ({"during": "ran"}, "did you mean 'rain'?"),
        ({"where": "min_ttc_s"}, "is not a comparison"),
        ({"where": "'; DROP TABLE scenes; --"}, "is not a comparison"),
        ({"where": "X = 1"}, "is not a comparison"),
        ({"near": "here"}, "is not LAT,LON,RADIUS_M"),
        ({"near": "91,0,5"}, "is no place"),
        ({"near": "nan,0,5"}, "is no place"),
        ({"near": "1,2,-5"}, "is not a distance"),
        ({"start": "yesterday"}, "is not a time"),
        ({"start": "+5s"}, "none was named"),
        ({"start": "9", "end": "8"}, "before it starts"),
        ({"measurement": "m_1"}, "measurement: String should match"),
        ({"limit": 0}, "limit: "),
        ({"limit": 1001}, "less than or equal to 1000"),
        ({"limit": "many"}, "limit: "),
        ({"after": "'; --"}, "after: "),
        ({"type": [f"t{n}" for n in range(51)]}, "at most 50"),
        ({"where": "a" * 201}, "at most 200"),
        ({"vehicle": ""}, "at least 1"),
    ],
)
def test_a_wrong_question_is_told_why(api: Client, params: dict[str, Any], told: str) -> None:
    answer = api.get("/scenes", **params)
    assert (answer.status, answer.json["code"]) == (422, "input")
    assert told in answer.json["detail"]


def test_a_wrong_grouping_is_told_the_near_miss(api: Client) -> None:
    answer = api.get("/scenes/count", by="vehicl")
    assert answer.status == 422
    assert "did you mean 'vehicle'?" in answer.json["detail"]


@pytest.mark.parametrize(
    "params", [{"after": "scn_0000000000000000"}, {"measurement": "m_000000000000000000000000"}]
)
def test_what_is_not_there_is_not_found(api: Client, params: dict[str, Any]) -> None:
    assert api.get("/scenes", **params).status == 404
    assert api.get("/scenes/scn_0000000000000000").status == 404

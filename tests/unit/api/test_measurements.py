"""Measurements over HTTP."""

import json

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.documents import to_document
from avdataops.wiring.descriptions import describe, measurement_row, run_row, stream_row
from tests.unit.api.door_kit import EMPTY, FIRST, SECOND, Client

ALL = sorted([FIRST.id, SECOND.id, EMPTY.id])


def listed(api: Client, **params: object) -> list[str]:
    return [one["measurement"] for page in api.walk("/measurements", **params) for one in page]


def test_all_measurements_are_listed_by_id(api: Client) -> None:
    assert listed(api) == ALL


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_of_any_length_give_each_measurement_once(api: Client, limit: int) -> None:
    pages = list(api.walk("/measurements", limit=limit))
    assert [one["measurement"] for page in pages for one in page] == ALL
    assert [len(page) for page in pages] == [limit] * (3 // limit) + [3 % limit] * (3 % limit > 0)


def test_a_filter_stays_on_every_page(api: Client) -> None:
    assert listed(api, vehicle="car-1", limit=1) == sorted([FIRST.id, EMPTY.id])
    assert listed(api, state="pending", vehicle="car-2") == [SECOND.id]
    assert listed(api, state="complete") == []


def test_a_measurement_after_which_there_is_none_ends_the_list(api: Client) -> None:
    assert api.get("/measurements", after="m_ffffffffffffffffffffffff").json == {
        "items": [],
        "next": None,
    }


def test_a_row_is_what_the_command_line_prints(api: Client, catalog: SqliteCatalog) -> None:
    (row,) = api.get("/measurements", vehicle="car-2").json["items"]
    assert row == measurement_row(catalog.measurement(SECOND.id))
    assert list(row) == ["measurement", "vehicle", "state", "start_ns", "stop_ns", "reason"]


def test_one_measurement_is_told_as_the_command_line_tells_it(
    api: Client, catalog: SqliteCatalog
) -> None:
    told = api.get(f"/measurements/{FIRST.id}").json
    assert told == json.loads(json.dumps(describe(catalog, catalog.measurement(FIRST.id))))
    assert {"measurement", "vehicle", "state", "reason", "recordings", "streams"} <= set(told)
    assert [one["name"] for one in told["streams"]] == ["/gnss", "/imu"]


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_recordings_come_by_name_each_once(api: Client, catalog: SqliteCatalog, limit: int) -> None:
    path = f"/measurements/{FIRST.id}/recordings"
    found = [one for page in api.walk(path, limit=limit) for one in page]
    assert found == [to_document(one) for one in catalog.recordings(FIRST.id)]
    assert [one["name"] for one in found] == ["a.mcap", "b.mf4"]


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_streams_come_by_name_each_once(api: Client, catalog: SqliteCatalog, limit: int) -> None:
    found = [x for page in api.walk(f"/measurements/{FIRST.id}/streams", limit=limit) for x in page]
    assert found == [stream_row(one) for one in catalog.artifacts(FIRST.id, kind="stream")]
    assert found[0]["location"].startswith("derived/stream/")


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_artifacts_come_each_once_with_their_locations(
    api: Client, catalog: SqliteCatalog, limit: int
) -> None:
    path = f"/measurements/{FIRST.id}/artifacts"
    found = [one for page in api.walk(path, limit=limit) for one in page]
    assert found == [to_document(one) for one in catalog.artifacts(FIRST.id)]
    assert len(found) == 5
    assert set(found[0]["location"]) == {"zone", "key"}


def test_artifacts_are_chosen_by_kind(api: Client) -> None:
    path = f"/measurements/{FIRST.id}/artifacts"
    assert [one["kind"] for one in api.get(path, kind="scenes").json["items"]] == ["scenes"]
    assert api.get(path, kind="no such kind").json["items"] == []


@pytest.mark.parametrize("limit", [1, 2])
def test_runs_come_each_once_by_start(api: Client, catalog: SqliteCatalog, limit: int) -> None:
    found = [x for page in api.walk(f"/measurements/{FIRST.id}/runs", limit=limit) for x in page]
    assert found == [run_row(one) for one in catalog.runs(FIRST.id)]
    assert {one["step"] for one in found} == {"extract", "detect_scenes"}


def test_runs_are_chosen_by_step(api: Client) -> None:
    (row,) = api.get(f"/measurements/{FIRST.id}/runs", step="extract").json["items"]
    assert row["step"] == "extract"
    assert len(row["made"]) == 2


@pytest.mark.parametrize("part", ["", "/recordings", "/streams", "/artifacts", "/runs"])
def test_an_unknown_measurement_is_not_found_with_the_near_miss(api: Client, part: str) -> None:
    wrong = f"{FIRST.id[:-1]}{'0' if FIRST.id[-1] != '0' else '1'}"
    answer = api.get(f"/measurements/{wrong}{part}")
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert FIRST.id in answer.json["detail"]


@pytest.mark.parametrize("part", ["recordings", "streams", "artifacts", "runs"])
def test_a_page_after_what_is_not_there_is_not_found(api: Client, part: str) -> None:
    answer = api.get(f"/measurements/{FIRST.id}/{part}", after="art_0000000000000000")
    assert answer.status == 404
    assert "art_0000000000000000" in answer.json["detail"]

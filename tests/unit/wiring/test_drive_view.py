"""What a page tells of one drive, and of a fleet."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from avdataops.model.errors import NotFound
from avdataops.model.measurement import Measurement, Reason, State
from avdataops.model.time import NS_PER_S
from avdataops.wiring.drive_view import MAX_ROWS, DriveView
from avdataops.wiring.fleet_view import MAX_DRIVES, Remembered, fleet
from tests.unit.wiring.viewed import MEASUREMENT, Shelf


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def view(shelf: Shelf) -> DriveView:
    catalog: Any = shelf
    return DriveView(catalog, shelf.storage)


def coverage(*rows: tuple[str, float, bool, str | None]) -> pa.Table:
    return pa.table(
        {
            "t_ns": [0] * len(rows),
            "t_end_ns": [round(length * NS_PER_S) for _, length, *_ in rows],
            "type": [kind for kind, *_ in rows],
            "known": [known for *_, known, _ in rows],
            "reason": pa.array([reason for *_, reason in rows], pa.string()),
        }
    )


def context(*rows: tuple[float, str | None, bool | None, str | None]) -> pa.Table:
    return pa.table(
        {
            "t_ns": [round(t * NS_PER_S) for t, *_ in rows],
            "light": pa.array([light for _, light, *_ in rows], pa.string()),
            "rain": pa.array([rain for _, _, rain, _ in rows], pa.bool_()),
            "road_class": pa.array([road for *_, road in rows], pa.string()),
        }
    )


def test_gaps_are_told_by_stream_without_those_that_have_none(shelf: Shelf) -> None:
    rows = {"t_ns": [1, 5, 7], "stream": ["/b", "/a", "/b"], "gap_stop_ns": [2, None, 9]}
    shelf.put("gaps", pa.table(rows))
    assert view(shelf).gaps(MEASUREMENT) == {"/b": [(1, 2), (7, 9)]}


def test_coverage_sums_what_could_be_told_and_why_not(shelf: Shelf) -> None:
    shelf.put(
        "scene_coverage",
        coverage(("b", 5, True, None), ("b", 2, False, "no lanes"), ("b", 1, False, None),
                 ("a", 8, True, None)),
    )  # fmt: skip
    assert view(shelf).coverage(MEASUREMENT) == [
        {"type": "a", "known_s": 8.0, "unknown_s": 0.0, "reasons": {}},
        {
            "type": "b",
            "known_s": 5.0,
            "unknown_s": 3.0,
            "reasons": {"no lanes": 2.0, "unknown": 1.0},
        },
    ]


def test_surroundings_of_a_long_drive_are_thinned(shelf: Shelf) -> None:
    shelf.put(
        "context",
        pa.table({"t_ns": range(2 * MAX_ROWS + 1), "light": ["day"] * (2 * MAX_ROWS + 1)}),
    )
    found = view(shelf).surroundings(MEASUREMENT)
    assert len(found) <= MAX_ROWS
    assert found[1]["t_ns"] == 3


def test_before_the_sync_there_is_no_picture_and_no_table(shelf: Shelf) -> None:
    found = view(shelf)
    assert found.clocks(MEASUREMENT) == []
    assert found.gaps(MEASUREMENT) == {}
    assert found.surroundings(MEASUREMENT) == []
    assert found.coverage(MEASUREMENT) == []
    with pytest.raises(NotFound, match="is not synced yet") as caught:
        found.clocks_picture(MEASUREMENT)
    assert caught.value.hint == f"avdataops run {MEASUREMENT} --to sync"


ONE = Measurement(id=MEASUREMENT, vehicle="v", state=State.COMPLETE, created_ns=0)


class Drives(Shelf):
    """A shelf that knows which drives there are."""

    def measurements(self, *, limit: int = 100) -> list[Measurement]:
        return [ONE] * min(self.count, limit)

    count = 1


def test_a_fleet_is_summed_over_its_drives() -> None:
    drives: Any = Drives()
    drives.put("scene_coverage", coverage(("a", 6, True, None), ("a", 2, False, "no lanes")))
    rows = [(0, "day", False, "primary"), (1, "day", True, "primary"), (2, "night", None, None)]
    drives.put("context", context(*rows))
    drives.count = 2
    found = fleet(drives, drives.storage, Remembered())
    (judged,) = found.judged
    assert (judged.known_s, judged.unknown_s, judged.share) == (12.0, 4.0, 0.75)
    assert judged.reason == "no lanes"
    assert found.driven_s == {
        "light": {"day": 4.0, "night": 2.0},
        "weather": {"dry": 2.0, "rain": 2.0, "unknown": 2.0},
        "road": {"primary": 4.0, "unknown": 2.0},
    }
    assert (found.drives, found.states, found.is_part) == (2, {"complete": 2}, False)


def test_a_row_stands_for_no_more_than_usual_where_rows_are_missing() -> None:
    drives: Any = Drives()
    rows = [(t, "day", False, "x") for t in (0, 1, 2, 3, 1000, 1001)]
    drives.put("context", context(*rows))
    found = fleet(drives, drives.storage, Remembered())
    assert found.driven_s["light"] == {"day": 6.0}


def test_a_drive_is_summed_once() -> None:
    drives: Any = Drives()
    artifact = drives.put("scene_coverage", coverage(("a", 6, True, None)))
    remembered = Remembered()
    first = fleet(drives, drives.storage, remembered)
    drives.storage.delete(artifact.location)
    assert fleet(drives, drives.storage, remembered).judged == first.judged


def test_a_large_fleet_is_told_in_part() -> None:
    drives: Any = Drives()
    drives.count = MAX_DRIVES + 5
    found = fleet(drives, None, Remembered())
    assert (found.drives, found.is_part, found.judged, found.driven_s) == (MAX_DRIVES, True, [], {})


def test_quarantined_drives_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rejected = replace(ONE, state=State.QUARANTINED, reason=Reason(code="x", message="m", fix="f"))
    drives: Any = Drives()
    monkeypatch.setattr(
        drives, "measurements", lambda limit: [ONE, rejected][:limit], raising=False
    )
    assert fleet(drives, None, Remembered()).quarantined == [rejected]

"""Drives of the grid as detectors see them, and detectors tallied over them."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Found
from benchmarks.accuracy.scenes import Tallies, by_condition, events_of, run, scenes_of
from benchmarks.accuracy.scoring import Tally
from benchmarks.accuracy.synced import detectors_view, to_ns, to_s
from sample_data.grid import SCENARIOS, START_NS, GridDrive, TrueEvent, grid_drive

BY_NAME = {one.name: one for one in SCENARIOS}


@pytest.fixture(scope="module")
def cut_in() -> GridDrive:
    return grid_drive(BY_NAME["cut-in"], 1, 0)


def test_times_go_there_and_back() -> None:
    assert to_ns(np.array([0.0, 1.5])).tolist() == [START_NS, START_NS + 1_500_000_000]
    assert to_s(START_NS + NS_PER_S // 4) == 0.25


def test_detectors_see_every_column_and_row(cut_in: GridDrive) -> None:
    seen = detectors_view(cut_in)
    assert set(seen.ego.columns) == set(cut_in.ego)
    assert seen.ego.t_ns.size == cut_in.ego_t_s.size
    np.testing.assert_array_equal(seen.ego.columns["ego_speed_mps"], cut_in.ego["ego_speed_mps"])
    assert seen.objects is not None
    assert seen.objects.t_ns.size == cut_in.objects.t_s.size
    assert seen.context is not None
    assert seen.context.t_ns.size == cut_in.context_t_s.size
    assert seen.start_ns >= START_NS
    assert set(seen.classes) == set(cut_in.stamps_s)
    assert seen.periods_ns["/imu/data"] == pytest.approx(NS_PER_S / 100, rel=0.01)


def test_silence_of_a_stream_is_a_gap_of_the_drive() -> None:
    drive = grid_drive(BY_NAME["silent receiver"], 1, 0)
    ((start_s, stop_s),) = drive.silent_s
    seen = detectors_view(drive)
    longest = max(seen.gaps["/gnss/fix"], key=lambda gap: gap[1] - gap[0])
    assert [to_s(one) for one in longest] == pytest.approx([start_s, stop_s], abs=0.2)


def test_an_empty_road_is_a_list_without_rows() -> None:
    seen = detectors_view(grid_drive(BY_NAME["hard brake"], 1, 0))
    bare = grid_drive(BY_NAME["brake jolt"], 1, 0)
    assert seen.objects is not None
    assert bare.objects.t_s.size == 0
    empty = detectors_view(bare).objects
    assert empty is not None
    assert empty.t_ns.size == 0


def with_events(drive: GridDrive, *events: TrueEvent) -> GridDrive:
    return replace(drive, events=events, silent_s=((20.0, 22.0),))


def test_an_actor_is_known_by_all_its_ids(cut_in: GridDrive) -> None:
    given = with_events(cut_in, TrueEvent("cut_in", 10.0, 12.0, "cutter"))
    (one,) = events_of(given, "cut_in")
    assert one.actors == frozenset(
        track for track, name in cut_in.objects.actors.items() if name == "cutter"
    )


def test_a_stream_is_known_by_its_name_and_is_not_cut_by_its_own_silence(
    cut_in: GridDrive,
) -> None:
    given = with_events(cut_in, TrueEvent("sensor_dropout", 20.0, 22.0, "/imu/data"))
    (one,) = events_of(given, "sensor_dropout")
    assert (one.actors, one.cut, one.onset_known) == (frozenset(["/imu/data"]), False, True)


@pytest.mark.parametrize(
    ("start_s", "stop_s", "cut", "onset_known"),
    [
        (10.0, 12.0, False, True),
        (19.0, 21.0, True, False),
        (0.0, 5.0, True, False),
        (50.0, 60.0, True, True),
    ],
)
def test_what_silence_and_the_ends_of_a_drive_cut(
    cut_in: GridDrive, start_s: float, stop_s: float, cut: bool, onset_known: bool
) -> None:
    (one,) = events_of(with_events(cut_in, TrueEvent("rain", start_s, stop_s)), "rain")
    assert (one.actors, one.cut, one.onset_known) == (None, cut, onset_known)


def test_scenes_of_one_type_in_seconds() -> None:
    found = tuple(
        Found(
            type=kind,
            start_ns=START_NS + NS_PER_S,
            stop_ns=START_NS + 2 * NS_PER_S,
            confidence=1.0,
            evidence={},
            actor="7",
        )
        for kind in ("cut_in", "rain")
    )
    (one,) = scenes_of(Detection(found), "rain")
    assert (one.start_s, one.stop_s, one.actor, one.truncated) == (1.0, 2.0, "7", False)


def test_detectors_are_tallied_by_type_over_all_drives(cut_in: GridDrive) -> None:
    brake = grid_drive(BY_NAME["hard brake"], 1, 0)
    tallies = run((cut_in, brake), ("hard_brake", "cut_in"))
    ordinary = by_condition(tallies)[""]
    assert set(ordinary) == {"hard_brake", "cut_in"}
    assert [one.hits for one in ordinary["hard_brake"]] == [0, 1]
    assert [one.hits for one in ordinary["cut_in"]] == [1, 0]
    assert tallies.events["hard_brake"] == tallies.events["cut_in"] == 1
    assert tallies.mistakes == []
    assert all(0 < one.known_s <= one.whole_s for one in ordinary["cut_in"])


def test_mistakes_name_drive_type_and_time(cut_in: GridDrive) -> None:
    moved = replace(cut_in, events=(TrueEvent("hard_brake", 40.0, 42.0),))
    tallies = run((moved,), ("hard_brake", "cut_in"))
    assert tallies.mistakes[0] == "cut-in 0: hard_brake at 40.0 s missed"
    assert tallies.mistakes[1].startswith("cut-in 0: cut_in at ")
    assert tallies.mistakes[1].endswith(" s is false")


def test_drives_that_lack_something_are_apart(cut_in: GridDrive) -> None:
    tallies = Tallies()
    tallies.add(cut_in, "cut_in", Tally(hits=1))
    blind = grid_drive(BY_NAME["unmarked lane change"], 1, 0)
    tallies.add(blind, "cut_in", Tally(missed=1))
    split = by_condition(tallies)
    assert {name: len(kinds["cut_in"]) for name, kinds in split.items()} == {
        "": 1,
        "no lane lines": 1,
    }

from itertools import pairwise

import numpy as np
import pytest

from sample_data.plan import TAIL_S, Beat, make_plan

ONCE_PER_LAP = (
    "turn_right",
    "lane_change_left",
    "other:cut_in",
    "hard_brake",
    "wait_at_light",
    "brake_for_pedestrian",
    "tunnel",
    "turn_left",
    "lane_change_right",
)


@pytest.mark.parametrize("seed", range(12))
def test_180_seconds_hold_every_manoeuvre_in_order(seed: int) -> None:
    plan = make_plan(seed, 180.0)
    starts = [plan.named(label)[0].start_s for label in ONCE_PER_LAP]
    assert starts == sorted(starts)


@pytest.mark.parametrize("duration_s", [20.0, 25.0, 37.5, 60.0, 100.0, 180.0, 400.0])
def test_nothing_is_planned_into_the_last_second(duration_s: float) -> None:
    plan = make_plan(7, duration_s)
    assert all(beat.end_s <= duration_s - TAIL_S for beat in plan.beats)


def test_a_shorter_drive_is_the_beginning_of_a_longer_one() -> None:
    short, long = make_plan(7, 90.0), make_plan(7, 180.0)
    assert set(short.beats) < set(long.beats)
    assert short.named("hard_brake") == long.named("hard_brake")


def test_a_group_is_planned_whole_or_not_at_all() -> None:
    for duration_s in np.arange(60.0, 100.0, 1.7).tolist():
        plan = make_plan(7, duration_s)
        assert len(plan.named("brake_for_light")) == len(plan.named("wait_at_light"))


def test_beats_of_ego_do_not_overlap() -> None:
    own = [b for b in make_plan(7, 600.0).beats if not b.label.startswith("other:")]
    for before, after in pairwise(own):
        assert after.start_s >= before.end_s - 1e-9


def test_laps_differ_by_their_draws() -> None:
    first, second, *_ = make_plan(7, 400.0).named("hard_brake")
    assert first.speed_mps != second.speed_mps


def test_only_the_first_lap_starts_from_rest() -> None:
    assert len(make_plan(7, 400.0).named("rest")) == 1


def test_seeds_differ() -> None:
    assert make_plan(1, 180.0).beats != make_plan(2, 180.0).beats


def test_a_beat_ends_after_its_duration() -> None:
    assert Beat("x", 2.0, 3.5).end_s == 5.5

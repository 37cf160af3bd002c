"""Which frames are worth a label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.arrays import Floats, Times
from avdataops.signals.keyframes import Chosen, Path, Policy, choose, path_at

S = 1_000_000_000
MANY = Policy(max_rate_hz=100.0)


def _t(count: int, rate_hz: float = 10.0) -> Times:
    return np.round(np.arange(count) / rate_hz * S).astype(np.int64)


def _path(t: Times, speed_mps: float = 0.0, rate_radps: float = 0.0) -> Path:
    seconds = t / S
    return Path(seconds * speed_mps, seconds * rate_radps, np.zeros(t.size))


def _reasons(chosen: Chosen) -> list[tuple[int, str]]:
    return [(frame.row, frame.reason) for frame in chosen.keyframes]


def _plain(t: Times, path: Path, policy: Policy = MANY) -> Chosen:
    return choose(t, path, [None] * t.size, policy)


def test_a_metre_makes_a_keyframe() -> None:
    t = _t(31)
    chosen = _plain(t, _path(t, speed_mps=2.5))
    assert _reasons(chosen)[:3] == [(0, "first"), (4, "distance"), (8, "distance")]
    assert chosen.keyframes[1].moved_m == pytest.approx(1.0)
    assert chosen.dropped == {"still": 31 - len(chosen.keyframes)}


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_turn_on_the_spot_makes_a_keyframe_either_way(sign: float) -> None:
    t = _t(11)
    chosen = _plain(t, _path(t, rate_radps=sign * 0.5))
    assert _reasons(chosen) == [(0, "first"), (4, "heading"), (8, "heading")]
    assert chosen.keyframes[1].turned_rad == pytest.approx(sign * 0.2)


def test_at_a_standstill_the_heart_beats_every_ten_seconds() -> None:
    t = _t(301)
    chosen = _plain(t, _path(t))
    beats = [(row, "heartbeat") for row in (100, 200, 300)]
    assert _reasons(chosen) == [(0, "first"), *beats]


def test_no_more_than_two_a_second_however_fast_the_car() -> None:
    t = _t(101)
    chosen = _plain(t, _path(t, speed_mps=30.0), Policy())
    rows = [frame.row for frame in chosen.keyframes]
    assert rows == list(range(0, 101, 5))
    assert chosen.dropped == {"rate": 80}


def test_near_duplicates_are_passed_over_but_not_by_the_heartbeat() -> None:
    t = _t(111)
    same: list[int | None] = [0b111111] * t.size
    same[50] = ~0
    chosen = choose(t, _path(t, speed_mps=20.0), same, MANY)
    assert _reasons(chosen)[:3] == [(0, "first"), (50, "distance"), (51, "distance")]
    assert chosen.dropped["near_duplicate"] == 49 + 59
    still = choose(t, _path(t), [7] * t.size, MANY)
    assert _reasons(still) == [(0, "first"), (100, "heartbeat")]


@pytest.mark.parametrize(("bits", "kept"), [(-1, 11), (5, 11), (6, 1), (64, 1)])
def test_the_limit_of_near_duplicates_counts_bits(bits: int, kept: int) -> None:
    t = _t(11)
    hashes: list[int | None] = [0 if row % 2 else 0b111111 for row in range(11)]
    policy = Policy(max_rate_hz=100.0, near_duplicate_bits=bits)
    chosen = choose(t, _path(t, speed_mps=20.0), hashes, policy)
    assert len(chosen.keyframes) == kept


def test_unknown_motion_counts_as_motion() -> None:
    t = _t(21)
    still = _path(t)
    lost = Path(still.way_m, still.heading_rad, np.clip(t / S - 1.0, 0.0, 0.5))
    chosen = _plain(t, lost, Policy())
    reasons = _reasons(chosen)
    assert reasons[0] == (0, "first")
    assert all(reason == "motion_unknown" for _, reason in reasons[1:])
    assert chosen.keyframes[1].moved_m is None
    assert len(reasons) > 1


def test_nothing_of_nothing() -> None:
    t = _t(0)
    assert _plain(t, _path(t)) == Chosen((), {})


def test_the_way_is_the_integral_of_the_speed_and_the_heading_that_of_the_rate() -> None:
    ego = _t(501, 50.0)
    speed, rate = ego / S * 2.0, np.full(ego.size, -0.1)
    at = _t(11, 1.0)
    path = path_at(ego, speed, rate, at)
    assert np.allclose(path.way_m, (at / S) ** 2, atol=1e-6)
    assert np.allclose(path.heading_rad, -0.1 * at / S)
    assert np.allclose(path.unknown_s, 0.0)


def test_driving_backwards_is_a_way_too() -> None:
    ego = _t(501, 50.0)
    path = path_at(ego, np.full(ego.size, -2.0), np.zeros(ego.size), _t(2, 0.1))
    assert path.way_m[-1] == pytest.approx(20.0)


def test_time_without_speed_is_unknown_and_so_is_time_outside() -> None:
    ego = _t(501, 50.0) + 2 * S
    speed = np.full(ego.size, 5.0)
    speed[100:200] = np.nan
    at: Times = np.array([0, 2, 4, 6, 12, 15], dtype=np.int64) * S
    path = path_at(ego, speed, np.zeros(ego.size), at)
    gained = np.diff(path.unknown_s)
    assert np.allclose(gained, [2.0, 0.02, 2.0, 0.0, 3.0], atol=0.03)


def test_a_gap_in_the_ego_is_unknown() -> None:
    ego = np.concatenate((_t(50, 50.0), _t(50, 50.0) + 5 * S))
    speed: Floats = np.full(100, 5.0)
    path = path_at(ego, speed, np.zeros(100), np.array([0, 5 * S], dtype=np.int64))
    assert path.unknown_s[1] == pytest.approx(5.0 - 0.98)
    nothing = path_at(ego[:0], speed[:0], speed[:0], np.array([0, 5 * S], dtype=np.int64))
    assert nothing.unknown_s.tolist() == [0.0, 5.0]


@given(
    steps=st.lists(st.integers(1, 2 * S), max_size=60),
    speed=st.floats(0, 40),
    seed=st.integers(0, 99),
)
def test_every_frame_is_kept_or_passed_over_with_a_reason(
    steps: list[int], speed: float, seed: int
) -> None:
    t = np.cumsum(np.array([0, *steps], dtype=np.int64))
    hashes: list[int | None] = [
        int(one) for one in np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, t.size)
    ]
    chosen = choose(t, _path(t, speed), hashes, Policy())
    assert len(chosen.keyframes) + sum(chosen.dropped.values()) == t.size
    kept = t[[frame.row for frame in chosen.keyframes]]
    assert np.all(np.diff(kept) >= 0.45 * S)

"""Which source a canonical signal comes from, and the ego table."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.ego import Offer, choose, ego_table, measured
from avdataops.tables.signals import Match, signal, signals


def _offer(
    values: list[float], *, name: str = "ego_speed_mps", rank: int = 0, stream: str = "s"
) -> Offer:
    one = signal(name)
    match = Match(
        signal=one,
        rank=rank,
        candidate=one.candidates[rank],
        stream=stream,
        columns={"value": "v"},
        where=None,
        scales={"value": 1.0},
    )
    return Offer(match, np.array(values))


NAN = float("nan")


def test_the_preferred_rule_wins_over_the_wider_source() -> None:
    best = choose([_offer([1, 1, 1, 1], rank=1), _offer([2, 2, NAN, NAN], rank=0)])
    assert best is not None
    assert best.match.rank == 0


def test_a_preferred_source_with_less_than_half_is_passed_over() -> None:
    best = choose([_offer([1, 1, 1, 1], rank=1), _offer([2, NAN, NAN, NAN], rank=0)])
    assert best is not None
    assert best.match.rank == 1


def test_of_one_rule_the_wider_source_wins_then_the_name() -> None:
    wide = choose([_offer([1, 1, NAN], stream="a"), _offer([1, 1, 1], stream="b")])
    assert wide is not None
    assert wide.match.stream == "b"
    named = choose([_offer([1, 1], stream="b"), _offer([2, 2], stream="a")])
    assert named is not None
    assert named.match.stream == "a"


def test_sources_without_a_value_are_no_sources() -> None:
    assert choose([]) is None
    assert choose([_offer([NAN, NAN])]) is None


@given(st.permutations(range(5)))
def test_the_choice_does_not_depend_on_the_order(order: list[int]) -> None:
    offers = [
        _offer([1, 1, 1, 1], rank=2, stream="a"),
        _offer([1, 1, 1, NAN], rank=1, stream="b"),
        _offer([1, 1, 1, NAN], rank=1, stream="c"),
        _offer([1, NAN, NAN, NAN], rank=0, stream="d"),
        _offer([1, 1, NAN, NAN], rank=1, stream="e"),
    ]
    best = choose(offers[place] for place in order)
    assert best is offers[1]


def test_the_table_has_all_signals_and_says_where_they_are_from() -> None:
    ticks = np.array([0, 20, 40])
    table = ego_table(ticks, [_offer([1.0, NAN, 3.0], stream="CAN1.X")])
    assert table.column_names == ["t_ns", *signals()]
    assert table["ego_speed_mps"].to_pylist() == [1.0, None, 3.0]
    metadata = table.schema.field("ego_speed_mps").metadata
    assert metadata == {b"unit": b"m/s", b"method": b"linear", b"source": b"CAN1.X.v"}
    assert table["yaw_rate_radps"].to_pylist() == [None, None, None]
    assert b"source" not in table.schema.field("yaw_rate_radps").metadata


def test_words_come_out_as_text() -> None:
    offer = _offer([0.0, NAN, 3.0], name="gear")
    table = ego_table(np.array([0, 20, 40]), [offer])
    assert table.schema.field("gear").type == pa.string()
    words = list(signal("gear").words)
    assert table["gear"].to_pylist() == [words[0], None, words[3]]


def test_a_table_without_ticks_has_its_columns() -> None:
    table = ego_table(np.empty(0, dtype=np.int64), [])
    assert table.num_rows == 0
    assert table.column_names == ["t_ns", *signals()]


@pytest.mark.parametrize("name", ["gear", "heading_rad"])
def test_a_signal_without_a_source_is_null_throughout(name: str) -> None:
    table = ego_table(np.array([0, 20]), [])
    assert table[name].null_count == 2


def _inertial(values: list[float]) -> Offer:
    one = signal("yaw_rate_radps")
    rank = next(n for n, c in enumerate(one.candidates) if c.reading == "level_rate")
    match = Match(
        signal=one,
        rank=rank,
        candidate=one.candidates[rank],
        stream="imu",
        columns={"x": "wx"},
        where=None,
        scales={"x": 1.0},
    )
    return Offer(match, np.array(values))


def test_what_a_gyroscope_says_of_a_standing_car_is_taken_off_everywhere() -> None:
    speed = _offer([0.0, 0.05, 0.0, 9.0, 9.0, NAN])
    table = ego_table(np.arange(6), [speed, _inertial([0.01, 0.01, 0.03, 0.11, NAN, 0.01])])
    rate = table["yaw_rate_radps"].to_numpy(zero_copy_only=False)
    assert rate == pytest.approx([0.0, 0.0, 0.02, 0.10, NAN, 0.0], nan_ok=True)
    assert table.field("yaw_rate_radps").metadata[b"bias_removed"] == b"0.010000"


@pytest.mark.parametrize("speeds", [[9.0, 9.0, 9.0], [NAN, NAN, NAN]])
def test_a_car_that_never_stands_tells_no_bias(speeds: list[float]) -> None:
    table = ego_table(np.arange(3), [_offer(speeds), _inertial([0.01, 0.01, 0.01])])
    assert table["yaw_rate_radps"].to_pylist() == [0.01, 0.01, 0.01]
    assert b"bias_removed" not in table.field("yaw_rate_radps").metadata


TICKS = np.arange(0, 60_000_000_000, 20_000_000, dtype=np.int64)
MOVING = [10.0] * TICKS.size


def test_a_yaw_rate_that_nobody_fills_is_no_measurement() -> None:
    speed, unfilled = _offer(MOVING), _offer([0.0] * TICKS.size, name="yaw_rate_radps")
    assert measured([speed, unfilled], TICKS) == ([speed], [unfilled])


@pytest.mark.parametrize("name", ["yaw_rate_radps", "accel_x_mps2", "accel_y_mps2"])
def test_one_other_value_makes_it_a_measurement(name: str) -> None:
    values = [0.0] * TICKS.size
    values[1234] = 1e-6
    speed, told = _offer(MOVING), _offer(values, name=name)
    assert measured([speed, told], TICKS) == ([speed, told], [])
    assert measured([speed, _offer([0.0] * TICKS.size, name=name)], TICKS)[1] != []


def test_a_constant_speed_and_constant_texts_are_measurements() -> None:
    speed, gear = _offer(MOVING), _offer([4.0] * TICKS.size, name="gear")
    assert measured([speed, gear], TICKS) == ([speed, gear], [])


@pytest.mark.parametrize(
    "speeds",
    [
        [0.0] * TICKS.size,
        [0.0] * (TICKS.size - 1000) + [10.0] * 1000,
        [NAN] * TICKS.size,
    ],
    ids=["standing", "twenty_seconds_of_driving", "unknown"],
)
def test_a_constant_rate_of_a_car_that_hardly_drove_stays(speeds: list[float]) -> None:
    speed, still = _offer(speeds), _offer([0.0] * TICKS.size, name="yaw_rate_radps")
    assert measured([speed, still], TICKS) == ([speed, still], [])
    assert measured([still], TICKS) == ([still], [])
    assert measured([], TICKS[:0]) == ([], [])

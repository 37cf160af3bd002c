"""One-way clocks in pieces, against exact truth."""

import numpy as np
import pytest

from avdataops.model.errors import InputError
from avdataops.signals.clock_pieces import Piece, on_receiver, piecewise_clock, steps_of
from avdataops.signals.clock_steps import unwrap_counter
from avdataops.signals.clocks import Refusal
from sample_data.grid.clocks import DELAYS, one_way

MS = 1_000_000
S = 1_000_000_000
T0 = 1_760_000_000 * S


def _pieces(t_sensor: np.ndarray, t_receive: np.ndarray) -> tuple[Piece, ...]:
    found = piecewise_clock(t_sensor, t_receive)
    assert not isinstance(found, Refusal), found.message
    return found


def _late(seed: int, count: int, mean_ms: float = 3.0) -> np.ndarray:
    return (np.random.default_rng(seed).exponential(mean_ms, count) * MS).astype(np.int64)


def _ms(difference: np.ndarray) -> np.ndarray:
    return np.asarray(difference / MS)


@pytest.mark.parametrize("delay", DELAYS)
def test_times_are_right_within_0_2_ms_at_10_hz_over_300_s(delay: str) -> None:
    for seed in range(5):
        case = one_way(seed, delay, rate_hz=10.0, duration_s=300.0)
        pieces = _pieces(case.t_sensor, case.t_receive)
        assert len(pieces) == 1
        error = _ms(on_receiver(pieces, case.t_sensor, case.t_receive) - case.t_true)
        assert np.abs(error).max() <= 0.2


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("step_ms", [-50.0, 50.0])
def test_a_step_of_50_ms_is_found_within_1_s_and_both_sides_are_right(
    delay: str, step_ms: float
) -> None:
    for seed in range(5):
        case = one_way(seed, delay, rate_hz=10.0, duration_s=300.0, step_ms=step_ms)
        pieces = _pieces(case.t_sensor, case.t_receive)
        ((at_ns, size_ns),) = steps_of(pieces)
        assert abs(at_ns - case.steps_at[0]) <= S
        assert size_ns is not None
        assert size_ns / MS == pytest.approx(step_ms, abs=0.5)
        error = _ms(on_receiver(pieces, case.t_sensor, case.t_receive) - case.t_true)
        settled = np.abs(case.t_true - case.steps_at[0]) > S
        assert np.abs(error[settled]).max() <= 0.2


def test_a_sensor_that_restarts_at_zero_is_right_before_and_after() -> None:
    true = T0 + np.arange(3000, dtype=np.int64) * 100 * MS
    sensor = true - T0
    sensor[1700:] -= sensor[1700]
    receive = true + _late(1, true.size)
    pieces = _pieces(sensor, receive)
    assert [piece.segment for piece in pieces] == [0, 1]
    assert np.abs(_ms(on_receiver(pieces, sensor, receive) - true)).max() < 0.1
    ((at_ns, size_ns),) = steps_of(pieces)
    assert size_ns is not None
    assert at_ns == receive[1700]
    assert size_ns / S == pytest.approx(-170.0, abs=1e-3)


def test_a_counter_of_32_bits_of_microseconds_that_wraps_has_one_line() -> None:
    true = T0 + np.arange(2000, dtype=np.int64) * 100 * MS
    counts = ((true - T0) // 1000 + 2**32 - 900_000_000 // 10) % 2**32
    receive = true + _late(2, true.size)
    pieces = _pieces(unwrap_counter(counts, tick_ns=1000), receive)
    assert len(pieces) == 1
    mapped = on_receiver(pieces, unwrap_counter(counts, tick_ns=1000), receive)
    assert np.abs(_ms(mapped - true)).max() < 0.1


def test_a_clock_that_warms_up_is_followed_by_lines_that_meet() -> None:
    true = T0 + np.arange(36_000, dtype=np.int64) * 100 * MS
    since_s = (true - T0) / S
    # From +12 ppm to +2 ppm over an hour: one straight line would be 4.5 ms off.
    sensor = true + ((12e-6 * since_s - 5e-6 * since_s**2 / 3600) * S).astype(np.int64)
    receive = true + _late(3, true.size)
    pieces = _pieces(sensor, receive)
    assert len(pieces) == 6
    assert {piece.segment for piece in pieces} == {0}
    assert steps_of(pieces) == ()
    mapped = on_receiver(pieces, sensor, receive)
    assert np.abs(_ms(mapped - true)).max() < 0.2
    ends = np.array([piece.start_ns for piece in pieces[1:]])
    for end, old, new in zip(ends, pieces, pieces[1:], strict=False):
        at = np.array([end])
        joint = on_receiver((old,), at, at + S) - on_receiver((new,), at, at + S)
        assert abs(int(joint[0])) < 1000


def test_pieces_cover_the_record_without_overlap() -> None:
    case = one_way(4, "gamma", rate_hz=10.0, duration_s=2000.0, step_ms=80.0)
    pieces = _pieces(case.t_sensor, case.t_receive)
    assert pieces[0].start_ns == case.t_receive.min()
    assert pieces[-1].stop_ns == case.t_receive.max() + 1
    assert [p.stop_ns for p in pieces[:-1]] == [p.start_ns for p in pieces[1:]]


def test_rows_may_come_in_any_order() -> None:
    case = one_way(5, "gamma", rate_hz=10.0, duration_s=300.0, step_ms=80.0)
    order = np.random.default_rng(6).permutation(case.t_sensor.size)
    assert piecewise_clock(case.t_sensor[order], case.t_receive[order]) == piecewise_clock(
        case.t_sensor, case.t_receive
    )


def test_no_message_is_put_later_than_it_came() -> None:
    case = one_way(7, "exponential", rate_hz=10.0, duration_s=1500.0, step_ms=-70.0)
    pieces = _pieces(case.t_sensor, case.t_receive)
    assert (on_receiver(pieces, case.t_sensor, case.t_receive) <= case.t_receive).all()


def test_a_segment_too_short_for_a_line_keeps_its_receive_times() -> None:
    true = T0 + np.arange(1000, dtype=np.int64) * 100 * MS
    sensor = true.copy()
    sensor[500] += 3600 * S
    receive = true + _late(8, true.size)
    pieces = _pieces(sensor, receive)
    assert [piece.model is None for piece in pieces] == [False, True, False]
    assert pieces[1].refused is not None
    assert pieces[1].refused.reason == "too_few_samples"
    mapped = on_receiver(pieces, sensor, receive)
    assert mapped[500] == receive[500]
    assert np.abs(_ms(np.delete(mapped - true, 500))).max() < 0.2
    assert [size for _, size in steps_of(pieces)] == [None, None]


def test_fewer_than_50_rows_are_refused() -> None:
    t = T0 + np.arange(49, dtype=np.int64) * 100 * MS
    found = piecewise_clock(t, t + MS)
    assert isinstance(found, Refusal)
    assert found.reason == "too_few_samples"
    assert isinstance(piecewise_clock(t[:0], t[:0]), Refusal)


@pytest.mark.parametrize(
    ("ppm", "refused"), [(-250, True), (-150, False), (150, False), (250, True)]
)
def test_a_skew_beyond_200_ppm_is_refused(ppm: int, refused: bool) -> None:
    true = T0 + np.arange(3000, dtype=np.int64) * 100 * MS
    sensor = true + ((true - T0) * (ppm * 1e-6)).astype(np.int64)
    found = piecewise_clock(sensor, true + _late(9, true.size))
    assert isinstance(found, Refusal) == refused
    if isinstance(found, Refusal):
        assert found.reason == "skew_too_large"


def test_delays_without_a_floor_are_refused() -> None:
    true = T0 + np.arange(6000, dtype=np.int64) * 100 * MS
    levels = np.repeat(np.random.default_rng(10).uniform(0, 5000, 60), 100)
    found = piecewise_clock(true, true + (levels * MS).astype(np.int64))
    assert isinstance(found, Refusal)
    assert found.reason == "no_least_delay"


def test_lengths_must_match() -> None:
    t = T0 + np.arange(60, dtype=np.int64)
    with pytest.raises(InputError, match="60 sensor times, but 59 receive times"):
        piecewise_clock(t, t[:59])
    with pytest.raises(InputError, match="60 sensor times, but 59 receive times"):
        on_receiver((), t, t[:59])


def test_without_pieces_times_stay_the_receive_times() -> None:
    t = T0 + np.arange(5, dtype=np.int64)
    np.testing.assert_array_equal(on_receiver((), t - S, t), t)


def test_residuals_are_the_queueing_above_the_line() -> None:
    true = T0 + np.arange(3000, dtype=np.int64) * 100 * MS
    late = _late(11, true.size, mean_ms=4.0)
    (piece,) = _pieces(true, true + late)
    assert piece.model is not None
    assert piece.model.residual_p50_ms == pytest.approx(
        float(np.percentile(late, 50)) / MS, abs=0.1
    )
    assert piece.model.residual_p95_ms == pytest.approx(
        float(np.percentile(late, 95)) / MS, abs=0.1
    )

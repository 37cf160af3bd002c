"""What the stamps in messages are worth."""

import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.errors import ConfigError
from avdataops.signals.stamps import (
    MAX_DELAY_NS,
    StampKind,
    Stamps,
    at_message_times,
    judge_stamps,
    stamps_in,
    to_middle_ns,
)

MS = 1_000_000
S = 1_000_000_000
T0 = 1_760_000_000 * S
COUNT = 3000


def _true() -> np.ndarray:
    return T0 + np.arange(COUNT, dtype=np.int64) * 100 * MS


def _late(mean_ms: float = 3.0, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 3 * MS + (rng.exponential(mean_ms, COUNT) * MS).astype(np.int64)


def test_stamps_of_the_recorders_clock_are_the_time_of_the_message() -> None:
    true = _true()
    receive = true + _late()
    found = judge_stamps(true, receive)
    assert found.kind is StampKind.COMMON
    np.testing.assert_array_equal(found.on_recorder(true, receive), true)


def test_stamps_of_another_clock_go_through_the_model() -> None:
    true = _true()
    receive = true + _late()
    sensor = true - 7 * S + ((true - T0) * 30e-6).astype(np.int64)
    found = judge_stamps(sensor, receive)
    assert found.kind is StampKind.OWN
    # The 3 ms that every message takes cannot be seen from one side.
    error = found.on_recorder(sensor, receive) - (true + 3 * MS)
    assert np.abs(error).max() < 0.2 * MS


def test_a_clock_that_is_ahead_of_the_recorder_is_another_one() -> None:
    true = _true()
    assert judge_stamps(true + 40 * MS, true + _late()).kind is StampKind.OWN


def test_a_clock_that_drifts_by_30_ppm_is_another_one() -> None:
    true = _true()
    sensor = true - ((true - T0) * 30e-6).astype(np.int64)
    assert judge_stamps(sensor, true + _late()).kind is StampKind.OWN


def test_a_stamp_that_steps_is_of_another_clock_even_if_small() -> None:
    true = _true()
    sensor = true.copy()
    sensor[1500:] -= 50 * MS
    found = judge_stamps(sensor, true + _late())
    assert found.kind is StampKind.OWN
    assert [piece.segment for piece in found.pieces] == [0, 1]


@pytest.mark.parametrize("delay_ns", [0, 20_000, 5 * MS])
def test_a_delay_that_hardly_varies_is_a_stamp_put_on_at_arrival(delay_ns: int) -> None:
    receive = _true()
    jitter = np.random.default_rng(2).integers(0, 20_000, COUNT)
    found = judge_stamps(receive - delay_ns - jitter, receive)
    assert found.kind is StampKind.SOFTWARE
    np.testing.assert_array_equal(found.on_recorder(receive - delay_ns, receive), receive)


def test_zeros_are_no_stamps() -> None:
    receive = _true()
    found = judge_stamps(np.zeros(COUNT, dtype=np.int64), receive)
    assert found == Stamps(StampKind.NONE)
    some = receive - _late()
    some[: COUNT // 10] = 0
    assert judge_stamps(some, receive).kind is StampKind.NONE


def test_without_messages_there_are_no_stamps() -> None:
    empty = np.empty(0, dtype=np.int64)
    assert judge_stamps(empty, empty) == Stamps(StampKind.NONE)


def test_what_no_line_fits_keeps_its_arrival_and_says_why() -> None:
    receive = _true()[:40]
    stamp = receive - _late()[:40]
    found = judge_stamps(stamp, receive)
    assert found.kind is StampKind.NONE
    assert found.refused is not None
    assert found.refused.startswith("too_few_samples (")
    np.testing.assert_array_equal(found.on_recorder(stamp, receive), receive)


def test_a_stray_stamp_of_a_common_clock_is_replaced_by_its_arrival() -> None:
    true = _true()
    receive = true + _late()
    stamp = true.copy()
    stamp[[10, 20, 30]] = [0, receive[20] + 1, receive[30] - MAX_DELAY_NS - 1]
    at = Stamps(StampKind.COMMON).on_recorder(stamp, receive)
    np.testing.assert_array_equal(at[[10, 20, 30]], receive[[10, 20, 30]])
    np.testing.assert_array_equal(np.delete(at, [10, 20, 30]), np.delete(true, [10, 20, 30]))


def _table(stamps: list[int | None] | None) -> pa.Table:
    columns: dict[str, pa.Array] = {"t_ns": pa.array([T0 + 100, T0 + 200]), "x": pa.array([1, 2])}
    if stamps is not None:
        columns["header_stamp_ns"] = pa.array(stamps, pa.int64())
    return pa.table(columns)


def test_a_table_without_stamps_stays_as_it_is() -> None:
    table = _table(None)
    assert stamps_in(table) is None
    assert at_message_times(table, Stamps(StampKind.COMMON)) is table
    stamped = _table([T0, T0 + 150])
    assert at_message_times(stamped, None) is stamped


def test_a_stamp_in_words_is_none() -> None:
    table = pa.table({"t_ns": pa.array([1]), "header_stamp_ns": pa.array(["noon"])})
    assert stamps_in(table) is None


def test_rows_move_to_their_stamps_and_keep_all_else() -> None:
    moved = at_message_times(_table([T0 + 90, None]), Stamps(StampKind.COMMON))
    assert moved["t_ns"].to_pylist() == [T0 + 90, T0 + 200]
    assert moved["x"].to_pylist() == [1, 2]
    assert moved["header_stamp_ns"].to_pylist() == [T0 + 90, None]


@pytest.mark.parametrize(("reference", "ms"), [("start", 50), ("mid", 0), ("end", -50)])
def test_the_middle_of_a_sweep_is_half_of_it_away(reference: str, ms: int) -> None:
    assert to_middle_ns(reference, 100.0) == ms * MS


def test_no_other_reference_and_no_negative_time_is_taken() -> None:
    with pytest.raises(ConfigError, match="did you mean 'start'"):
        to_middle_ns("strat", 100.0)
    with pytest.raises(ConfigError, match="at least 0 ms"):
        to_middle_ns("start", -1.0)

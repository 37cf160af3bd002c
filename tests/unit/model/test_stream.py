"""Streams know their rate, accounts know whether rows are missing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.stream import Account, Stream
from avdataops.model.time import NS_PER_S


def _stream(rows: int | None, start_ns: int | None, stop_ns: int | None) -> Stream:
    return Stream(name="a", topic="a", type="t", rows=rows, start_ns=start_ns, stop_ns=stop_ns)


@pytest.mark.parametrize(
    ("rows", "start_ns", "stop_ns", "expected"),
    [
        (2, 0, NS_PER_S + 1, 1.0),
        (101, 0, NS_PER_S + 1, 100.0),
        (11, 5, 5 + 10 * NS_PER_S + 1, 1.0),
        (None, 0, 10, None),
        (0, 0, 10, None),
        (1, 0, 1, None),
        (2, 0, 1, None),
        (2, None, 10, None),
        (2, 0, None, None),
        (2, 10, 0, None),
    ],
)
def test_the_mean_rate(
    rows: int | None, start_ns: int | None, stop_ns: int | None, expected: float | None
) -> None:
    assert _stream(rows, start_ns, stop_ns).rate_hz == expected


@given(st.integers(2, 10_000), st.floats(0.01, 5_000), st.integers(-(2**60), 2**60))
def test_evenly_spaced_messages_have_their_rate(rows: int, rate_hz: float, start_ns: int) -> None:
    period_ns = max(1, round(NS_PER_S / rate_hz))
    stop_ns = start_ns + (rows - 1) * period_ns + 1
    rate = _stream(rows, start_ns, stop_ns).rate_hz
    assert rate is not None
    assert math.isclose(rate, NS_PER_S / period_ns, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("rows_in", "rows_out", "dropped", "balanced"),
    [
        (10, 10, {}, True),
        (10, 7, {"late": 2, "bad_crc": 1}, True),
        (10, 9, {}, False),
        (10, 9, {"late": 2}, False),
        (0, 0, {}, True),
        (None, 5, {"late": 1}, True),
    ],
)
def test_no_row_is_missing_without_a_reason(
    rows_in: int | None, rows_out: int, dropped: dict[str, int], balanced: bool
) -> None:
    account = Account(stream="a", rows_in=rows_in, rows_out=rows_out, dropped=dropped)
    assert account.balanced is balanced

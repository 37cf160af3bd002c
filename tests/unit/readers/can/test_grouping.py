"""Rows of equal codes are found in their order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.readers.can.grouping import group_codes


@settings(deadline=None)
@given(st.lists(st.integers(-3, 5) | st.just(2**40), max_size=60))
def test_rows_are_grouped_by_code_and_keep_their_order(codes: list[int]) -> None:
    grouped = group_codes(np.array(codes, np.int64))
    assert grouped.codes == sorted(set(codes))
    for code, rows in zip(grouped.codes, grouped.rows(), strict=True):
        assert rows.tolist() == [number for number, one in enumerate(codes) if one == code]


def test_more_codes_than_fit_a_small_number_are_grouped_too() -> None:
    codes = np.arange(70_000, dtype=np.int64)[::-1].copy()
    grouped = group_codes(codes)
    assert len(grouped.codes) == 70_000
    assert [rows.tolist() for rows in grouped.rows()][:2] == [[69_999], [69_998]]

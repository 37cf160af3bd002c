"""A recording that breaks off gives everything before the damage, and says so."""

import functools

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.model.stream import Problem
from avdataops.ports.files import BytesFile
from avdataops.testing.can_log_cases import can_log_cases
from avdataops.testing.reader_cases import mdf_cases
from avdataops.testing.reader_suite import Case, tables_of
from avdataops.testing.tdms_cases import tdms_cases

NAMES = [
    "mdf4-plain",
    "mdf4-deflate",
    "mdf4-transposed",
    "tdms-plain",
    "tdms-interleaved",
    "tdms-segments",
    "tdms-daqmx",
    "blf-deflated",
    "blf-split",
    "asc-hex",
    "asc-relative",
    "candump",
]
TOLD = {"truncated", "bad_line", "unfinalised", "damaged", "bad_object", "bad_chunk", "missing"}
Read = tuple[dict[str, pa.Table], int, tuple[Problem, ...]]


@functools.cache
def _cases() -> dict[str, Case]:
    return {case.name: case for case in [*mdf_cases(), *tdms_cases(), *can_log_cases()]}


@functools.cache
def _whole(name: str) -> dict[str, pa.Table]:
    case = _cases()[name]
    with case.open() as reader:
        return tables_of(reader.batches())


def _read(case: Case, data: bytes) -> Read:
    """Return rows, records that are accounted for without a row, and problems."""
    with case.open(BytesFile(case.name, data)) as reader:
        batches = list(reader.batches())
        dropped = sum(sum(batch.dropped.values()) for batch in batches)
        return tables_of(batches), dropped, reader.problems()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(share=st.floats(0, 1, exclude_max=True))
def test_every_row_before_the_cut_comes_out_and_the_cut_is_told(name: str, share: float) -> None:
    case, whole = _cases()[name], _whole(name)
    cut = max(int(share * len(case.data)), 1)
    try:
        tables, dropped, problems = _read(case, case.data[:cut])
    except InputError:
        return  # Its header is not whole.
    rows = 0
    for stream, table in tables.items():
        if stream not in whole:
            assert table.num_rows == 0
            continue
        _same(table, whole[stream].slice(0, table.num_rows), may_lack=name.startswith("tdms"))
        rows += table.num_rows
    if rows < sum(table.num_rows for table in whole.values()):
        told = [one for one in problems if one.code in TOLD]
        assert told or dropped or _is_border(name, case.data, cut), [one.code for one in problems]


def _same(got: pa.Table, wanted: pa.Table, *, may_lack: bool) -> None:
    """Hold rows against the whole; TDMS stores by channel, so the last rows may lack channels."""
    assert got.schema.equals(wanted.schema)
    for column in got.schema.names:
        for one, two in zip(got[column].to_pylist(), wanted[column].to_pylist(), strict=True):
            assert one == two or (may_lack and one is None and column != "t_ns"), column


def _is_border(name: str, data: bytes, cut: int) -> bool:
    """Say whether a file that ends here is whole: texts at any line, TDMS at any segment."""
    return name.startswith(("asc", "candump")) or data[cut : cut + 4] == b"TDSm"


@pytest.mark.parametrize("name", NAMES)
def test_later_cuts_give_no_fewer_rows(name: str) -> None:
    case = _cases()[name]
    counts = []
    for part in range(1, 33):
        try:
            tables, _, _ = _read(case, case.data[: len(case.data) * part // 32])
        except InputError:
            counts.append(0)
            continue
        counts.append(sum(table.num_rows for table in tables.values()))
    assert counts == sorted(counts)
    assert counts[-1] == sum(table.num_rows for table in _whole(name).values())
    assert len(set(counts)) > 1

"""Whatever bytes come, readers end in time with rows, problems or a typed error."""

import functools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.ports.files import BytesFile
from avdataops.readers import FORMATS, open_recording
from avdataops.testing.can_log_cases import can_log_cases
from avdataops.testing.reader_cases import mdf_cases, ros_cases
from avdataops.testing.reader_suite import Case

NAMES = [
    "mcap-zstd",
    "mcap-plain",
    "mcap-unchunked",
    "bag-none",
    "bag-lz4",
    "db3",
    "mdf4-plain",
    "blf-deflated",
    "blf-split",
    "asc-hex",
    "candump",
]
HEADS = [
    b"MDF     4.10    ",
    b"\x89MCAP0\r\n",
    b"#ROSBAG V2.0\n",
    b"SQLite format 3\x00",
    b"LOGG\x90\x00\x00\x00",
]


@functools.cache
def _cases() -> dict[str, Case]:
    return {case.name: case for case in [*ros_cases(), *mdf_cases(), *can_log_cases()]}


def _read(data: bytes) -> int:
    rows = 0
    try:
        with open_recording(BytesFile("damaged", data)) as reader:
            for batch in reader.batches():
                batch.rows.validate(full=True)
                assert all(count > 0 for count in batch.dropped.values())
                rows += batch.rows.num_rows
            assert all(problem.message for problem in reader.problems())
    except InputError:
        return rows
    return rows


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[float, bytes, int]]:
    """Draw places (as shares of the length), bytes to put there, and bytes to take away."""
    odd = st.sampled_from([b"\xff" * 8, bytes(8), b"\x7f", b"\x00", (2**31).to_bytes(8, "little")])
    one = st.tuples(st.floats(0, 0.999), st.one_of(st.binary(max_size=9), odd), st.integers(0, 12))
    return draw(st.lists(one, min_size=1, max_size=5))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=10_000, suppress_health_check=[HealthCheck.too_slow])
@given(changes=edits())
def test_edited_recordings_never_escape_the_error_tree(
    name: str, changes: list[tuple[float, bytes, int]]
) -> None:
    data = bytearray(_cases()[name].data)
    for share, new, gone in changes:
        at = int(share * len(data))
        data[at : at + gone] = new
    _read(bytes(data))


@pytest.mark.parametrize("head", HEADS)
@settings(max_examples=40, deadline=10_000)
@given(rest=st.binary(max_size=400))
def test_noise_behind_a_known_head_never_escapes_the_error_tree(head: bytes, rest: bytes) -> None:
    _read(head + rest)


@pytest.mark.parametrize("name", NAMES)
def test_every_eighth_cut_gives_at_most_the_rows_of_the_whole(name: str) -> None:
    data = _cases()[name].data
    whole = _read(data)
    rows = [_read(data[: len(data) * part // 8]) for part in range(8)]
    assert max(rows) <= whole
    assert rows[0] == 0


def test_the_four_main_formats_are_among_the_cases() -> None:
    tried = {case.format.name for case in _cases().values()}
    assert tried >= {"mdf4", "mcap", "bag", "db3"}
    assert tried <= {one.name for one in FORMATS}

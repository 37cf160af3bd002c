"""What every reader promises, as tests: subclass ``ReaderSuite`` and give it cases."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pytest

from avdataops.model.errors import MissingStream
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile, ReadableFile
from avdataops.ports.reading import Divisible, Format, Reader, Sidecars, StreamBatch

_LARGE = 100_000
"""Bytes of a recording whose rows are not gone through two by two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recording and what it holds."""

    name: str
    format: Format
    data: bytes
    expected: Mapping[str, pa.Table]
    """Rows of some or all streams; the metadata of fields does not count."""
    sidecars: Sidecars = field(default_factory=Sidecars)
    opens_with_share: float | None = None
    """Largest share of the bytes that opening may read; None for files too small to tell."""
    codes: frozenset[str] | None = None
    """Codes of all problems once everything was read; None if they do not matter."""

    def open(self, file: ReadableFile | None = None) -> Reader:
        """Open the recording afresh."""
        return self.format.open(file or BytesFile(self.name, self.data), self.sidecars)


class CountingFile:
    """A ReadableFile that adds up what was read."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self.bytes_read = 0

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._file.name

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._file.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Read and count."""
        data = self._file.read_at(offset, length)
        self.bytes_read += len(data)
        return data


def tables_of(batches: Iterable[StreamBatch]) -> dict[str, pa.Table]:
    """Return the rows of each stream as one table."""
    parts: dict[str, list[pa.RecordBatch]] = {}
    for batch in batches:
        parts.setdefault(batch.stream, []).append(batch.rows)
    return {name: pa.Table.from_batches(some).combine_chunks() for name, some in parts.items()}


def _times(case: Case) -> list[int]:
    with case.open() as reader:
        tables = tables_of(reader.batches())
    return sorted(t for table in tables.values() for t in table["t_ns"].to_pylist())


def _lost(batches: Iterable[StreamBatch]) -> Counter[tuple[str, str]]:
    """Return what was lost, but for what only the whole shows to be missing."""
    found: Counter[tuple[str, str]] = Counter()
    for batch in batches:
        for reason, count in batch.dropped.items():
            if reason != "missing":
                found[batch.stream, reason] += count
    return found


class ReaderSuite:
    """Tests that take one ``case``; the subclass has a fixture of that name."""

    def test_gives_the_expected_rows(self, case: Case) -> None:
        """Every expected stream has exactly its columns and values."""
        with case.open() as reader:
            got = tables_of(reader.batches())
        for name, expected in case.expected.items():
            plain = got[name].replace_schema_metadata()
            assert plain.schema.names == expected.schema.names
            assert plain.schema.equals(expected.schema, check_metadata=False)
            assert plain.to_pylist() == expected.to_pylist()

    def test_tells_the_expected_problems(self, case: Case) -> None:
        """What is wrong is told, and nothing else."""
        with case.open() as reader:
            list(reader.batches())
            if case.codes is not None:
                assert {problem.code for problem in reader.problems()} == case.codes

    def test_opening_reads_only_header_and_index(self, case: Case) -> None:
        """Opening touches a bounded share of the file."""
        file = CountingFile(BytesFile(case.name, case.data))
        with case.open(file) as reader:
            assert reader.streams
        if case.opens_with_share is not None:
            assert file.bytes_read <= case.opens_with_share * len(case.data)

    def test_any_batch_size_gives_the_same_rows(self, case: Case) -> None:
        """``max_rows`` bounds the batches and changes nothing else."""
        with case.open() as reader:
            whole = tables_of(reader.batches())
        for max_rows in (1, 3, 1000) if len(case.data) < _LARGE else (997,):
            with case.open() as reader:
                batches = list(reader.batches(max_rows=max_rows))
            assert max(batch.rows.num_rows for batch in batches) <= max_rows
            assert tables_of(batches) == whole

    def test_neighbouring_times_add_up(self, case: Case) -> None:
        """Rows of (a, b) and (b, c) are the rows of (a, c), with the same row numbers."""
        times = _times(case)
        if not times:
            return
        start, middle, stop = times[0], times[len(times) // 2], times[-1] + 1
        with case.open() as reader:
            both = tables_of(reader.batches(time=TimeRange(start, stop)))
            early = tables_of(reader.batches(time=TimeRange(start, middle)))
            late = tables_of(reader.batches(time=TimeRange(middle, stop)))
            whole = tables_of(reader.batches())
        assert both == whole
        assert both.keys() == early.keys() == late.keys()
        for name, table in both.items():
            assert pa.concat_tables([early[name], late[name]]).combine_chunks() == table

    @pytest.mark.parametrize("pieces", [2, 3, 8])
    def test_shares_behind_each_other_are_the_whole(self, case: Case, pieces: int) -> None:
        """Several workers together get the same rows, numbers and losses as one."""
        with case.open() as reader:
            whole = list(reader.batches())
            if not isinstance(reader, Divisible):
                return
        shares: list[StreamBatch] = []
        for piece in range(pieces):
            with case.open() as reader:
                assert isinstance(reader, Divisible)
                shares += reader.share(piece, pieces)
        assert tables_of(shares) == tables_of(whole)
        assert _lost(shares) == _lost(whole)

    def test_only_the_asked_streams_come(self, case: Case) -> None:
        """Each stream alone gives what it gives among all, with its children."""
        with case.open() as reader:
            whole = tables_of(reader.batches())
            for stream in reader.streams:
                got = tables_of(reader.batches([stream.name]))
                assert stream.name in got
                children = {one.name for one in reader.streams if one.parent in got}
                assert got.keys() == {stream.name} | children
                assert all(got[name] == whole[name] for name in got)

    def test_a_stream_without_rows_gives_one_empty_batch(self, case: Case) -> None:
        """Columns are known even where nothing was recorded."""
        with case.open() as reader:
            batches = list(reader.batches())
            names = [stream.name for stream in reader.streams]
        assert {batch.stream for batch in batches} == set(names)
        for name in names:
            sizes = [batch.rows.num_rows for batch in batches if batch.stream == name]
            assert sizes == [0] or 0 not in sizes

    def test_no_rows_follow_the_last_ones(self, case: Case) -> None:
        """A stream that said it has ended, has."""
        ended: set[str] = set()
        with case.open() as reader:
            for batch in reader.batches(max_rows=2 if len(case.data) < _LARGE else 997):
                assert batch.stream not in ended or not batch.rows.num_rows
                if batch.is_last:
                    ended.add(batch.stream)

    def test_counts_equal_the_index(self, case: Case) -> None:
        """Messages out and messages dropped are the messages that the index counts."""
        with case.open() as reader:
            batches = list(reader.batches())
            streams = {stream.name: stream for stream in reader.streams}
        for name, stream in streams.items():
            own = [batch for batch in batches if batch.stream == name]
            out = sum(batch.messages for batch in own)
            dropped = sum(sum(batch.dropped.values()) for batch in own)
            if stream.parent is not None:
                assert out == 0
                assert stream.rows is None
            elif stream.rows is not None:
                assert out + dropped == stream.rows

    def test_children_follow_their_parents(self, case: Case) -> None:
        """A parent is a stream that came before."""
        seen: set[str] = set()
        with case.open() as reader:
            for stream in reader.streams:
                assert stream.parent is None or stream.parent in seen
                assert stream.name not in seen
                seen.add(stream.name)

    def test_columns_stay_the_same(self, case: Case) -> None:
        """All batches of a stream have one schema that starts with ``t_ns``."""
        with case.open() as reader:
            batches = list(reader.batches(max_rows=2 if len(case.data) < _LARGE else 997))
        schemas: dict[str, pa.Schema] = {}
        for batch in batches:
            known = schemas.setdefault(batch.stream, batch.rows.schema)
            assert batch.rows.schema.equals(known, check_metadata=True)
            assert batch.rows.schema.field(0).equals(pa.field("t_ns", pa.int64(), nullable=False))
            batch.rows.validate(full=True)

    def test_times_are_inside_the_stated_span(self, case: Case) -> None:
        """Streams and recording state the time of their first and last message."""
        with case.open() as reader:
            got = tables_of(reader.batches())
            for stream in reader.streams:
                times = got[stream.name]["t_ns"].to_pylist()
                if times and stream.parent is None and stream.start_ns is not None:
                    assert (min(times), max(times) + 1) == (stream.start_ns, stream.stop_ns)
                    assert reader.time is not None
                    assert reader.time.start_ns <= min(times)
                    assert max(times) < reader.time.stop_ns

    def test_reading_twice_gives_the_same(self, case: Case) -> None:
        """Two readers, and two passes of one, see the same rows and problems."""
        with case.open() as one, case.open() as other:
            first = tables_of(one.batches())
            assert tables_of(one.batches()) == first
            assert tables_of(other.batches()) == first
            assert one.streams == other.streams
            assert one.problems() == other.problems()

    def test_an_unknown_stream_is_named_with_the_nearest(self, case: Case) -> None:
        """A typo gets an answer before anything is read."""
        with case.open() as reader:
            near = reader.streams[0].name
            with pytest.raises(MissingStream, match=re.escape(near)):
                reader.batches([near + "x"])

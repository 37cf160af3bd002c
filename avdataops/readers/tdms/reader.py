"""The Reader of TDMS files."""

from collections.abc import Collection, Iterator, Mapping
from types import TracebackType
from typing import Self

import pyarrow as pa

from avdataops.model.errors import InputError, MissingStream, did_you_mean
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import StreamBatch
from avdataops.readers.tdms.passes import Cohort, Pass, cohorts_of
from avdataops.readers.tdms.plan import Plan, plan_streams
from avdataops.readers.tdms.samples import Samples
from avdataops.readers.tdms.segments import read_index


class TdmsReader:
    """One opened TDMS file."""

    clock = "tdms"

    def __init__(self, file: ReadableFile, plan: Plan, cohorts: tuple[Cohort, ...]) -> None:
        self._file = file
        self._plan = plan
        self._cohorts = cohorts
        self._found: dict[tuple[str, str], Problem] = {}

    @property
    def time(self) -> TimeRange | None:
        """First sample to last of all streams whose times are known."""
        found: TimeRange | None = None
        for one in self._plan.planned:
            if one.time is not None:
                found = one.time.union(found) if found else one.time
        return found

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams of each group, in the order of the file."""
        return tuple(one.stream for one in self._plan.planned)

    @property
    def attachments(self) -> tuple[str, ...]:
        """TDMS files carry no files."""
        return ()

    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong so far."""
        return (*self._plan.problems, *self._found.values())

    def batches(
        self,
        streams: Collection[str] | None = None,
        *,
        time: TimeRange | None = None,
        max_rows: int = 65_536,
    ) -> Iterator[StreamBatch]:
        """Yield the asked streams; those that lie in the same chunks come together."""
        known = [stream.name for stream in self.streams]
        all_known = frozenset(known)
        for name in streams if streams is not None else ():
            if name not in all_known:
                near = did_you_mean(name, known)
                raise MissingStream(f"no stream '{name}' in {self._file.name}{near}")
        asked = all_known if streams is None else frozenset(streams)
        return self._batches(Pass(self._file, time, max(max_rows, 1)), asked)

    def _batches(self, run: Pass, asked: frozenset[str]) -> Iterator[StreamBatch]:
        for cohort in self._cohorts:
            wanted = cohort.only(asked)
            if not wanted.planned:
                continue
            try:
                yield from run.cohort(wanted)
            except InputError as error:
                text = f"{self._file.name} breaks off: {error.message}"
                self._found["broken", ""] = Problem(code="truncated", message=text)
            for one in wanted.planned:
                lost = run.lost(one)
                if lost or not run.batches[one.stream.name]:
                    empty = pa.RecordBatch.from_pylist([], schema=one.schema)
                    yield StreamBatch(one.stream.name, empty, 0, lost)
        self._note(run.damaged)

    def _note(self, damaged: Mapping[tuple[str, str], int]) -> None:
        for (stream, reason), count in sorted(damaged.items()):
            text = f"{count} values of '{stream}' in {self._file.name} {_REASONS[reason]}"
            rows = count if reason == "bad_time" else None
            problem = Problem(code=reason, message=text, stream=stream, lost_rows=rows)
            self._found[reason, stream] = problem

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Nothing was opened but the file, which belongs to the caller."""


_REASONS = {
    "bad_time": "have a time that 64-bit nanoseconds do not hold; their rows were dropped",
    "decode_failed": "could not be decoded and are null",
}


def open_tdms(file: ReadableFile) -> TdmsReader:
    """Open a TDMS file; reads its index only.

    Raises ``UnreadableFile`` if the first segment is damaged, ``HostileInput`` past a limit.
    """
    index = read_index(file)
    plan = plan_streams(file.name, index, Samples(file))
    return TdmsReader(file, plan, cohorts_of(file, index, plan))

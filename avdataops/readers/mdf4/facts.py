"""Groups and channels of an MDF file, and neighbouring records, as frozen facts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.time import NS_PER_S

Samples = npt.NDArray[Any]
Times = npt.NDArray[np.int64]
Invalid = npt.NDArray[np.bool_]
Physical: TypeAlias = Samples | pa.Array
"""Numbers, or texts as an Arrow array of strings."""

MASTERS = {1: "time", 2: "angle", 3: "distance", 4: "index"}
"""Kinds of master channels (ASAM MDF 4.2, cn_sync_type)."""
_INT64_LIMIT = float(2**63)


class Converts(Protocol):
    """A conversion from raw to physical values."""

    @property
    def takes_text(self) -> bool:
        """Say whether raw values are texts."""

    def physical(self, raw: Samples) -> Physical:
        """Return physical values; raises an ``InputError`` if that cannot be worked out."""

    def of_texts(self, texts: pa.Array) -> pa.Array:
        """Return what texts stand for; for conversions that take texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel of a group."""

    index: int
    name: str
    unit: str | None
    dtype: np.dtype[Any]
    """Of its raw samples; ``object`` for texts and bytes."""
    shape: tuple[int, ...] = ()
    """Of each of its values, if it is an array."""
    conversion: Converts | None
    is_text: bool
    is_bytes: bool
    is_invalid: bool = False
    """True if the file declares all values of the channel invalid."""
    problem: str | None = None
    """Why it has no values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One channel group."""

    index: int
    name: str
    kind: str
    """Kind of its master: time, angle, distance, index, or none."""
    rows: int
    channels: tuple[Channel, ...]
    is_bus: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring records of one group."""

    seconds: npt.NDArray[np.float64]
    samples: Mapping[int, tuple[Samples | pa.Array, Invalid | None]]
    """By channel: raw samples, and which of them are invalid."""
    notes: tuple[str, ...] = ()
    """What is wrong with some of the samples."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Records that cannot be read, and why."""

    rows: int
    reason: str


Wanted = Mapping[int, Sequence[Channel]]
"""Channels by group."""
Found = tuple[int, Piece | Lost]
"""Records of a group."""
Task = Callable[[], Sequence[Found]]
"""Reads and decodes some records; any thread may run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a file says of itself as a whole."""

    version: str
    start_ns: int
    """Start of the measurement, ns since the epoch."""
    is_unfinalised: bool
    """True if the logger has not closed the file."""
    is_local_time: bool
    """True if the start is a local time whose offset to UTC the file does not give."""
    attachments: tuple[str, ...] = ()
    cuts: tuple[int, ...] = field(default=())
    """Addresses of blocks that are not whole."""

    def times_ns(self, seconds: npt.NDArray[np.float64]) -> tuple[Times, npt.NDArray[np.intp]]:
        """Return the times of records, ns since the epoch, and which of them have one.

        Seconds that are not finite or leave the range of int64 have no time.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            offset = np.rint(seconds * NS_PER_S)
            in_range = np.abs(offset) + abs(float(self.start_ns)) < _INT64_LIMIT
        kept = np.flatnonzero(in_range)
        return offset[kept].astype(np.int64) + self.start_ns, kept


class Source(Protocol):
    """An opened file."""

    @property
    def facts(self) -> FileFacts:
        """The file as a whole."""

    @property
    def sets(self) -> tuple[tuple[Group, ...], ...]:
        """Groups whose records are read together."""

    def tasks(self, wanted: Wanted, max_rows: int) -> Iterator[Task]:
        """Yield what reads the wanted groups of one set, in the order of their records."""

    def ends(self, groups: Sequence[Group]) -> Mapping[int, tuple[float, float]]:
        """Return seconds of the first and the last record, of groups where both can be read."""

    def close(self) -> None:
        """Release what was opened."""

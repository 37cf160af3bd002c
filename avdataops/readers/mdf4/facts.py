"""Groups and channels of an MDF file, and neighbouring records, as frozen facts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[Any]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel of a group."""

    index: int
    name: str
    unit: str | None
    dtype: np.dtype[np.generic]
    """Of its raw samples."""
    conversion: Any
    """The library's conversion, None if raw values are physical."""
    formula: str | None
    """Of an algebraic conversion, which is never given to the library."""
    is_text: bool
    is_bytes: bool
    is_invalid: bool = False
    """True if the file declares all values of the channel invalid."""


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
    master_formula: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring records of one group."""

    seconds: npt.NDArray[np.float64]
    samples: dict[int, tuple[Samples, npt.NDArray[np.bool_] | None]]
    """By channel: raw samples, and which of them are invalid."""

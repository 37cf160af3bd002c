"""What a map matcher is: which roads a trace was driven on."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Fixes:
    """Known positions in order of time."""

    t_ns: npt.NDArray[np.int64]
    lat_deg: npt.NDArray[np.float64]
    lon_deg: npt.NDArray[np.float64]
    heading_rad: npt.NDArray[np.float64]
    """Yaw in east-north-up; NaN unknown."""
    moving: npt.NDArray[np.bool_]
    """Whether the heading is that of a road: at rest it may be anything."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Positions that follow each other on the road network without a break.

    Arc 2 i runs along edge i of the network that the matcher was made for, arc 2 i + 1 against it.
    """

    rows: npt.NDArray[np.int64]
    """Of the fixes; only those that were used, increasing."""
    arc: npt.NDArray[np.int64]
    offset_m: npt.NDArray[np.float64]
    """From the beginning of the arc."""
    probability: npt.NDArray[np.float64]
    """That the position is on the edge of its arc, in either direction, or at the node next to it;
    NaN where the matcher tells none."""


class Matcher(Protocol):
    """Made for one road network."""

    def __call__(self, fixes: Fixes, /) -> tuple[Chain, ...]:
        """Return what was driven, broken where no road leads from one position to the next."""

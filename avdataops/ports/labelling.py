"""What a label format is, and a format that is a folder of tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avdataops.model.labels import LabelSet
from avdataops.model.rig import Calibration, Rig


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFormat:
    """A value: how labels become bytes and come back, nothing lost either way."""

    name: str
    suffix: str
    """How its files in a package end."""
    recognise: Callable[[object], bool]
    """Says of a JSON document whether it is of this format."""
    write: Callable[[LabelSet], bytes]
    """The same labels always give the same bytes."""
    read: Callable[[object, str], LabelSet]
    """From a JSON document and what to call it in messages; raises ``SchemaMismatch``.

    Labels come back in the order of ``model.labels.ordered``.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One sweep of a lidar; every array has a value per point."""

    frame: int
    stream: str
    t_ns: int
    """Recorder's time of the message."""
    at_ns: int
    """The same on the reference clock."""
    xyz_m: NDArray[np.float64]
    """(n, 3), in the frame of the sensor."""
    intensity: NDArray[np.float64] | None = None
    ring: NDArray[np.int64] | None = None
    since_ns: NDArray[np.int64] | None = None
    """When the point was measured after ``at_ns``; None where the source does not say."""
    point_time: str | None = None
    """Column that says it."""

    @property
    def times_ns(self) -> NDArray[np.int64] | None:
        """Time of each point on the reference clock."""
        return None if self.since_ns is None else self.since_ns + self.at_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What a folder of tables is made from."""

    package: str
    measurement: str
    vehicle: str
    labels: LabelSet
    rig: Rig
    left: frozenset[str]
    """Names of the pictures that left with the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFormat:
    """A value: how a package becomes a folder that another tool opens as a data set."""

    name: str
    tables: Callable[[Shipment], Iterator[tuple[str, bytes]]]
    """Names inside the package and bytes; the same shipment always gives the same."""
    sweep: Callable[[Calibration, Cloud], tuple[str, bytes]]
    """Name and bytes of a sweep in the way of the tool."""
    unsaid: Callable[[Shipment], list[str]]
    """What of the package this format has no way to say, as sentences for people."""

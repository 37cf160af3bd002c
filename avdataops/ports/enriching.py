"""What an enricher is: one source of context along the ego's path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from avdataops.ports.step import InputFile, StepContext


@dataclass(frozen=True, slots=True)
class Track:
    """Where the ego was, about once a second, on the reference clock; NaN is unknown."""

    t_ns: npt.NDArray[np.int64]
    lat_deg: npt.NDArray[np.float64]
    lon_deg: npt.NDArray[np.float64]
    heading_rad: npt.NDArray[np.float64]
    """East-north-up yaw: 0 is east, counter-clockwise positive (ISO 8855)."""
    speed_mps: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """Adds nullable columns to the context table; every value keeps its source."""

    name: str
    version: int
    needs: str | None
    """Role of the reference files it reads (``weather``, ``map``), or None if it computes."""
    columns: Mapping[str, str]
    """Column it adds -> its unit (``1`` for none); names are in schemas/tables/context.json."""
    params: type
    enrich: Callable[[StepContext, Track, tuple[InputFile, ...], Any], Mapping[str, Any]]
    """Returns one Arrow-ready array per column, as long as the track; null where unknown.
    Without usable input all its columns are null and a caveat is given: never a default."""
    doc: str = ""

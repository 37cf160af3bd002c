"""When each point of a lidar sweep was measured, as drivers state it in their clouds."""

from collections.abc import Collection

import numpy as np

from avdataops.model.errors import ConfigError, InputError, did_you_mean
from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Indices, Times

NAMES = (
    "points_t",
    "points_time",
    "points_timestamp",
    "points_offset_time",
    "points_time_offset",
    "points_time_stamp",
    "points_t_ns",
)
"""Columns in which drivers put the time of a point: Ouster (t), Velodyne (time), Hesai and
RoboSense (timestamp), Livox (offset_time), Nebula (time_stamp)."""
UNITS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
LONGEST_NS = NS_PER_S
"""No sweep takes longer: a point that is further from its message has no time."""
# From 1973 on, in seconds since the epoch; no time within a sweep is as large.
_EPOCH_S = 1e8


def time_column(columns: Collection[str], wanted: str = "") -> str:
    """Return the column of the points' times; raises ``InputError`` when there is none.

    ``wanted`` names one that is not among ``NAMES``.
    """
    if wanted:
        if wanted in columns:
            return wanted
        raise InputError(f"no column '{wanted}'{did_you_mean(wanted, columns)}")
    for name in NAMES:
        if name in columns:
            return name
    raise InputError(
        "its points carry no time of their own",
        hint="name the column with --param deskew_lidar.time_column=points_NAME if they do",
    )


def since_message(values: Floats | Indices, stamp_ns: int, unit: str = "") -> Times:
    """Return the time of each point after its message [ns]; ``LONGEST_NS`` * 1000 for none.

    Without a ``unit`` whole numbers are ns and others s, as drivers have it.  Times since the epoch
    are told by their size, and are taken from the message's stamp ``stamp_ns``.  Raises
    ``ConfigError`` for another unit.
    """
    if unit and unit not in UNITS:
        raise ConfigError(f"no unit of time '{unit}'{did_you_mean(unit, UNITS)}")
    is_whole = np.issubdtype(values.dtype, np.integer)
    scale = UNITS[unit or ("ns" if is_whole else "s")]
    finite = np.isfinite(values)
    is_epoch = bool(finite.any()) and np.median(values[finite]) * scale > _EPOCH_S * NS_PER_S
    since: Floats
    if is_epoch and is_whole and scale == 1.0:
        since = (values.astype(np.int64) - stamp_ns).astype(np.float64)
    elif is_epoch:
        # Whole seconds first: a stamp in ns has no room for its last digits as a float.
        whole_s, rest_ns = divmod(stamp_ns, NS_PER_S)
        whole = values.astype(np.float64) - whole_s * NS_PER_S / scale
        since = whole * scale - rest_ns
    else:
        since = values.astype(np.float64) * scale
    told = finite & (np.abs(np.where(finite, since, 0.0)) <= LONGEST_NS)
    return np.where(told, np.rint(np.where(told, since, 0.0)), LONGEST_NS * 1000).astype(np.int64)

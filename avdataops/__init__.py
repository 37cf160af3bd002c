"""Measurement data of automated-driving fleets: from uploaded recordings to searchable scenes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avdataops.lake import (
        FoundScene,
        Image,
        Images,
        Lake,
        PointCloud,
        PointClouds,
        Rows,
        Scenes,
        connect,
    )
    from avdataops.model.errors import AvdataopsError
    from avdataops.model.time import TimeRange, parse_time

__all__ = [
    "AvdataopsError",
    "FoundScene",
    "Image",
    "Images",
    "Lake",
    "PointCloud",
    "PointClouds",
    "Rows",
    "Scenes",
    "TimeRange",
    "connect",
    "parse_time",
]

_HOMES = {
    "AvdataopsError": "avdataops.model.errors",
    "TimeRange": "avdataops.model.time",
    "parse_time": "avdataops.model.time",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts fast."""
    if name not in __all__:
        raise AttributeError(f"module 'avdataops' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "avdataops.lake")), name)

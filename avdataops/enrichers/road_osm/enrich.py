"""Road context along the track by the nearest road of an OpenStreetMap extract."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.enrichers.road_osm.extract import ATTRIBUTES, Extract, read_extract
from avdataops.model.errors import InputError
from avdataops.model.stream import Problem
from avdataops.ports.enriching import Enricher, Track
from avdataops.ports.step import InputFile, StepContext
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.roads import Limits, Points, match_nearest, nearest_distance_m

_UNITS = {
    "way_id": "1",
    "road_class": "1",
    "speed_limit_mps": "m/s",
    "lanes": "1",
    "tunnel": "1",
    "bridge": "1",
    "roundabout": "1",
    "road_heading_rad": "rad",
    "road_distance_m": "m",
    "junction_distance_m": "m",
    "crossing_distance_m": "m",
    "traffic_signal_distance_m": "m",
    "map_source": "1",
}
_MEASURED = (
    "road_heading_rad",
    "road_distance_m",
    "junction_distance_m",
    "crossing_distance_m",
    "traffic_signal_distance_m",
)
_HASH_DIGITS = 12
_M_PER_DEG = 111_000.0
# Keeps the margin finite at the poles.
_MIN_COS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """When a road is the one that is driven on."""

    max_distance_m: float = 30.0
    """Six times the usual 5 m of a receiver, so that wide roads mapped as one line still match."""
    max_heading_difference_deg: float = 60.0
    """Half way through a right-angled turn both roads are 45 degrees off."""
    min_speed_mps: float = 2.0
    """Below, a course says nothing of the road."""
    max_map_mb: int = 512
    """Of the file, and of what it unpacks to."""


def enrich(
    context: StepContext, track: Track, files: tuple[InputFile, ...], params: Params
) -> Mapping[str, Any]:
    """Return the matched way of each tick with what its tags state, and straight distances.

    Ticks without a position, or outside all extracts, know nothing.  Inside, ``map_source`` says
    which extract was asked, even where no road of it was near.  Extracts are asked in the order
    of their names; a tick that found its road is not asked for again.
    """
    if not files:
        context.caveat(
            Problem(code="no_map", message="no map extract was given; road context is unknown")
        )
    found = _Found.nothing(track.t_ns.size)
    attributes = [ATTRIBUTES.empty_table()]
    waiting = np.flatnonzero(np.isfinite(track.lat_deg) & np.isfinite(track.lon_deg))
    for source, extract in _extracts(context, files, params):
        inside = _covered(extract, _at(track, waiting), params.max_distance_m)
        rows = waiting[inside]
        _look_up(track, rows, extract, params, found)
        found.way[rows] += np.where(found.way[rows] >= 0, sum(map(len, attributes)), 0)
        found.source[rows] = source
        attributes.append(extract.attributes)
        waiting = waiting[found.way[waiting] < 0]
    if files and track.t_ns.size and not any(found.source):
        context.caveat(
            Problem(
                code="outside_map",
                message="no known position of the drive lies in a readable map extract; road"
                " context is unknown",
            )
        )
    stated = pa.concat_tables(attributes).take(pa.array(found.way, mask=found.way < 0))
    columns = {name: stated.column(name).combine_chunks() for name in stated.column_names}
    columns |= {name: pa.array(x, from_pandas=True) for name, x in found.measured.items()}
    return columns | {"map_source": pa.array(found.source, type=pa.string())}


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of each tick so far."""

    way: Indices
    """Row of the attributes, -1 for none."""
    source: npt.NDArray[np.object_]
    """Hash of the extract that was asked last, or None."""
    measured: Mapping[str, Floats]

    @staticmethod
    def nothing(ticks: int) -> "_Found":
        return _Found(
            np.full(ticks, -1, dtype=np.int64),
            np.full(ticks, None, dtype=np.object_),
            {name: np.full(ticks, np.nan) for name in _MEASURED},
        )


def _at(track: Track, rows: Indices) -> Points:
    return Points(track.lat_deg[rows], track.lon_deg[rows])


def _extracts(
    context: StepContext, files: tuple[InputFile, ...], params: Params
) -> Iterator[tuple[str, Extract]]:
    """Yield (short hash, extract) of each readable file, one in memory at a time."""
    for given in files:
        try:
            extract = read_extract(given.file, max_mb=params.max_map_mb)
        except InputError as error:
            context.caveat(Problem(code="map_unreadable", message=error.message))
            continue
        yield given.artifact.sha256[:_HASH_DIGITS], extract


def _covered(extract: Extract, places: Points, margin_m: float) -> Bools:
    """Say which places lie in the box round all roads of the extract, or at its very edge."""
    if extract.nodes.lat_deg.size == 0:
        return np.zeros(places.lat_deg.size, dtype=np.bool_)
    margin_lat = margin_m / _M_PER_DEG
    margin_lon = margin_lat / np.maximum(np.cos(np.radians(places.lat_deg)), _MIN_COS)
    lat, lon = extract.nodes.lat_deg, extract.nodes.lon_deg
    return np.asarray(
        (places.lat_deg >= lat.min() - margin_lat)
        & (places.lat_deg <= lat.max() + margin_lat)
        & (places.lon_deg >= lon.min() - margin_lon)
        & (places.lon_deg <= lon.max() + margin_lon)
    )


def _look_up(track: Track, rows: Indices, extract: Extract, params: Params, found: _Found) -> None:
    """Write what the extract knows of these ticks."""
    places = _at(track, rows)
    matched = match_nearest(
        extract.network,
        places,
        track.heading_rad[rows],
        track.speed_mps[rows] >= params.min_speed_mps,
        Limits(
            max_distance_m=params.max_distance_m,
            max_heading_difference_rad=np.radians(params.max_heading_difference_deg),
        ),
    )
    found.way[rows] = matched.way
    values = (
        matched.heading_rad,
        matched.distance_m,
        nearest_distance_m(extract.network.junctions, places),
        nearest_distance_m(extract.crossings, places),
        nearest_distance_m(extract.traffic_signals, places),
    )
    for name, value in zip(_MEASURED, values, strict=True):
        found.measured[name][rows] = value


ROAD_OSM = Enricher(
    name="road_osm",
    version=1,
    needs="map",
    columns=_UNITS,
    params=Params,
    enrich=enrich,
    doc="The nearest road that fits the heading, what its tags state, and distances on the map.",
)

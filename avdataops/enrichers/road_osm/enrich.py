"""Road context along the track: the matched road of an OpenStreetMap extract, and what is near."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.enrichers.road_osm.along import MEASURED, MakeMatcher, on_roads, school_distance_m
from avdataops.enrichers.road_osm.edge_table import CONTENTS, read_tables
from avdataops.enrichers.road_osm.extract import Area, Extract, read_extract
from avdataops.enrichers.road_osm.tags import ATTRIBUTES
from avdataops.enrichers.road_osm.valhalla import is_tiles, meili, open_tiles
from avdataops.model.errors import ConfigError, InputError, did_you_mean
from avdataops.model.stream import Problem
from avdataops.ports.enriching import Enricher, Track
from avdataops.ports.step import InputFile, StepContext
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.map_matching import MatchLimits
from avdataops.signals.roads import JUNCTION_LEGS, Points, leg_counts, nearest_distance_m

_STATED = tuple(name for name in ATTRIBUTES.names if name != "layer")
_STRAIGHT = (
    "junction_distance_m",
    "crossing_distance_m",
    "traffic_signal_distance_m",
    "school_distance_m",
)
"""Columns of straight distances, known wherever the map is."""
_UNIT_BY_END = {"_mps": "m/s", "_m": "m", "_rad": "rad"}
_HASH_DIGITS = 12
_MATCHERS = ("hmm", "valhalla")
_M_PER_DEG = 111_000.0
# Keeps the margin finite at the poles.
_MIN_COS = 0.01
_ROUND_M = 6000.0
"""Roads this far outside the box of the drive are read: longer detours are not looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """When a road is the one that is driven on."""

    max_distance_m: float = 30.0
    """Six times the usual 5 m of a receiver, so that wide roads mapped as one line still match."""
    max_heading_difference_deg: float = 60.0
    """Half way through a right-angled turn both roads are 45 degrees off."""
    min_speed_mps: float = 2.0
    """Below, a course says nothing of the road."""
    sigma_m: float = 4.07
    """Of positions across the road (Newson & Krumm 2009)."""
    beta_m: float = 3.0
    """How far routes and straight lines differ (Newson & Krumm 2009, as Meili has it)."""
    matcher: str = "hmm"
    """``hmm``: our own; ``valhalla``: Meili, from a tar of tiles beside the map (docs/maps.md)."""
    max_map_mb: int = 8192
    """Of the file, and of what it unpacks to: it lies on the disk while it is read, not in memory.
    What is held of it is bounded by ``MAX_ROAD_NODES``."""

    @property
    def limits(self) -> MatchLimits:
        """Of the matcher."""
        return MatchLimits(
            sigma_m=self.sigma_m,
            beta_m=self.beta_m,
            max_distance_m=self.max_distance_m,
            max_heading_difference_rad=float(np.radians(self.max_heading_difference_deg)),
        )


def enrich(
    context: StepContext, track: Track, files: tuple[InputFile, ...], params: Params
) -> Mapping[str, Any]:
    """Return the matched way of each tick with what its tags state, and distances.

    Ticks outside all extracts know nothing, and those without a position only what their speed
    tells between known ones.  Inside, ``map_source`` says which extract was asked, even where no
    road of it was near.  Extracts are asked in the order of their names; a tick that found its
    road is not asked for again.
    """
    if not files:
        context.caveat(
            Problem(code="no_map", message="no map extract was given; road context is unknown")
        )
    found = _Found.nothing(track.t_ns.size)
    attributes = [ATTRIBUTES.empty_table()]
    waiting = np.flatnonzero(np.isfinite(track.lat_deg) & np.isfinite(track.lon_deg))
    area = _around(_at(track, waiting))
    with _matcher(files, params) as make:
        for source, extract in _extracts(context, files, params, area):
            rows = waiting[_covered(extract, _at(track, waiting), params.max_distance_m)]
            found.source[rows] = source
            _look_up(track, rows, (extract, make), params, found, sum(map(len, attributes)))
            found.source[(found.way >= 0) & (found.source == None)] = source  # noqa: E711 - by element
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
    columns = {name: stated.column(name).combine_chunks() for name in _STATED}
    columns |= {name: pa.array(x, from_pandas=True) for name, x in found.measured.items()}
    columns["junction_kind"] = pa.array(found.junction_kind, type=pa.string())
    return columns | {"map_source": pa.array(found.source, type=pa.string())}


@contextmanager
def _matcher(files: tuple[InputFile, ...], params: Params) -> Iterator[MakeMatcher | None]:
    """Yield what makes the wanted matcher, None for our own; raises ``ConfigError``."""
    if params.matcher not in _MATCHERS:
        raise ConfigError(
            f"no matcher '{params.matcher}'{did_you_mean(params.matcher, _MATCHERS)}",
            hint=f"set enrich.road_osm.matcher to one of {', '.join(_MATCHERS)}",
        )
    if params.matcher == "hmm" or not files:
        yield None
        return
    tiles = [given.file for given in files if is_tiles(given.file)]
    if not tiles:
        raise ConfigError(
            "the matcher 'valhalla' has no tiles",
            hint="name a tar of them in the setting map_tiles (docs/maps.md)",
        )
    with open_tiles(tiles[0]) as ask:
        yield meili(ask, params.limits)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of each tick so far."""

    way: Indices
    """Row of the attributes, -1 for none."""
    source: npt.NDArray[np.object_]
    """Hash of the extract that was asked last, or None."""
    junction_kind: npt.NDArray[np.object_]
    measured: Mapping[str, Floats]

    @staticmethod
    def nothing(ticks: int) -> "_Found":
        return _Found(
            np.full(ticks, -1, dtype=np.int64),
            np.full(ticks, None, dtype=np.object_),
            np.full(ticks, None, dtype=np.object_),
            {name: np.full(ticks, np.nan) for name in (*MEASURED, *_STRAIGHT)},
        )


def _at(track: Track, rows: Indices) -> Points:
    return Points(track.lat_deg[rows], track.lon_deg[rows])


def _around(places: Points) -> Area | None:
    """Return the box of the places with all roads that a route between them could take."""
    if places.lat_deg.size == 0:
        return None
    south, north = float(places.lat_deg.min()), float(places.lat_deg.max())
    up = _ROUND_M / _M_PER_DEG
    aside = up / max(float(np.cos(np.radians(max(abs(south), abs(north))))), _MIN_COS)
    west, east = float(places.lon_deg.min()), float(places.lon_deg.max())
    return Area(south - up, west - aside, north + up, east + aside)


def _extracts(
    context: StepContext, files: tuple[InputFile, ...], params: Params, area: Area | None
) -> Iterator[tuple[str, Extract]]:
    """Yield (short hash, extract) of each readable map, one in memory at a time.

    A map is read from the tables that were made of it where both are given.
    """
    tables = {
        (one.artifact.attributes["map_sha256"], one.artifact.attributes["content"]): one.file
        for one in files
        if "content" in one.artifact.attributes
    }
    for given in files:
        if "content" in given.artifact.attributes or is_tiles(given.file):
            continue
        edges, places = (tables.get((given.artifact.sha256, content)) for content in CONTENTS)
        try:
            if edges is not None and places is not None:
                extract = read_tables(edges, places, area)
            else:
                extract = read_extract(given.file, max_mb=params.max_map_mb, area=area)
        except InputError as error:
            context.caveat(Problem(code="map_unreadable", message=error.message))
            continue
        yield given.artifact.sha256[:_HASH_DIGITS], extract


def _covered(extract: Extract, places: Points, margin_m: float) -> Bools:
    """Say which places lie in the box round all roads of the extract, or at its very edge."""
    if extract.box is None:
        return np.zeros(places.lat_deg.size, dtype=np.bool_)
    margin_lat = margin_m / _M_PER_DEG
    margin_lon = margin_lat / np.maximum(np.cos(np.radians(places.lat_deg)), _MIN_COS)
    south, west, north, east = extract.box
    return np.asarray(
        (places.lat_deg >= south - margin_lat)
        & (places.lat_deg <= north + margin_lat)
        & (places.lon_deg >= west - margin_lon)
        & (places.lon_deg <= east + margin_lon)
    )


def _look_up(
    track: Track,
    rows: Indices,
    known: tuple[Extract, MakeMatcher | None],
    params: Params,
    found: _Found,
    known_ways: int,
) -> None:
    """Write what the extract knows of these ticks; its ways follow those known before."""
    extract, make = known
    places = _at(track, rows)
    junctions = extract.edges.nodes.take(leg_counts(extract.edges) >= JUNCTION_LEGS)
    straight = (
        nearest_distance_m(junctions, places),
        nearest_distance_m(extract.at("crossing"), places),
        nearest_distance_m(extract.at("traffic_signal"), places),
        school_distance_m(extract, places),
    )
    for name, value in zip(_STRAIGHT, straight, strict=True):
        found.measured[name][rows] = value
    for one in on_roads(extract, track, rows, params.limits, params.min_speed_mps, make):
        found.way[one.rows] = one.way + known_ways
        found.junction_kind[one.rows] = one.junction_kind
        for name, value in one.measured.items():
            found.measured[name][one.rows] = value


def _unit(name: str) -> str:
    return next((unit for end, unit in _UNIT_BY_END.items() if name.endswith(end)), "1")


ROAD_OSM = Enricher(
    name="road_osm",
    version=3,
    needs="map",
    columns={
        name: _unit(name)
        for name in (*_STATED, *MEASURED, *_STRAIGHT, "junction_kind", "map_source")
    },
    params=Params,
    enrich=enrich,
    doc="The road that was driven, what its tags state, and what is along it, from the map.",
)

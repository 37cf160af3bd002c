"""Scenes: filters with counts, a map, rows, and the same question as a command line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from avdataops.api.access import admitted
from avdataops.api.answers import respond
from avdataops.api.door import Door, Open
from avdataops.api.pages.colours import colour_of
from avdataops.api.pages.rendering import command, options, page
from avdataops.api.scenes import SceneFilters, SceneQuery
from avdataops.detectors import scene_types
from avdataops.model.errors import InputError, NotFound
from avdataops.model.scene import Scene
from avdataops.ports import catalog as asked
from avdataops.ports.catalog_rules import UNKNOWN
from avdataops.wiring.maps import roads_of_measurement

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
ROWS = 50
MAX_POINTS = 2000
"""Scenes on the map; more are only counted."""
MAX_MAPS = 4
AROUND = ("weather", "light", "road_class")
"""What was around a scene when it began: scenes are counted by it."""
_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,60}")
_ALL_OF = ("type", "where", "during")


_NOTHING: Mapping[str, Any] = {
    "rows": [],
    "total": 0,
    "next": None,
    "facets": [],
    "vehicles": [],
    "around": {},
    "problem": None,
    "hint": None,
}
"""What a page says before anything was found."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that scenes can be narrowed to."""

    name: str
    value: str
    scenes: int
    chosen: bool


@ROUTES.get("/scenes")
def scenes_page(request: Request, door: Open) -> Response:
    """Show the scenes that match, or what is wrong with the question."""
    given = _given(request)
    facts: dict[str, Any] = {
        "given": {name: given.get(name, "") for name in SceneQuery.model_fields},
        "types": scene_types(),
        "command": _command(given),
        **_NOTHING,
    }
    try:
        facts |= _found(door, SceneQuery(**{**given, "limit": ROWS}))
    except ValidationError as error:
        first = error.errors()[0]
        facts["problem"] = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (InputError, NotFound) as error:
        facts |= {"problem": error.message, "hint": error.hint}
    asking = {name: value for name, value in given.items() if name != "after"}
    rest = {name: value for name, value in asking.items() if name != "q"}
    facts["query"] = urlencode(asking, doseq=True)
    facts["query_rest"] = urlencode(rest, doseq=True)
    if facts["next"]:
        facts["next"] = urlencode({**asking, "after": facts["next"]}, doseq=True)
    return page("scenes.html", **facts)


@ROUTES.get("/scenes/points.json")
def points(request: Request, door: Open) -> Response:
    """Give the places of the scenes that match as GeoJSON, with the maps under them."""
    try:
        filters = SceneFilters(**{k: v for k, v in _given(request).items() if k != "after"})
    except ValidationError as error:
        raise InputError("a filter is not as it should be") from error
    query = door.asking.query(filters.words())
    found = door.catalog.scenes(query, limit=MAX_POINTS)
    maps: list[str] = []
    for measurement in dict.fromkeys(one.measurement for one in found[:MAX_POINTS]):
        roads = roads_of_measurement(door.catalog, measurement)
        if roads is not None and roads.id not in maps:
            maps.append(roads.id)
        if len(maps) == MAX_MAPS:
            break
    features = [_feature(one) for one in found if one.lat_deg is not None]
    facts = {"maps": maps, "shown": len(found), "most": MAX_POINTS}
    return respond(request, {"type": "FeatureCollection", "features": features, **facts})


def _feature(scene: Scene) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [scene.lon_deg, scene.lat_deg]},
        "properties": {"id": scene.id, "type": scene.type, "colour": colour_of(scene.type)},
    }


def _given(request: Request) -> dict[str, Any]:
    """Return what the form sent, without its empty fields."""
    known = SceneQuery.model_fields
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name not in known or not value.strip():
            continue
        if name in _ALL_OF:
            given.setdefault(name, []).append(value.strip())
        else:
            given[name] = value.strip()
    return given


def _found(door: Door, asked_for: SceneQuery) -> dict[str, Any]:
    words = asked_for.words()
    query = door.asking.query(words)
    rows = door.catalog.scenes(query, after=asked_for.after, limit=ROWS + 1)
    following = rows[ROWS - 1].id if len(rows) > ROWS else None
    total = sum(door.catalog.count_scenes(query).values())
    facts = {"rows": rows[:ROWS], "next": following, "total": total}
    return facts | _facets(door, query, asked_for.q)


def _facets(door: Door, query: asked.SceneQuery, text: str | None) -> dict[str, Any]:
    """Return counts for each type and vehicle, as if that filter alone were not set.

    And, for what was around, links to the same question narrowed to one value.
    """
    counted: dict[str, Any] = {}
    for title, by, chosen, free in (
        ("facets", "type", query.types, {"types": ()}),
        ("vehicles", "vehicle", (query.vehicle,), {"vehicle": None}),
    ):
        without: Any = {**_parts(query), **free}
        counts = door.catalog.count_scenes(asked.SceneQuery(**without), by=by)
        names = [*counts, *(name for name in chosen if name and name not in counts)]
        counted[title] = [
            Facet(by, name, counts.get(name, 0), name in chosen)
            for name in sorted(names, key=lambda name: (-counts.get(name, 0), name))
        ]
    counted["around"] = {
        by: [
            (name, scenes, narrowed(text, by, name))
            for name, scenes in sorted(door.catalog.count_scenes(query, by=by).items())
        ]
        for by in AROUND
    }
    return counted


def narrowed(text: str | None, attribute: str, value: str) -> str:
    """Return a question in the query language that asks for one value of an attribute too."""
    plain = _PLAIN.fullmatch(value)
    test = f"{attribute} is unknown" if value == UNKNOWN else f"{attribute} = {value}"
    if not plain:
        return text or ""
    return f"({text}) & {test}" if text else test


def _parts(query: asked.SceneQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in query.__dataclass_fields__}


def _command(given: Mapping[str, Any]) -> str:
    """Return the command line that asks the same."""
    return command(["scenes", "find", *options(given)])

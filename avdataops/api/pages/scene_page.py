"""One scene: what it looked like, what was measured, why it was found, what came before it."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from avdataops.api.access import Caller, Role, admitted
from avdataops.api.door import Door, Open
from avdataops.api.pages.rendering import command, page
from avdataops.api.parameters import Id
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.catalog import SceneQuery
from avdataops.tables.ontology import meanings
from avdataops.wiring.scene_actor import parameters_of
from avdataops.wiring.scene_view import Sensor, Surroundings, Window, window_of

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
_MAX_BESIDE = 60
MAX_HISTORY = 50
"""Reviews that are told, the newest of them."""
_SURROUNDINGS = {
    "light": ("light", ""),
    "rain": ("rain", ""),
    "precipitation_mmph": ("precipitation", "mm/h"),
    "snow": ("snow", ""),
    "fog": ("fog", ""),
    "temperature_c": ("temperature", "°C"),
    "weather_source": ("weather from", ""),
    "road_class": ("road", ""),
    "speed_limit_mps": ("speed limit", "m/s"),
    "lanes": ("lanes", ""),
    "surface": ("surface", ""),
    "junction_distance_m": ("junction in", "m"),
    "crossing_distance_m": ("crossing in", "m"),
}
"""Columns of ``context`` that are told -> in which words, and the unit."""


@ROUTES.get("/scenes/{scene}")
def scene_page(
    door: Open,
    caller: Annotated[Caller, Depends(admitted)],
    scene: Id,
    at: Annotated[float | None, Query(allow_inf_nan=False, ge=-1e6, le=1e6)] = None,
) -> Response:
    """Show one scene."""
    found = door.catalog.scene(scene)
    window = window_of(found, at)
    sensors, surroundings = _looked_at(door, found, window)
    return page(
        "scene.html",
        scene=found,
        meaning=meanings().get(found.type),
        length_s=(found.t_end_ns - found.t_start_ns) / NS_PER_S,
        params=parameters_of(door.catalog, found),
        window=window,
        at=at,
        sensors=sensors,
        surroundings=surroundings,
        beside=_beside(door, found),
        view=_view(found, window, sensors, at),
        shows_data=door.pictures is not None,
        command=command(["scenes", "show", found.id]),
        **_reviewed(door, caller, found),
    )


def _reviewed(door: Door, caller: Caller, scene: Scene) -> dict[str, Any]:
    history = door.desk.reviews(scene.id)
    return {
        "review": history[-1] if history else None,
        "history": history[-MAX_HISTORY:],
        "may_review": caller.role is not None and caller.role >= Role.OPERATOR,
        "types": sorted(meanings()),
    }


def _looked_at(
    door: Door, scene: Scene, window: Window
) -> tuple[tuple[Sensor, ...], list[tuple[str, str, object]]]:
    if door.pictures is None:
        return (), []
    around = Surroundings(door.catalog, door.pictures.storage)
    there = around.at_time(scene.measurement, "context", scene.t_start_ns)
    told = [(*_SURROUNDINGS[name], there[name]) for name in _SURROUNDINGS if name in there]
    return around.sensors(scene.measurement, window), told


def _beside(door: Door, scene: Scene) -> list[Scene]:
    """Return the scenes of the same drive that overlap this one."""
    span = TimeRange(scene.t_start_ns, max(scene.t_end_ns, scene.t_start_ns + 1))
    query = SceneQuery(measurement=scene.measurement, time=span)
    found = door.catalog.scenes(query, limit=_MAX_BESIDE)
    return [one for one in found if one.id != scene.id]


def _view(scene: Scene, window: Window, sensors: tuple[Sensor, ...], at: float | None) -> str:
    """Return what the script of the page needs, as JSON for a data attribute."""
    facts: dict[str, Any] = {
        "scene": scene.id,
        "at": at,
        "start": window.seconds(window.span.start_ns),
        "stop": window.seconds(window.span.stop_ns),
        "end": (scene.t_end_ns - scene.t_start_ns) / NS_PER_S,
        "zero": str(scene.t_start_ns),
        "place": [scene.lon_deg, scene.lat_deg] if scene.lat_deg is not None else None,
        "sensors": [
            {"stream": one.stream, "class": one.topic_class, "frames": one.frames}
            for one in sensors
        ],
    }
    return json.dumps(facts, separators=(",", ":"))

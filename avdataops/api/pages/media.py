"""What the scripts of pages draw: frames, clouds from above, signals, ways and roads."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from avdataops.api.access import admitted
from avdataops.api.answers import respond
from avdataops.api.door import Door, Open
from avdataops.api.parameters import Id
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, NotFound
from avdataops.wiring.maps import is_road_table, roads_of_measurement
from avdataops.wiring.road_lines import area_of, road_lines
from avdataops.wiring.scene_actor import actor_signals, front_of, parameters_of
from avdataops.wiring.scene_view import Surroundings, window_of
from avdataops.wiring.sensor_pictures import SensorPictures, Shown

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_MAX_ROW = 2**40
Row = Annotated[int, Query(ge=0, lt=_MAX_ROW)]
At = Annotated[float | None, Query(allow_inf_nan=False, ge=-1e6, le=1e6)]


def pictures_of(door: Door) -> SensorPictures:
    """Return what shows stored tables; raises ``NotFound`` for a door that shows none."""
    if door.pictures is None:
        raise NotFound("this service shows no data, only what the catalog knows")
    return door.pictures


def around_of(door: Door) -> Surroundings:
    """Return what reads around scenes; raises ``NotFound`` for a door that shows no data."""
    return Surroundings(door.catalog, pictures_of(door).storage)


def _stream_of(door: Door, artifact: str, topic_class: str) -> Artifact:
    found = door.catalog.artifact(artifact)
    if found.kind != "stream" or found.attributes.get("topic_class") != topic_class:
        raise NotFound(f"{artifact} is no stream of a {topic_class}")
    return found


@ROUTES.get("/frames/{artifact}")
def get_frame(door: Open, artifact: Id, row: Row) -> Response:
    """Give one frame of a camera; what has an id never changes, so browsers keep it."""
    return _picture(pictures_of(door).frame(_stream_of(door, artifact, "camera"), row))


@ROUTES.get("/scenes/{scene}/clouds/{artifact}")
def get_cloud(door: Open, scene: Id, artifact: Id, row: Row, t_ns: int) -> Response:
    """Give one sweep from above with the objects of that time."""
    around = around_of(door)
    asked = door.catalog.scene(scene)
    cloud = _stream_of(door, artifact, "lidar")
    if cloud.measurement != asked.measurement:
        raise InputError(f"{artifact} is not of the measurement of {scene}")
    name = f"{scene} {t_ns}"
    shown = pictures_of(door).from_above(cloud, row, lambda: around.boxes(asked, t_ns), name)
    return _picture(shown)


def _picture(shown: Shown) -> Response:
    return Response(shown.data, headers=_FOR_EVER, media_type=shown.media_type)


@ROUTES.get("/scenes/{scene}/signals.json")
def get_signals(request: Request, door: Open, scene: Id, at: At = None) -> Response:
    """Give the signals around a scene; times are seconds after its start."""
    around = around_of(door)
    asked = door.catalog.scene(scene)
    window = window_of(asked, at)
    front_m = front_of(parameters_of(door.catalog, asked))
    told = {
        "ego": around.signals(asked.measurement, window),
        "actor": actor_signals(around, asked, window, front_m),
    }
    return respond(request, told)


@ROUTES.get("/scenes/{scene}/way.json")
def get_way(request: Request, door: Open, scene: Id, at: At = None) -> Response:
    """Give the way driven around a scene, and the map that it lies on."""
    asked = door.catalog.scene(scene)
    around = around_of(door)
    way = around.way(asked.measurement, window_of(asked, at))
    roads = roads_of_measurement(door.catalog, asked.measurement)
    return respond(request, {"way": way, "maps": [roads.id] if roads else []})


class Box(BaseModel):
    """A box of the map in degrees."""

    south: float = Field(ge=-90, le=90)
    west: float = Field(ge=-180, le=180)
    north: float = Field(ge=-90, le=90)
    east: float = Field(ge=-180, le=180)


@ROUTES.get("/maps/{artifact}/roads.json")
def get_roads(request: Request, door: Open, artifact: Id, box: Annotated[Box, Query()]) -> Response:
    """Give the roads of a map in a box."""
    storage = pictures_of(door).storage
    edges = door.catalog.artifact(artifact)
    if not is_road_table(edges):
        raise NotFound(f"{artifact} is no map")
    area = area_of(box.south, box.west, box.north, box.east)
    return respond(request, road_lines(storage, edges, area))

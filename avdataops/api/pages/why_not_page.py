"""Why no scene of a type was found at a moment: what was measured beside what was needed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from avdataops.api.access import admitted
from avdataops.api.door import Door, Open
from avdataops.api.pages.rendering import command, page
from avdataops.detectors import scene_types
from avdataops.model.errors import InputError, NotFound
from avdataops.model.time import parse_time
from avdataops.wiring.why_not import Questioner, WhyNot

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
Text = Annotated[str, Query(max_length=200)]


@ROUTES.get("/why-not")
def why_not_page(door: Open, measurement: Text = "", at: Text = "", type: Text = "") -> Response:  # noqa: A002 - the name that the API and the command line have
    """Ask, and answer where all that is needed was given."""
    facts: dict[str, Any] = {"answer": None, "problem": None, "hint": None, "command": None}
    if measurement and at and type:
        try:
            facts["answer"] = _answer(door, measurement, at, type)
            facts["command"] = command(["scenes", "why-not", measurement, at, type])
        except (InputError, NotFound) as error:
            facts |= {"problem": error.message, "hint": error.hint}
    given = {"measurement": measurement, "at": at, "type": type}
    return page("why_not.html", given=given, types=scene_types(), **facts)


def _answer(door: Door, measurement: str, at: str, scene_type: str) -> WhyNot:
    if door.read is None:
        raise NotFound("this service shows no data, only what the catalog knows")
    door.asking.check_type(scene_type)
    there = door.catalog.measurement(measurement)
    asked = Questioner(door.catalog, door.read)
    return asked.why_not(there.id, parse_time(at, there.start_ns), scene_type)

"""Measurements: which there are, and what became of each."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response
from markupsafe import Markup

from avdataops.api.access import admitted
from avdataops.api.door import Open
from avdataops.api.pages.rendering import command, page
from avdataops.api.pages.timeline import Strip, strips_of, timeline
from avdataops.api.parameters import ID_PATTERN, Id
from avdataops.model.errors import NotFound
from avdataops.model.measurement import Measurement, State
from avdataops.model.run import Outcome
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import SceneQuery
from avdataops.wiring.descriptions import describe
from avdataops.wiring.drive_view import DriveView

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
ROWS = 50
MAX_SCENES = 2000
"""Drawn on one timeline."""
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
After = Annotated[str | None, Query(pattern=ID_PATTERN)]
_UNHAPPY = {Outcome.FAILED_INPUT, Outcome.FAILED_TRANSIENT, Outcome.LOST, Outcome.CAVEATS}


@ROUTES.get("/measurements")
def measurements_page(
    door: Open,
    state: Annotated[str, Query(max_length=20)] = "",
    vehicle: Annotated[str, Query(max_length=200)] = "",
    after: After = None,
) -> Response:
    """List measurements."""
    wanted = State(state) if state in set(State) else None
    found = door.catalog.measurements(
        state=wanted, vehicle=vehicle or None, after=after, limit=ROWS + 1
    )
    rows = found[:ROWS]
    following = None
    if len(found) > ROWS:
        asked = {"state": state, "vehicle": vehicle, "after": rows[-1].id}
        following = urlencode({name: value for name, value in asked.items() if value})
    return page(
        "measurements.html",
        rows=[(one, door.catalog.count_scenes(SceneQuery(measurement=one.id))) for one in rows],
        states=[one.value for one in State],
        state=state,
        vehicle=vehicle,
        next=following,
        query=urlencode({k: v for k, v in (("state", state), ("vehicle", vehicle)) if v}),
        command=command(["measurements", "list"]),
    )


@ROUTES.get("/measurements/{measurement}")
def measurement_page(door: Open, measurement: Id) -> Response:
    """Show one measurement."""
    facts = door.catalog.measurement(measurement)
    runs = door.catalog.runs(measurement)
    found = door.catalog.scenes(SceneQuery(measurement=measurement), limit=MAX_SCENES)
    span = _span(facts)
    view = DriveView(door.catalog, door.pictures.storage) if door.pictures else None
    return page(
        "measurement.html",
        facts=facts,
        document=describe(door.catalog, facts),
        counts=door.catalog.count_scenes(SceneQuery(measurement=measurement)),
        troubles=[one for one in runs if one.outcome in _UNHAPPY],
        timeline=_timeline(view, measurement, span, found) if span else None,
        more=len(found) == MAX_SCENES,
        clocks=view.clocks(measurement) if view else [],
        coverage=view.coverage(measurement) if view else [],
        command=command(["measurements", "show", measurement]),
    )


def _span(facts: Measurement) -> TimeRange | None:
    if facts.start_ns is None or facts.stop_ns is None:
        return None
    return TimeRange(facts.start_ns, facts.stop_ns)


def _timeline(view: DriveView | None, measurement: str, span: TimeRange, found: Any) -> Markup:
    gaps = view.gaps(measurement) if view else {}
    strips: dict[str, list[Strip]] = {}
    if view:
        rows = view.surroundings(measurement)
        strips = {
            "light": strips_of(rows, lambda row: row.get("light") or ""),
            "weather": strips_of(rows, _weather),
            "road": strips_of(rows, _road),
        }
    # Escaped where it is made.
    return Markup(timeline(span, found, gaps, strips))  # noqa: S704


def _weather(row: Any) -> str:
    known = [name for name in ("rain", "snow", "fog") if row.get(name) is not None]
    falling = [name for name in known if row[name]]
    return " and ".join(falling) if falling else "dry" if known else ""


def _road(row: Any) -> str:
    return "tunnel" if row.get("tunnel") else str(row.get("road_class") or "")


@ROUTES.get("/measurements/{measurement}/sync.svg")
def sync_svg(door: Open, measurement: Id) -> Response:
    """Give the picture of the sync."""
    door.catalog.measurement(measurement)
    if door.pictures is None:
        raise NotFound("this service shows no data, only what the catalog knows")
    picture = DriveView(door.catalog, door.pictures.storage).clocks_picture(measurement)
    # A picture of its own: its styles are written into it, and it can run nothing.
    headers = {"Content-Security-Policy": _PICTURE_POLICY, "Cache-Control": "private, no-cache"}
    return Response(picture, headers=headers, media_type="image/svg+xml")

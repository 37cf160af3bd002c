"""Coverage and health: what there is, what could be judged, what went wrong."""

from fastapi import APIRouter, Depends, Request, Response

from avdataops.api.access import admitted
from avdataops.api.door import Open
from avdataops.api.pages.rendering import command, page
from avdataops.ports.catalog import SceneQuery
from avdataops.wiring.fleet_view import Remembered, fleet

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])


@ROUTES.get("/health")
def health_page(request: Request, door: Open) -> Response:
    """Show how the data of the fleet stands."""
    storage = door.pictures.storage if door.pictures else None
    remembered: Remembered = request.app.state.remembered
    counts = door.catalog.count_scenes(SceneQuery())
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return page(
        "health.html",
        fleet=fleet(door.catalog, storage, remembered),
        counts=ordered,
        most=max(counts.values(), default=1),
        vehicles=door.catalog.count_scenes(SceneQuery(), by="vehicle"),
        command=command(["scenes", "count"]),
    )

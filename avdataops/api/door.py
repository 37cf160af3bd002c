"""What the API asks: the reading half of the catalog, what people write, links, who may come in."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from avdataops.api.access import Caller, Checker, admitted
from avdataops.api.parameters import only_known
from avdataops.api.sessions import Sessions
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.curation import Curation
from avdataops.ports.storage import Linking
from avdataops.wiring.confined import ConfinedCatalog, Vehicles
from avdataops.wiring.confined_desk import ConfinedDesk
from avdataops.wiring.scene_questions import Asking
from avdataops.wiring.scene_rates import ReadTable
from avdataops.wiring.sensor_pictures import SensorPictures

PREFIX = "/api/v1"
_REFUSALS: dict[int | str, dict[str, object]] = {
    status: {
        "description": "Refused; the body says why.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    for status in ("4XX", "5XX")
}


@dataclass(frozen=True, slots=True)
class Door:
    """All that answers are made from."""

    catalog: CatalogReader
    desk: Curation
    """What people write: reviews.  Nothing else can be changed from here."""
    checker: Checker
    asking: Asking
    links: Linking | None = None
    """None where the storage has no links."""
    read: ReadTable | None = None
    """Stored tables; None where only the catalog is at hand."""

    pictures: SensorPictures | None = None
    """What pages show of the stored tables; None: they tell what the catalog knows and no more."""
    sessions: Sessions | None = None
    """None where people sign in elsewhere."""
    front_end_header: str | None = None
    """Where an authenticated front end passes on the token of whoever looks at a page."""

    def confined(self, caller: Caller) -> "Door":
        """Return the door as a caller sees it: what lies outside of its domains is not there."""
        if caller.vehicles is None:
            return self
        catalog = ConfinedCatalog(self.catalog, Vehicles(caller.vehicles))
        desk = ConfinedDesk(self.desk, catalog, caller.subject)
        asking = replace(self.asking, catalog=catalog)
        return replace(self, catalog=catalog, desk=desk, asking=asking)


def entrance(request: Request) -> Door:
    """Return the whole door, before anybody is admitted: for signing in, never for data."""
    door: Door = request.app.state.door
    return door


Entrance = Annotated[Door, Depends(entrance)]


def _door(whole: Entrance, caller: Annotated[Caller, Depends(admitted)]) -> Door:
    return whole.confined(caller)


Open = Annotated[Door, Depends(_door)]


def routes(tag: str) -> APIRouter:
    """Return a router on which everything is refused to whoever is not admitted."""
    return APIRouter(
        prefix=PREFIX,
        tags=[tag],
        dependencies=[Depends(admitted), Depends(only_known)],
        responses=_REFUSALS,
    )

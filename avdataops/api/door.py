"""What the API asks: the reading half of the catalog, what people write, links, who may come in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from avdataops.api.access import Checker, admitted
from avdataops.api.parameters import only_known
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.curation import Curation
from avdataops.ports.storage import Linking
from avdataops.wiring.scene_questions import Asking

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


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


Open = Annotated[Door, Depends(_door)]


def routes(tag: str) -> APIRouter:
    """Return a router on which everything is refused to whoever is not admitted."""
    return APIRouter(
        prefix=PREFIX,
        tags=[tag],
        dependencies=[Depends(admitted), Depends(only_known)],
        responses=_REFUSALS,
    )

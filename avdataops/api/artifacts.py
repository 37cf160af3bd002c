"""Artifacts with their locations, runs, and lineage: from metadata to bytes, and back."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Query, Request, Response

from avdataops.api.answers import respond, respond_once
from avdataops.api.door import Door, Open, routes
from avdataops.api.parameters import Id
from avdataops.api.shapes import ArtifactDocument, LineageDocument, ReadLink
from avdataops.model.artifact import Artifact
from avdataops.model.run import RunRecord
from avdataops.ports.catalog import Direction
from avdataops.ports.lineage_views import as_document

LINK_VALID_S = 300
MAX_DEPTH = 100

ROUTES = routes("artifacts")


@ROUTES.get("/artifacts/{artifact}", response_model=ArtifactDocument)
def get_artifact(
    request: Request,
    door: Open,
    artifact: Id,
    link: Annotated[bool, Query(description="Add a link that reads it for five minutes.")] = False,
) -> Response:
    """Tell what an artifact is and where it lies."""
    found = door.catalog.artifact(artifact)
    if link:
        return respond_once({**asdict(found), "link": _link(door, found)})
    return respond(request, {**asdict(found), "link": None})


def _link(door: Door, artifact: Artifact) -> ReadLink | None:
    if door.links is None:
        return None
    url = door.links.read_link(artifact.location, LINK_VALID_S)
    return ReadLink(url=url, valid_s=LINK_VALID_S)


@ROUTES.get("/runs/{run}", response_model=RunRecord)
def get_run(request: Request, door: Open, run: Id) -> Response:
    """Tell what happened in the latest attempt of a run that ended."""
    return respond(request, door.catalog.run(run))


@ROUTES.get("/lineage/{start}", response_model=LineageDocument)
def get_lineage(
    request: Request,
    door: Open,
    start: Id,
    direction: Direction = Direction.UP,
    depth: Annotated[
        int | None, Query(ge=1, le=MAX_DEPTH, description="How many runs to walk; absent: all.")
    ] = None,
) -> Response:
    """Walk from a scene, artifact, run or recording to its sources, or to its results."""
    return respond(request, as_document(door.catalog.lineage(start, direction, depth=depth)))

"""Artifacts with their locations, runs, and lineage: from metadata to bytes, and back."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from avdataops.api.answers import Page, paged, respond, respond_once
from avdataops.api.door import Door, Open, routes
from avdataops.api.parameters import MAX_PAGE, PAGE, Id, IdText, Word
from avdataops.api.shapes import ArtifactDocument, LineageDocument, ReadLink
from avdataops.model.artifact import Artifact
from avdataops.model.run import RunRecord
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.catalog import Direction
from avdataops.ports.lineage_views import as_document
from avdataops.wiring import artifact_search as search
from avdataops.wiring.artifact_search import ArtifactFilter

LINK_VALID_S = 300
MAX_DEPTH = 100
_END_OF_TIME = 2**63 - 1

ROUTES = routes("artifacts")


class ArtifactQuery(BaseModel):
    """Which artifacts; all that is given must hold."""

    kind: Word | None = Field(default=None, description="stream, ego, scenes and so on.")
    topic_class: Word | None = Field(default=None, description="camera, lidar, gnss and so on.")
    measurement: IdText | None = None
    vehicle: Word | None = None
    start: Word | None = Field(default=None, description="From: RFC 3339 or integer ns.")
    end: Word | None = Field(default=None, description="Until: RFC 3339 or integer ns.")
    link: bool = Field(default=False, description="Add links that read them for five minutes.")
    after: IdText | None = Field(
        default=None, description="Last artifact before this page, or measurement looked through."
    )
    limit: int = Field(default=PAGE, ge=1, le=MAX_PAGE, description="Length of the page at most.")

    def time(self) -> TimeRange | None:
        """Return the stretch of time that is asked for."""
        if self.start is None and self.end is None:
            return None
        return TimeRange(
            parse_time(self.start) if self.start else -_END_OF_TIME,
            parse_time(self.end) if self.end else _END_OF_TIME,
        )


@ROUTES.get("/artifacts", response_model=Page[ArtifactDocument])
def find_artifacts(
    request: Request, door: Open, query: Annotated[ArtifactQuery, Query()]
) -> Response:
    """Find current artifacts by what is known of them, and tell where they lie.

    A page looks through 200 measurements at most: it may be short, and another one follow.
    """
    wanted = ArtifactFilter(
        kind=query.kind,
        topic_class=query.topic_class,
        measurement=query.measurement,
        vehicle=query.vehicle,
        time=query.time(),
    )
    found = search.find_artifacts(door.catalog, wanted, query.after, query.limit)
    items = [
        {**asdict(one), "link": _link(door, one) if query.link else None} for one in found.artifacts
    ]
    following = None
    if found.following is not None:
        url = request.url.include_query_params(after=found.following)
        following = f"{url.path}?{url.query}"
    page = {"items": items, "next": following}
    return respond_once(page) if query.link else paged(request, page)


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

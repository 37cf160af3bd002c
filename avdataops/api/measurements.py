"""Measurements, and what belongs to each."""

from typing import Annotated

from fastapi import Query, Request, Response

from avdataops.api.answers import Page, after_one, page_of, paged, respond
from avdataops.api.door import Open, routes
from avdataops.api.parameters import Id, Paging, Word
from avdataops.api.shapes import LabelSet, MeasurementDocument, MeasurementRow, RunRow, StreamRow
from avdataops.model.artifact import Artifact
from avdataops.model.measurement import Recording, State
from avdataops.wiring.descriptions import (
    describe,
    label_set_row,
    measurement_row,
    run_row,
    stream_row,
)

ROUTES = routes("measurements")


class MeasurementQuery(Paging):
    """Which measurements; all that is given must hold."""

    state: State | None = None
    vehicle: Word | None = None


class ArtifactQuery(Paging):
    """Which artifacts."""

    kind: Word | None = None


class RunQuery(Paging):
    """Which runs."""

    step: Word | None = None


@ROUTES.get("/measurements", response_model=Page[MeasurementRow])
def list_measurements(
    request: Request, door: Open, query: Annotated[MeasurementQuery, Query()]
) -> Response:
    """List measurements by id."""
    found = door.catalog.measurements(
        state=query.state, vehicle=query.vehicle, after=query.after, limit=query.limit + 1
    )
    items, following = page_of(request, found, query.limit, lambda one: one.id)
    return paged(request, {"items": [measurement_row(one) for one in items], "next": following})


@ROUTES.get("/measurements/{measurement}", response_model=MeasurementDocument)
def get_measurement(request: Request, door: Open, measurement: Id) -> Response:
    """Tell everything about one measurement: state, reason, recordings, streams."""
    return respond(request, describe(door.catalog, door.catalog.measurement(measurement)))


@ROUTES.get("/measurements/{measurement}/recordings", response_model=Page[Recording])
def list_recordings(
    request: Request, door: Open, measurement: Id, query: Annotated[Paging, Query()]
) -> Response:
    """List the recordings of a measurement by name."""
    found = after_one(door.catalog.recordings(measurement), query.after, lambda one: one.id)
    items, following = page_of(request, found, query.limit, lambda one: one.id)
    return paged(request, {"items": items, "next": following})


@ROUTES.get("/measurements/{measurement}/streams", response_model=Page[StreamRow])
def list_streams(
    request: Request, door: Open, measurement: Id, query: Annotated[Paging, Query()]
) -> Response:
    """List the stream tables of a measurement by name; ``after`` is the id of an artifact."""
    tables = door.catalog.artifacts(measurement, kind="stream")
    found = after_one(tables, query.after, lambda one: one.id)
    items, following = page_of(request, found, query.limit, lambda one: one.id)
    return paged(request, {"items": [stream_row(one) for one in items], "next": following})


@ROUTES.get("/measurements/{measurement}/artifacts", response_model=Page[Artifact])
def list_artifacts(
    request: Request, door: Open, measurement: Id, query: Annotated[ArtifactQuery, Query()]
) -> Response:
    """List the current artifacts of a measurement by kind, name and part, with their locations."""
    tables = door.catalog.artifacts(measurement, kind=query.kind)
    found = after_one(tables, query.after, lambda one: one.id)
    items, following = page_of(request, found, query.limit, lambda one: one.id)
    return paged(request, {"items": items, "next": following})


@ROUTES.get("/measurements/{measurement}/runs", response_model=Page[RunRow])
def list_runs(
    request: Request, door: Open, measurement: Id, query: Annotated[RunQuery, Query()]
) -> Response:
    """List the latest ended attempt of every run of a measurement by start time."""
    records = door.catalog.runs(measurement, step=query.step)
    found = after_one(records, query.after, lambda one: one.run)
    items, following = page_of(request, found, query.limit, lambda one: one.run)
    return paged(request, {"items": [run_row(one) for one in items], "next": following})


@ROUTES.get("/measurements/{measurement}/labels", response_model=Page[LabelSet])
def list_labels(
    request: Request, door: Open, measurement: Id, query: Annotated[Paging, Query()]
) -> Response:
    """List what came back from labelling, the latest delivery of each package.

    ``after`` is the id of an artifact.
    """
    tables = door.catalog.artifacts(measurement, kind="labels")
    found = after_one(tables, query.after, lambda one: one.id)
    items, following = page_of(request, found, query.limit, lambda one: one.id)
    rows = [label_set_row(door.catalog, one) for one in items]
    return paged(request, {"items": rows, "next": following})

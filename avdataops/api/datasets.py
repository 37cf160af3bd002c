"""Frozen datasets: listed, told, compared; and frozen."""

from itertools import islice
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from avdataops.api.answers import Page, page_from, page_of, paged, respond, respond_changed
from avdataops.api.door import Open, routes
from avdataops.api.parameters import NamePaging, PlacePaging, Which, Word
from avdataops.api.scenes import SceneFilters
from avdataops.api.shapes import SceneRow
from avdataops.api.writing import KEY, Sent, described, once, sent
from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset
from avdataops.ports.curation_rules import NAME_PATTERN
from avdataops.wiring import datasets as frozen
from avdataops.wiring.datasets import Difference, Finding, Wanted
from avdataops.wiring.descriptions import scene_row

ROUTES = routes("datasets")


class Asked(SceneFilters):
    """Which scenes to freeze; all that is given must hold."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FreezeBody(BaseModel):
    """What to freeze, and under which name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    question: Asked = Field(description="Which scenes; an empty one is all.")
    kinds: list[Word] = Field(
        default=list(frozen.KINDS),
        max_length=50,
        description="Kinds of tables to hold of each measurement, beside those of its scenes.",
    )


class Other(PlacePaging):
    """Which other dataset, and which page of the differences."""

    to: Annotated[str, Field(pattern=NAME_PATTERN)] = Field(description="Name or id of B.")


@ROUTES.get("/datasets", response_model=Page[Dataset])
def list_datasets(request: Request, door: Open, query: Annotated[NamePaging, Query()]) -> Response:
    """List frozen datasets by name."""
    found = door.desk.datasets(after=query.after, limit=query.limit + 1)
    items, following = page_of(request, found, query.limit, lambda one: one.name)
    return paged(request, {"items": items, "next": following})


@ROUTES.post(
    "/datasets",
    response_model=Dataset,
    status_code=201,
    openapi_extra=described(FreezeBody, KEY),
)
def freeze_dataset(door: Open, given: Annotated[Sent[FreezeBody], sent(FreezeBody)]) -> Response:
    """Freeze the scenes that match now under a name; the same again is what is there."""

    def act(token: str) -> Response:
        del token
        words = given.body.question.words()
        wanted = Wanted(
            name=given.body.name,
            by=given.caller.subject,
            query=door.asking.query(words),
            text=frozen.text_of_words(words),
            kinds=tuple(given.body.kinds),
        )
        return respond_changed(frozen.freeze(door.catalog, door.desk, wanted), status=201)

    return once(given, act)


@ROUTES.get("/datasets/{dataset}", response_model=Dataset)
def get_dataset(request: Request, door: Open, dataset: Which) -> Response:
    """Tell what a dataset holds, and which question it froze."""
    return respond(request, door.desk.dataset(dataset))


@ROUTES.get("/datasets/{dataset}/scenes", response_model=Page[SceneRow])
def list_dataset_scenes(
    request: Request, door: Open, dataset: Which, query: Annotated[PlacePaging, Query()]
) -> Response:
    """List the scenes of a dataset as they were frozen, ordered by time."""
    held = door.desk.dataset(dataset)
    found = door.desk.dataset_scenes(held.id, start=query.start, limit=query.limit + 1)
    items, following = page_from(request, found, query.limit, query.start)
    return paged(request, {"items": [scene_row(one) for one in items], "next": following})


@ROUTES.get("/datasets/{dataset}/artifacts", response_model=Page[Artifact])
def list_dataset_artifacts(
    request: Request, door: Open, dataset: Which, query: Annotated[PlacePaging, Query()]
) -> Response:
    """List the artifacts of a dataset with their locations and hashes, by id."""
    held = door.desk.dataset(dataset)
    found = door.desk.dataset_artifacts(held.id, start=query.start, limit=query.limit + 1)
    items, following = page_from(request, found, query.limit, query.start)
    return paged(request, {"items": items, "next": following})


@ROUTES.get("/datasets/{dataset}/diff", response_model=Page[Difference])
def diff_datasets(
    request: Request, door: Open, dataset: Which, query: Annotated[Other, Query()]
) -> Response:
    """Compare a dataset (A) with another one (B): what only one has, and what changed."""
    one, other = door.desk.dataset(dataset), door.desk.dataset(query.to)
    rows = frozen.diff(door.desk, one, other)
    found = list(islice(rows, query.start, query.start + query.limit + 1))
    items, following = page_from(request, found, query.limit, query.start)
    return paged(request, {"items": items, "next": following})


@ROUTES.get("/datasets/{dataset}/verify", response_model=Page[Finding])
def verify_dataset(
    request: Request, door: Open, dataset: Which, query: Annotated[PlacePaging, Query()]
) -> Response:
    """Tell which scenes and artifacts of a dataset were superseded or changed since."""
    held = door.desk.dataset(dataset)
    rows = frozen.verify(door.catalog, door.desk, held.id)
    news = (one for one in rows if one.state != frozen.SAME)
    found = list(islice(news, query.start, query.start + query.limit + 1))
    items, following = page_from(request, found, query.limit, query.start)
    return paged(request, {"items": items, "next": following})

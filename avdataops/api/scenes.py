"""Scenes: found, counted, told."""

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from avdataops.api.answers import Page, page_of, paged, respond
from avdataops.api.door import Open, routes
from avdataops.api.parameters import MAX_PAGE, PAGE, Id, IdText, Word
from avdataops.api.shapes import Counts, SceneRow
from avdataops.ports.catalog_rules import SCENE_GROUPS, check_group
from avdataops.wiring.descriptions import scene_row
from avdataops.wiring.scene_language.grammar import MAX_LENGTH
from avdataops.wiring.scene_questions import SceneWords, counted

ROUTES = routes("scenes")


class SceneFilters(BaseModel):
    """Which scenes; all that is given must hold."""

    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_LENGTH,
        description="In the query language: cut_in & rain & ego_speed > 30 km/h.",
    )
    type: list[Word] = Field(default=[], max_length=50, description="Any of these types.")
    measurement: IdText | None = None
    vehicle: Word | None = None
    start: Word | None = Field(default=None, description="From: RFC 3339, integer ns or +12.5s.")
    end: Word | None = Field(default=None, description="Until: RFC 3339, integer ns or +12.5s.")
    near: Word | None = Field(default=None, description="LAT,LON,RADIUS_M.")
    where: list[Word] = Field(default=[], max_length=20, description="As 'min_ax_mps2 < -4'.")
    during: list[Word] = Field(default=[], max_length=10, description="While one of this type.")

    def words(self) -> SceneWords:
        """Return the question as the command line asks it."""
        return SceneWords(
            types=tuple(self.type),
            measurement=self.measurement,
            vehicle=self.vehicle,
            start=self.start,
            end=self.end,
            near=self.near,
            where=tuple(self.where),
            during=tuple(self.during),
            text=self.q,
        )


class SceneQuery(SceneFilters):
    """Which scenes, and which page of them."""

    after: IdText | None = Field(default=None, description="Id of the last one before this page.")
    limit: int = Field(default=PAGE, ge=1, le=MAX_PAGE, description="Length of the page.")


class CountQuery(SceneFilters):
    """Which scenes, and by what to count them."""

    by: Word = Field(default="type", description="One of: " + ", ".join(SCENE_GROUPS))


@ROUTES.get("/scenes", response_model=Page[SceneRow])
def find_scenes(request: Request, door: Open, query: Annotated[SceneQuery, Query()]) -> Response:
    """Find scenes, ordered by time."""
    wanted = door.asking.query(query.words())
    found = door.catalog.scenes(wanted, after=query.after, limit=query.limit + 1)
    items, following = page_of(request, found, query.limit, lambda one: one.id)
    return paged(request, {"items": [scene_row(one) for one in items], "next": following})


@ROUTES.get("/scenes/count", response_model=Counts)
def count_scenes(request: Request, door: Open, query: Annotated[CountQuery, Query()]) -> Response:
    """Count scenes before looking at them."""
    check_group(query.by)
    counts = door.catalog.count_scenes(door.asking.query(query.words()), by=query.by)
    return respond(request, {"by": query.by, "items": counted(counts, query.by)})


@ROUTES.get("/scenes/{scene}", response_model=SceneRow)
def get_scene(request: Request, door: Open, scene: Id) -> Response:
    """Tell one scene with its evidence."""
    return respond(request, scene_row(door.catalog.scene(scene)))

"""Numbers about scenes: facets, rates with their denominators, how it is asked, why not."""

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from avdataops.api.answers import respond
from avdataops.api.door import Door, Open, routes
from avdataops.api.parameters import IdText, Word
from avdataops.api.scenes import SceneFilters
from avdataops.model.errors import ConfigError
from avdataops.model.time import parse_time
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.catalog_rules import SCENE_GROUPS, check_group
from avdataops.ports.question_forms import written
from avdataops.wiring.scene_language.grammar import MAX_LENGTH
from avdataops.wiring.scene_questions import per_of
from avdataops.wiring.scene_rates import Rates, ReadTable, rate_row
from avdataops.wiring.why_not import Questioner, why_not_document

ROUTES = routes("scenes")
Text = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]


class FacetQuery(SceneFilters):
    """Which scenes, and by what to count them."""

    by: list[Word] = Field(
        default=["type", "weather", "light", "road_class"],
        max_length=len(SCENE_GROUPS),
        description="Any of: " + ", ".join(SCENE_GROUPS),
    )


class RateQuery(BaseModel):
    """How often, per what."""

    q: Text = Field(description="In the query language; it names scene types.")
    per: Word = Field(default="100km", description="A distance or a time, as 100km or 1h.")


class ExplainQuery(BaseModel):
    """What is to be explained."""

    q: Text = Field(description="In the query language.")


class WhyNotQuery(BaseModel):
    """What was expected, and where."""

    measurement: IdText
    at: Word = Field(description="RFC 3339, integer ns or +12.5s.")
    type: Word


class Facets(BaseModel):
    """How many scenes there are, by several groups."""

    facets: dict[str, dict[str, int]] = Field(description="Group -> name -> scenes.")


class RateDocument(BaseModel):
    """How often, and in how much."""

    scenes: int
    rate: float | None = Field(description="Null where nothing was judged.")
    low: float | None = Field(description="Exact 95 % interval of the rate.")
    high: float | None
    per: str
    coverage: float | None = Field(description="Share of the exposure that could be judged.")
    judged_km: float
    exposure_km: float
    unknown_km: float = Field(description="Driven where nobody knows whether the conditions held.")
    judged_h: float
    exposure_h: float
    unknown_h: float
    measurements: int
    not_searched: int
    conditions: str
    only_counted: list[str]


class StatementRow(BaseModel):
    """One request to the database."""

    text: str
    plan: list[str]


class Explanation(BaseModel):
    """How a query is understood and asked."""

    normal_form: str
    statements: list[StatementRow]


class MissedRow(BaseModel):
    """One threshold against what was measured."""

    threshold: str
    op: str
    needed: float
    evidence: str
    had: float | None
    short_by: float | None


class WhyNotDocument(BaseModel):
    """Why there is no scene."""

    measurement: str
    t_ns: int
    type: str
    verdict: str = Field(description="found, not_searched, unknown, near_miss or not_found.")
    reason: str
    thresholds: list[MissedRow]
    loosened_to: float | None
    scene: str | None
    nearest_s: float | None


@ROUTES.get("/scenes/facets", response_model=Facets)
def scene_facets(request: Request, door: Open, query: Annotated[FacetQuery, Query()]) -> Response:
    """Count scenes by several groups at once."""
    for by in query.by:
        check_group(by)
    wanted = door.asking.query(query.words())
    counts = {by: door.catalog.count_scenes(wanted, by=by) for by in query.by}
    return respond(request, {"facets": counts})


@ROUTES.get("/scenes/rate", response_model=RateDocument)
def scene_rate(request: Request, door: Open, query: Annotated[RateQuery, Query()]) -> Response:
    """Tell how often scenes happen, per distance or time driven in their conditions."""
    question = door.asking.matching(query.q)
    found = Rates(door.catalog, _tables(door)).rate(question, per_of(query.per))
    return respond(request, rate_row(found))


@ROUTES.get("/scenes/explain", response_model=Explanation)
def explain_query(
    request: Request, door: Open, query: Annotated[ExplainQuery, Query()]
) -> Response:
    """Tell how a query is understood, and by which index it is answered."""
    question = door.asking.matching(query.q)
    found = door.catalog.explain(SceneQuery(matching=question))
    statements = [{"text": one.text, "plan": list(one.plan)} for one in found]
    return respond(request, {"normal_form": written(question), "statements": statements})


@ROUTES.get("/scenes/why-not", response_model=WhyNotDocument)
def scene_why_not(request: Request, door: Open, query: Annotated[WhyNotQuery, Query()]) -> Response:
    """Tell why no scene of a type was found at a moment."""
    door.asking.check_type(query.type)
    there = door.catalog.measurement(query.measurement)
    asked = Questioner(door.catalog, _tables(door))
    answer = asked.why_not(there.id, parse_time(query.at, there.start_ns), query.type)
    return respond(request, why_not_document(answer))


def _tables(door: Door) -> ReadTable:
    if door.read is None:
        raise ConfigError("this API has no tables to read, only the catalog")
    return door.read

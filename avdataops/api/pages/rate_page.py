"""How often the scenes of a question happen, with what they are counted against."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from avdataops.api.access import admitted
from avdataops.api.door import Door, Open
from avdataops.api.pages.rendering import command, page
from avdataops.model.errors import InputError, NotFound
from avdataops.wiring.scene_language.grammar import MAX_LENGTH
from avdataops.wiring.scene_questions import per_of
from avdataops.wiring.scene_rates import Rates, ReadTable, rate_row

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
_PER = "100km"


def _tables(door: Door) -> ReadTable:
    if door.read is None:
        raise NotFound("this service shows no data, only what the catalog knows")
    return door.read


@ROUTES.get("/scenes/rate")
def rate_page(
    door: Open,
    q: Annotated[str, Query(max_length=MAX_LENGTH)] = "",
    per: Annotated[str, Query(max_length=40)] = _PER,
) -> Response:
    """Tell how often the scenes of a question happen, with what it is counted against."""
    facts: dict[str, Any] = {"q": q, "per": per, "found": None, "problem": None, "hint": None}
    try:
        if q.strip():
            rates = Rates(door.catalog, _tables(door))
            facts["found"] = rate_row(rates.rate(door.asking.matching(q), per_of(per)))
    except InputError as error:
        facts |= {"problem": error.message, "hint": error.hint}
    return page("rate.html", **facts, command=command(["scenes", "rate", q, "--per", per]))

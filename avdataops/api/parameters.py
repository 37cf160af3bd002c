"""Parameters of a request: which there are, how they are shaped, and the near miss of others."""

from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, Field

from avdataops.model.errors import InputError, did_you_mean, shown
from avdataops.ports.curation_rules import NAME_PATTERN

ID_PATTERN = r"^[a-z]{1,4}_[0-9a-f]{16,40}$"
MAX_PAGE, PAGE = 1000, 100

Id = Annotated[str, Path(pattern=ID_PATTERN, description="Id, like m_..., art_..., run_..., scn_…")]
IdText = Annotated[str, Field(pattern=ID_PATTERN)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


Name = Annotated[str, Path(pattern=NAME_PATTERN, description="A name.")]
Which = Annotated[str, Path(pattern=NAME_PATTERN, description="A name, or an id.")]


class NamePaging(BaseModel):
    """Which page of things that are listed by name."""

    after: Annotated[str, Field(pattern=NAME_PATTERN)] | None = Field(
        default=None, description="Name of the last one before this page."
    )
    limit: int = Field(default=PAGE, ge=1, le=MAX_PAGE, description="Length of the page.")


class PlacePaging(BaseModel):
    """Which page of things that never change, by their places."""

    start: int = Field(default=0, ge=0, le=10_000_000, description="Place of the first one.")
    limit: int = Field(default=PAGE, ge=1, le=MAX_PAGE, description="Length of the page.")


class Paging(BaseModel):
    """Which page."""

    after: IdText | None = Field(default=None, description="Id of the last one before this page.")
    limit: int = Field(default=PAGE, ge=1, le=MAX_PAGE, description="Length of the page.")


def only_known(request: Request) -> None:
    """Raise ``InputError`` for a parameter that the route does not have, or has once."""
    described: dict[str, Any] = request.app.openapi()["paths"][request.scope["route"].path]
    known = {
        one["name"]: one["schema"].get("type") == "array"
        for one in described[request.method.lower()].get("parameters", [])
        if one["in"] == "query"
    }
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            raise InputError(
                f"there is no parameter {shown(name)}{did_you_mean(name, known)}",
                hint=f"parameters: {', '.join(known) or 'none'}",
            )
        if given.count(name) > 1 and not known[name]:
            raise InputError(f"parameter '{name}' is given {given.count(name)} times")

"""What is sent: read after the token was looked at, checked whole, asked for once."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from avdataops.api.access import Caller, Writer
from avdataops.api.answers import is_named
from avdataops.api.guard import Write
from avdataops.model.errors import Outdated

T = TypeVar("T", bound=BaseModel)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=200, description="ETag of what the writer has read; else 412."
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Names the request: sent again with the same key it is done once.",
    ),
]


def sent(kind: type[T]) -> Any:
    """Return a dependency that reads a body of this kind, once the caller may write.

    The framework itself would look at the body first, and tell strangers what is wrong with it.
    """

    async def read(request: Request, caller: Writer) -> T:
        del caller
        try:
            return kind.model_validate_json(await request.body())
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise RequestValidationError(
                [{**one, "loc": ("body", *(one["loc"] or ("body",)))} for one in found]
            ) from error

    return Depends(read)


def body_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Return how the description tells of a body of this kind."""
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
    }


def token_of(caller: Caller, key: str | None) -> str:
    """Return what names a request among those of all callers; empty without a key."""
    if key is None:
        return ""
    return hashlib.sha256(f"{caller.subject}\0{key}".encode()).hexdigest()


def check_match(given: str | None, tag: str) -> None:
    """Raise ``Outdated`` if the writer has read something else."""
    if given is not None and not is_named(given, tag):
        raise Outdated("this was changed since you read it", hint="read it again, then decide")


def writes_of(routers: Iterable[APIRouter]) -> tuple[Write, ...]:
    """Return where something can be changed, by the routes themselves."""
    return tuple(
        Write(method, route.path_regex)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted((route.methods or set()) - {"GET", "HEAD"})
    )

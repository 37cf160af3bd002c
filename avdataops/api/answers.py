"""Answers: JSON with a strong ETag, and pages with a link to the next."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from avdataops.model.errors import NotFound, shown

T = TypeVar("T")
_OK, _NOT_MODIFIED = 200, 304
_TAG_DIGITS = 32


class Page(BaseModel, Generic[T]):
    """Some of the things asked for, in order of their key."""

    items: list[T]
    next: str | None = Field(description="Address of the next page; null on the last one.")


def respond(request: Request, document: object) -> Response:
    """Return ``document`` as JSON, or 304 if the client has exactly this."""
    answer = respond_changed(document, status=_OK)
    if _has(request.headers.getlist("if-none-match"), answer.headers["ETag"]):
        kept = {name: answer.headers[name] for name in ("ETag", "Cache-Control")}
        return Response(status_code=_NOT_MODIFIED, headers=kept)
    return answer


def respond_changed(document: object, *, status: int) -> Response:
    """Return ``document`` as it is after a change."""
    body = to_json(document, inf_nan_mode="null")
    headers = {"ETag": _tag(body), "Cache-Control": "private, no-cache"}
    return Response(body, status, headers, "application/json")


def tag_of(document: object) -> str:
    """Return the strong ETag of ``document``."""
    return _tag(to_json(document, inf_nan_mode="null"))


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:_TAG_DIGITS]}"'


def is_named(given: str, tag: str) -> bool:
    """Say whether If-Match names the tag (RFC 9110 13.1.1: strongly compared)."""
    named = [one.strip() for one in given.split(",")]
    return tag in named or "*" in named


def respond_once(document: object) -> Response:
    """Return ``document`` as JSON that nobody may keep: it holds something that expires."""
    body = to_json(document, inf_nan_mode="null")
    return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")


def _has(given: Sequence[str], tag: str) -> bool:
    """Say whether If-None-Match names the tag (RFC 9110 13.1.2: weakly compared)."""
    named = [one.strip().removeprefix("W/") for line in given for one in line.split(",")]
    return tag in named or "*" in named


def page_of(
    request: Request, found: Sequence[T], limit: int, key: Callable[[T], str]
) -> tuple[Sequence[T], str | None]:
    """Return at most ``limit`` of what was found, and the address of what comes after them.

    ``found`` has one more than ``limit`` where there is more.  The address has no host: what a
    client says of our name is not repeated.
    """
    if len(found) <= limit:
        return found, None
    shown_ones = found[:limit]
    url = request.url.include_query_params(after=key(shown_ones[-1]))
    return shown_ones, f"{url.path}?{url.query}"


def page_from(
    request: Request, found: Sequence[T], limit: int, start: int
) -> tuple[Sequence[T], str | None]:
    """Return at most ``limit`` of what was found from place ``start`` on, and the next address."""
    if len(found) <= limit:
        return found, None
    url = request.url.include_query_params(start=start + limit)
    return found[:limit], f"{url.path}?{url.query}"


def after_one(items: Sequence[T], after: str | None, key: Callable[[T], str]) -> Sequence[T]:
    """Return what comes after the item with this key; raises ``NotFound`` if there is none."""
    if after is None:
        return items
    for place, item in enumerate(items):
        if key(item) == after:
            return items[place + 1 :]
    raise NotFound(f"there is no {shown(after)} here to go on from", hint="begin without 'after'")


def paged(request: Request, page: Mapping[str, object]) -> Response:
    """Return a page; the link to the next one stands in a header too (RFC 8288)."""
    answer = respond(request, page)
    if page["next"] and answer.status_code != _NOT_MODIFIED:
        answer.headers["Link"] = f'<{page["next"]}>; rel="next"'
    return answer

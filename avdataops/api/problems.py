"""One table from error class to status, and every refusal as ``application/problem+json``.

RFC 9457.  What an error says of a machine (paths, endpoints, settings) stays in the log.
"""

import http
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException as AnyHttpException

from avdataops.model.errors import (
    AvdataopsError,
    Busy,
    ConfigError,
    Conflict,
    InputError,
    NotFound,
    NothingToDo,
    Outdated,
    PermissionDenied,
    TransientError,
)

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = 5
_MAX_PROBLEMS = 20
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a class of errors becomes."""

    status: int
    detail: str | None = None
    """Said in place of the error's own words, which may name a machine; None: its own words."""


STATUS: Mapping[type[AvdataopsError], Told] = {
    InputError: Told(422),
    Conflict: Told(409),
    Outdated: Told(412),
    NothingToDo: Told(409),
    NotFound: Told(404),
    Busy: Told(423, "somebody else is working on this"),
    TransientError: Told(503, "something behind this service does not answer"),
    PermissionDenied: Told(403, "this service may not read that"),
    ConfigError: Told(500, "this service is not set up correctly"),
    AvdataopsError: Told(500, "this service has a defect"),
}
"""The nearest class counts, so that a new one speaks with its parent's status."""


class FieldProblem(BaseModel):
    """What is wrong with one parameter."""

    parameter: str
    message: str


class Problem(BaseModel):
    """Why a request was refused."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable word for the kind of problem.")
    hint: str | None = None
    retryable: bool = False
    request_id: str | None = None
    errors: list[FieldProblem] = []


def status_of(error: AvdataopsError) -> Told:
    """Return what ``error`` becomes."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error with a problem."""
    app.add_exception_handler(AvdataopsError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_parameters)
    app.add_exception_handler(AnyHttpException, _of_http)
    app.add_exception_handler(Exception, _of_defect)


def _answer(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    problem.request_id = request.scope.get("state", {}).get("request_id")
    if _is_for_people(request):
        told: Response = request.app.state.tell_as_page(request, problem, headers or {})
        return told
    return problem_response(problem, headers)


def _is_for_people(request: Request) -> bool:
    """Say whether a browser asked for a page: it takes HTML, and this is no address of the API."""
    wants_page = "text/html" in request.headers.get("accept", "")
    return wants_page and not request.url.path.startswith("/api/")


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that tells ``problem``; it is never to be kept."""
    told = {"Cache-Control": "no-store", **(headers or {})}
    return Response(to_json(problem), problem.status, told, MEDIA_TYPE)


def title_of(status: int) -> str:
    """Return the phrase of a status."""
    return http.HTTPStatus(status).phrase


def word_of(status: int) -> str:
    """Return the stable word for a status that no error of the product stands behind."""
    return re.sub(r"[^a-z]+", "_", title_of(status).lower())


def _of_ours(request: Request, error: Exception) -> Response:
    ours = error if isinstance(error, AvdataopsError) else AvdataopsError(str(error))
    told = status_of(ours)
    if told.detail:
        _LOG.warning("%s: %s", type(ours).__name__, ours.message)
    problem = Problem(
        title=title_of(told.status),
        status=told.status,
        detail=told.detail or ours.message,
        code=ours.code,
        hint=None if told.detail else ours.hint,
        retryable=ours.retryable,
    )
    headers = {"Retry-After": str(_RETRY_AFTER_S)} if ours.retryable else None
    return _answer(request, problem, headers)


def _of_parameters(request: Request, error: Exception) -> Response:
    found: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    errors = [
        FieldProblem(parameter=".".join(map(str, one["loc"][1:])), message=str(one["msg"]))
        for one in found[:_MAX_PROBLEMS]
    ]
    first = f"{errors[0].parameter}: {errors[0].message}" if errors else "a parameter is wrong"
    problem = Problem(
        title=title_of(422), status=422, detail=first, code=InputError.code, errors=errors
    )
    return _answer(request, problem)


def _of_http(request: Request, error: Exception) -> Response:
    known = error if isinstance(error, AnyHttpException) else HTTPException(500)
    problem = Problem(
        title=title_of(known.status_code),
        status=known.status_code,
        detail=str(known.detail),
        code=word_of(known.status_code),
    )
    return _answer(request, problem, known.headers)


def _of_defect(request: Request, error: Exception) -> Response:
    del error
    problem = Problem(
        title=title_of(500), status=500, detail="this service has a defect", code="defect"
    )
    # Answered outside of the guard, which names all others.
    named = str(request.scope.get("state", {}).get("request_id", ""))
    return _answer(request, problem, {"X-Request-ID": named})

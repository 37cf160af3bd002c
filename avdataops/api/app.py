"""The application: the API, the pages, every error, and the addresses that anybody may read."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response

from avdataops.api import (
    artifacts,
    datasets,
    measurements,
    pages,
    problems,
    queries,
    reviews,
    scene_numbers,
    scenes,
)
from avdataops.api.datasets import FreezeBody
from avdataops.api.door import Door
from avdataops.api.guard import Guard
from avdataops.api.shapes import QueryBody, ReviewBody
from avdataops.api.writing import writes_of

_ROUTERS = tuple(
    part.ROUTES
    for part in (measurements, artifacts, scene_numbers, scenes, reviews, queries, datasets)
)
_BODIES: tuple[type[BaseModel], ...] = (ReviewBody, QueryBody, FreezeBody)
"""What is sent; read after the token, so the framework does not know of them."""

_DESCRIPTION = """\
Measurements, recordings, streams, artifacts with their locations, runs, scenes, lineage and label
sets, for reading; reviews, saved queries and frozen datasets, for writing too (role operator).
Times are integer nanoseconds since the Unix epoch, UTC; ranges are half-open. Pages are keyset
pages: follow `next`. Answers carry a strong ETag. Every refusal is a problem (RFC 9457).\
"""


class MetadataApi(FastAPI):
    """An application whose description names the one shape of its refusals."""

    def openapi(self) -> dict[str, Any]:
        """Return the description, made once."""
        if not self.openapi_schema:
            described = super().openapi()
            problem = problems.Problem.model_json_schema(
                ref_template="#/components/schemas/{model}"
            )
            schemas = described["components"]["schemas"]
            schemas |= {**problem.pop("$defs"), "Problem": problem}
            for body in _BODIES:
                schemas[body.__name__] = body.model_json_schema(
                    ref_template="#/components/schemas/{model}"
                )
                schemas |= schemas[body.__name__].pop("$defs", {})
        return super().openapi()


def make_app(door: Door) -> FastAPI:
    """Return the API over ``door``."""
    app = assembled()
    app.state.door = door
    return app


def assembled() -> FastAPI:
    """Return the API with nothing behind it yet: enough to describe it."""
    app = MetadataApi(
        title="avdataops Metadata API",
        version="1",
        description=_DESCRIPTION,
        # The interactive pages would load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in _ROUTERS:
        app.include_router(router)
    pages.install(app)
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    problems.install(app)
    app.add_middleware(Guard, writes=writes_of((*_ROUTERS, *pages.ROUTERS)))
    return app


def healthz() -> Response:
    """Say that the process answers, and nothing else."""
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})

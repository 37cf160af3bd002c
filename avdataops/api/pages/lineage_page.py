"""Lineage: from anything to the uploaded bytes, and to whatever was made of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from markupsafe import Markup

from avdataops.api.access import admitted
from avdataops.api.door import Open
from avdataops.api.pages.lineage_drawing import lineage_svg
from avdataops.api.pages.lineage_folding import folded
from avdataops.api.pages.rendering import command, page
from avdataops.api.parameters import Id
from avdataops.ports.catalog import Direction, Lineage, Node
from avdataops.ports.lineage_views import as_tree

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
MAX_DEPTH = 100


@ROUTES.get("/lineage/{start}")
def lineage_page(
    door: Open,
    start: Id,
    direction: Direction = Direction.UP,
    depth: Annotated[int | None, Query(ge=1, le=MAX_DEPTH)] = None,
    whole: bool = False,
) -> Response:
    """Draw what a thing came from, or what came of it."""
    found = door.catalog.lineage(start, direction, depth=depth)
    small = found if whole else folded(found)
    more = f"/lineage/{start}?direction={direction.value}&whole=true"
    drawn = lineage_svg(small, {node.id: _address_of(node, more) for node in small.nodes})
    root = next(node for node in found.nodes if node.id == found.root)
    return page(
        "lineage.html",
        root=root,
        page_of_root=_page_of(root),
        direction=direction.value,
        count=len(found.nodes),
        unfold=more if small is not found else None,
        # Escaped where it is made.
        drawing=Markup(drawn) if drawn else None,  # noqa: S704
        tree=as_tree(found),
        uploads=_uploads(found),
        command=command(["lineage", "show", start, f"--{direction.value}"]),
    )


def _uploads(lineage: Lineage) -> list[Node]:
    """Return the uploaded files that the lineage ends at, with their SHA-256."""
    found = [node for node in lineage.nodes if node.kind in {"upload", "recording"} and node.sha256]
    return sorted({node.sha256: node for node in found}.values(), key=lambda node: node.name)


def _address_of(node: Node, more: str) -> str:
    if node.facts.get("folded"):
        return more
    return _page_of(node) or f"/lineage/{node.id}"


def _page_of(node: Node) -> str | None:
    if node.kind == "scene":
        return f"/scenes/{node.id}"
    if node.kind == "run":
        return f"/runs/{node.id}"
    return None

"""Scenes: asked for by page, counted, found by id."""

import heapq
import itertools
from collections.abc import Iterator
from typing import Any

from avdataops.adapters.cosmos_catalog.companions import in_company
from avdataops.adapters.cosmos_catalog.conditions import Tests, tests_of
from avdataops.adapters.cosmos_catalog.documents import scene_of
from avdataops.adapters.cosmos_catalog.layout import SCENES
from avdataops.adapters.cosmos_catalog.missing import SCENE, no_such
from avdataops.adapters.cosmos_catalog.requests import PAGE, Document, Requests
from avdataops.adapters.cosmos_catalog.reviewed import reviewed_as
from avdataops.adapters.cosmos_catalog.values import check_text, is_known_shape
from avdataops.adapters.cosmos_catalog.visible import Visible, rank_of
from avdataops.model.places import distance_m
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Near, SceneQuery
from avdataops.ports.catalog_rules import check_group

_PROPERTIES = {"type": "type", "measurement": "measurementId", "vehicle": "vehicle"}
_SMALLEST_PAGE = 50
_ENOUGH_NAMES = 500

_BY_ID = "SELECT * FROM c WHERE c.scene = @scene"
_EVIDENCE = "SELECT VALUE c.evidence FROM c"
_COUNTED = (
    "SELECT c.measurementId, c.scene, c.run, c.tag, c.type, c.vehicle, c.at, c.stop, c.place"
    " FROM c WHERE "
)


def find_scenes(
    requests: Requests, query: SceneQuery, *, after: str | None, limit: int
) -> list[Scene]:
    """Return current scenes by (start, id); a ``limit`` of 0 or less means all.

    One ordered walk for each type, merged: never a sort of all that match.  What only the client
    can tell (is it current, is it near to the metre, is it in company) is tested page by page,
    until enough are found.
    """
    common = tests_of(query, lambda: _known_names(requests))
    if after is not None:
        common.add("c.at > {}", _row_of(requests, after)["at"])
    visible = Visible(requests)
    if query.measurement is not None and not _can_answer(visible, query.measurement):
        return []
    page = max(min(limit, PAGE), _SMALLEST_PAGE) if limit > 0 else PAGE
    walks = [
        _walk(requests, query, common, scene_type, page)
        for scene_type in (dict.fromkeys(query.types) or (None,))
    ]
    merged = heapq.merge(*walks, key=lambda row: str(row["at"]))
    found = _tested(requests, visible, query, merged, page)
    wanted = itertools.islice(found, limit) if limit > 0 else found
    return [scene_of(row) for row in wanted]


def _can_answer(visible: Visible, measurement: str) -> bool:
    return is_known_shape(measurement) and visible.know(measurement) is not None


def _walk(
    requests: Requests, query: SceneQuery, common: Tests, scene_type: str | None, page: int
) -> Iterator[Document]:
    """Yield the documents of one type in order.

    Properties that are tested for one value come first in ORDER BY, where they change nothing
    but tell the service which composite index to walk.
    """
    tests = Tests(list(common.texts), dict(common.values))
    order = []
    if scene_type is not None:
        tests.add("c.type = {}", check_text(scene_type))
        order.append("c.type ASC")
    if query.vehicle is not None:
        tests.add("c.vehicle = {}", check_text(query.vehicle))
        order.append("c.vehicle ASC")
    text = f"SELECT * FROM c WHERE {tests.where} ORDER BY {', '.join([*order, 'c.at ASC'])}"  # noqa: S608 - tests hold no values
    yield from requests.query(SCENES, text, tests.values, key=query.measurement, page=page)


def _tested(
    requests: Requests,
    visible: Visible,
    query: SceneQuery,
    rows: Iterator[Document],
    page: int,
) -> Iterator[Document]:
    """Yield the rows that hold what only the client can tell."""
    while chunk := list(itertools.islice(rows, page)):
        near = [row for row in chunk if query.near is None or _is_near(row, query.near)]
        speaking = list(visible.speaking(near))
        told = reviewed_as(requests, speaking, query.where)
        yield from in_company(requests, visible, told, query.during)


def _is_near(row: Document, near: Near) -> bool:
    lon_deg, lat_deg = row["place"]["coordinates"]
    return distance_m(lat_deg, lon_deg, near.lat_deg, near.lon_deg) <= near.radius_m


def count_scenes(requests: Requests, query: SceneQuery, by: str) -> dict[str, int]:
    """Return the number of current scenes by one property.

    The service cannot tell which scenes are current, so this reads a few properties of each that
    matches: a count over the whole fleet costs what reading a table of it costs.
    """
    check_group(by)
    tests = tests_of(query, lambda: _known_names(requests))
    if query.types:
        types = [check_text(name) for name in dict.fromkeys(query.types)]
        tests.add("ARRAY_CONTAINS({}, c.type)", types)
    if query.vehicle is not None:
        tests.add("c.vehicle = {}", check_text(query.vehicle))
    visible = Visible(requests)
    if query.measurement is not None and not _can_answer(visible, query.measurement):
        return {}
    text = _COUNTED + tests.where
    rows = requests.query(SCENES, text, tests.values, key=query.measurement)
    counts: dict[str, int] = {}
    for row in _tested(requests, visible, query, rows, PAGE):
        name = row[_PROPERTIES[by]]
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def get_scene(requests: Requests, scene: str) -> Scene:
    """Return one scene; raises ``NotFound``."""
    return scene_of(_row_of(requests, scene))


def find_row(requests: Requests, scene: str) -> Document | None:
    """Return the document that speaks for a scene: the current one, else the latest; or None.

    A scene's id does not tell its measurement, and a lookup document for each would double the
    cost of writing them; so all physical partitions are asked, by index.
    """
    if not is_known_shape(scene):
        return None
    visible = Visible(requests)
    ranked: list[tuple[Any, Document]] = []
    for row in requests.query(SCENES, _BY_ID, {"scene": scene}):
        head = visible.know(row["measurementId"])
        rank = rank_of(head, row) if head else None
        if rank is not None:
            ranked.append((rank, row))
    return max(ranked, key=lambda one: one[0])[1] if ranked else None


def _row_of(requests: Requests, scene: str) -> Document:
    row = find_row(requests, scene)
    if row is None:
        raise no_such(requests, SCENE, scene)
    return row


def _known_names(requests: Requests) -> list[str]:
    """Return the names of evidence that some of the scenes have."""
    rows = requests.query(SCENES, _EVIDENCE, {}, page=_ENOUGH_NAMES)
    some = itertools.islice(rows, _ENOUGH_NAMES)
    return sorted({name for row in some for name in row})

"""Scenes: asked for by page, counted, found by id."""

import heapq
import itertools
from collections.abc import Iterator
from typing import Any

from avdataops.adapters.cosmos_catalog.companions import matching
from avdataops.adapters.cosmos_catalog.conditions import Asked, Tests, asked
from avdataops.adapters.cosmos_catalog.documents import scene_of
from avdataops.adapters.cosmos_catalog.layout import SCENES
from avdataops.adapters.cosmos_catalog.missing import SCENE, no_such
from avdataops.adapters.cosmos_catalog.requests import PAGE, Document, Requests
from avdataops.adapters.cosmos_catalog.values import check_text, is_known_shape, time_of
from avdataops.adapters.cosmos_catalog.visible import Visible, rank_of
from avdataops.model.scene import Scene
from avdataops.ports.catalog import SceneQuery, Statement
from avdataops.ports.catalog_rules import DAY_NS, EVIDENCE_NAME, UNKNOWN, check_group, day_of
from avdataops.ports.question_checks import check_question
from avdataops.ports.question_forms import question_of
from avdataops.ports.questions import Question

_PROPERTIES = {"type": "type", "measurement": "measurementId", "vehicle": "vehicle"}
_SMALLEST_PAGE = 50
_ENOUGH_NAMES = 500

_BY_ID = "SELECT * FROM c WHERE c.scene = @scene"
_EVIDENCE = "SELECT VALUE c.evidence FROM c"
_COUNTED = "c.measurementId, c.scene, c.run, c.tag, c.type, c.vehicle, c.at"
_KNOWS = 'SELECT c.id FROM c WHERE IS_DEFINED(c.evidence["{name}"])'


def find_scenes(
    requests: Requests, query: SceneQuery, *, after: str | None, limit: int
) -> list[Scene]:
    """Return current scenes by (start, id); a ``limit`` of 0 or less means all.

    One ordered walk for each type, merged: never a sort of all that match.  What only the client
    can tell (is it current, is it near to the metre, is it in company) is tested page by page,
    until enough are found.
    """
    question = _checked(requests, query)
    ask = asked(question)
    if after is not None:
        ask.tests.add("c.at > {}", _row_of(requests, after)["at"])
    visible = Visible(requests)
    if ask.measurement is not None and not _can_answer(visible, ask.measurement):
        return []
    page = max(min(limit, PAGE), _SMALLEST_PAGE) if limit > 0 else PAGE
    types = (None,) if ask.types is None else ask.types
    walks = [_walk(requests, ask, scene_type, page) for scene_type in types]
    merged = heapq.merge(*walks, key=lambda row: str(row["at"]))
    found = _tested(requests, visible, ask, merged, page)
    wanted = itertools.islice(found, limit) if limit > 0 else found
    return [scene_of(row) for row in wanted]


def _checked(requests: Requests, query: SceneQuery) -> Question:
    question = question_of(query)
    check_question(question, lambda: known_names(requests))
    return question


def _can_answer(visible: Visible, measurement: str) -> bool:
    return is_known_shape(measurement) and visible.know(measurement) is not None


def _walk(requests: Requests, ask: Asked, scene_type: str | None, page: int) -> Iterator[Document]:
    """Yield the documents of one type in order.

    Properties that are tested for one value come first in ORDER BY, where they change nothing
    but tell the service which composite index to walk.
    """
    text, values = _page_of(ask, scene_type)
    yield from requests.query(SCENES, text, values, key=ask.measurement, page=page)


def _page_of(ask: Asked, scene_type: str | None) -> tuple[str, dict[str, object]]:
    tests = Tests(list(ask.tests.texts), dict(ask.tests.values))
    order = []
    if scene_type is not None:
        tests.add("c.type = {}", check_text(scene_type))
        order.append("c.type ASC")
    if ask.vehicle is not None:
        tests.add("c.vehicle = {}", ask.vehicle)
        order.append("c.vehicle ASC")
    text = f"SELECT * FROM c WHERE {tests.where} ORDER BY {', '.join([*order, 'c.at ASC'])}"  # noqa: S608 - tests hold no values
    return text, tests.values


def explain_scenes(requests: Requests, query: SceneQuery) -> list[Statement]:
    """Return the query of each walk, and what is known of how it is answered."""
    ask = asked(_checked(requests, query))
    key = ask.measurement
    where = "all partitions" if key is None else f"the partition of {key}"
    plan = [f"asked of {where}, walked in the order of its composite index"]
    if not ask.is_exact:
        plan.append(
            "what the service cannot tell (other scenes, rings, metres, reviews) is fetched for"
            " each page and tested by the client"
        )
    types = (None,) if ask.types is None else ask.types
    texts = [_page_of(ask, scene_type) for scene_type in types]
    return [
        Statement(text=text, values=tuple(sorted(values.items())), plan=tuple(plan))
        for text, values in texts
    ]


def _tested(
    requests: Requests, visible: Visible, ask: Asked, rows: Iterator[Document], page: int
) -> Iterator[Document]:
    """Yield the rows that hold what only the client can tell."""
    while chunk := list(itertools.islice(rows, page)):
        speaking = list(visible.speaking(chunk))
        if ask.is_exact:
            yield from speaking
        else:
            yield from matching(requests, visible, speaking, ask.question)


def count_scenes(requests: Requests, query: SceneQuery, by: str) -> dict[str, int]:
    """Return the number of current scenes by one property.

    The service cannot tell which scenes are current, so this reads a few properties of each that
    matches, and all of them where it cannot tell what matches: a count over the whole fleet costs
    what reading a table of it costs.
    """
    check_group(by)
    ask = asked(_checked(requests, query))
    if ask.types is not None:
        types = [check_text(name) for name in ask.types]
        ask.tests.add("ARRAY_CONTAINS({}, c.type)", types)
    if ask.vehicle is not None:
        ask.tests.add("c.vehicle = {}", ask.vehicle)
    visible = Visible(requests)
    if ask.measurement is not None and not _can_answer(visible, ask.measurement):
        return {}
    columns = f"{_COUNTED}, {_group_of(by)} AS told" if ask.is_exact else "*"
    text = f"SELECT {columns} FROM c WHERE {ask.tests.where}"  # noqa: S608 - columns and tests hold no values
    rows = requests.query(SCENES, text, ask.tests.values, key=ask.measurement)
    counts: dict[str, int] = {}
    for row in _tested(requests, visible, ask, rows, PAGE):
        name = _name_in(row, by)
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _group_of(by: str) -> str:
    if by == "day":
        return "c.at"
    return f"c.{_PROPERTIES[by]}" if by in _PROPERTIES else f'c.{_part_of(by)}["{by}"]'


def _part_of(by: str) -> str:
    return "own" if by == "detector" else "evidence"


def _name_in(row: Document, by: str) -> str:
    if by == "day":
        return day_of(time_of(start_of(row)) // DAY_NS)
    if by in _PROPERTIES:
        return str(row[_PROPERTIES[by]])
    told = row["told"] if "told" in row else row.get(_part_of(by), {}).get(by)
    # A number under the name of a group is no name.
    return told if isinstance(told, str) and told else UNKNOWN


def start_of(row: Document) -> str:
    """Return the start of a row as sortable text."""
    return str(row["at"]).split("~", maxsplit=1)[0]


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


def known_names(requests: Requests) -> list[str]:
    """Return the names of evidence that some of the scenes have."""
    rows = requests.query(SCENES, _EVIDENCE, {}, page=_ENOUGH_NAMES)
    some = itertools.islice(rows, _ENOUGH_NAMES)
    return sorted({name for row in some for name in row})


def knows_name(requests: Requests, name: str) -> bool:
    """Say whether some scene has evidence of this name, by index."""
    if not EVIDENCE_NAME.fullmatch(name):
        return False
    text = _KNOWS.format(name=name)
    return next(requests.query(SCENES, text, {}, page=1), None) is not None

"""The other scenes of the measurements that were found, fetched in a second, bounded step."""

from collections.abc import Iterable, Iterator, Sequence

from avdataops.adapters.cosmos_catalog.conditions import asks_reviews
from avdataops.adapters.cosmos_catalog.documents import record_of, scene_of
from avdataops.adapters.cosmos_catalog.layout import CATALOG, SCENES
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.reviewed import verdicts_of
from avdataops.adapters.cosmos_catalog.values import INT64_MAX, INT64_MIN, sortable
from avdataops.adapters.cosmos_catalog.visible import Visible
from avdataops.model.scene import Scene
from avdataops.ports.judged import Tile, judged_from
from avdataops.ports.question_answers import Gathered, answer, window_of
from avdataops.ports.question_forms import leaves, parts_of, types_of
from avdataops.ports.questions import AllOf, AnyOf, Not, Question, Related

_CHUNK = 100
_OTHERS = "SELECT * FROM c WHERE ARRAY_CONTAINS(@measurements, c.measurementId)"
_OF_TYPES = " AND ARRAY_CONTAINS(@types, c.type)"
_IN_REACH = " AND c.at < @stop AND c.stop > @start"
_JUDGING = (
    "SELECT * FROM c WHERE c.kind = 'record' AND c.judges = true"
    " AND ARRAY_CONTAINS(@measurements, c.measurementId)"
)


def matching(
    requests: Requests, visible: Visible, rows: Iterable[Document], question: Question
) -> Iterator[Document]:
    """Yield the rows of scenes for which the question is true, in their order.

    What a scene says of itself is looked at first, so that company is fetched for few.
    """
    parts = parts_of(question)
    alone = AllOf(tuple(part for part in parts if not _related(part)))
    rows = list(rows)
    told = any(map(asks_reviews, leaves(question)))
    verdicts = verdicts_of(requests, [row["scene"] for row in rows]) if told else {}
    nobody = Gathered({}, {}, verdicts)
    own = [
        (row, scene)
        for row, scene in ((row, scene_of(row)) for row in rows)
        if answer(alone, scene, nobody)
    ]
    if not any(map(_related, parts)):
        yield from (row for row, _ in own)
        return
    measurements = list(dict.fromkeys(scene.measurement for _, scene in own))
    for first in range(0, len(measurements), _CHUNK):
        chunk = frozenset(measurements[first : first + _CHUNK])
        here = [scene for _, scene in own if scene.measurement in chunk]
        company = _gathered(requests, visible, here, question)
        held = {scene.id for scene in here if answer(question, scene, company)}
        # Rows are in order of time over all measurements; with more than one chunk they are not
        # yielded before the last is known.
        own = [one for one in own if one[1].measurement not in chunk or one[1].id in held]
    yield from (row for row, _ in own)


def _related(question: Question) -> list[Related]:
    return [one for one in leaves(question) if isinstance(one, Related)]


def _gathered(
    requests: Requests, visible: Visible, scenes: Sequence[Scene], question: Question
) -> Gathered:
    measurements = sorted({scene.measurement for scene in scenes})
    key = measurements[0] if len(measurements) == 1 else None
    text, values = _others(scenes, question)
    values["measurements"] = measurements
    others: dict[str, list[Scene]] = {}
    for row in visible.speaking(list(requests.query(SCENES, text, values, key=key))):
        others.setdefault(row["measurementId"], []).append(scene_of(row))
    judged = _judged(requests, visible, measurements) if _is_denied(question) else {}
    verdicts: dict[str, str] = {}
    if any(map(asks_reviews, leaves(question))):
        every = [one.id for some in (scenes, *others.values()) for one in some]
        verdicts = verdicts_of(requests, every)
    return Gathered(others, judged, verdicts)


def _others(scenes: Sequence[Scene], question: Question) -> tuple[str, dict[str, object]]:
    """Return the query for all scenes that may be company, but for the measurements."""
    related = _related(question)
    text, values = _OTHERS, dict[str, object]()
    allowed = [types_of(one.of) for one in related]
    if None not in allowed:
        text += _OF_TYPES
        values["types"] = sorted({name for types in allowed for name in types or ()})
    windows = [window_of(one) for one in related]
    reaches = [reach for one in windows for reach in (one.before_ns, one.after_ns)]
    # Where company has company of its own, that may lie further away than any bound says.
    if all(_is_lone(one) for one in related) and None not in reaches:
        far = max((reach or 0 for reach in reaches), default=0) + 1
        first = min(scene.t_start_ns for scene in scenes) - far
        last = max(scene.t_end_ns for scene in scenes) + far
        text += _IN_REACH
        values["start"] = sortable(max(first, INT64_MIN))
        values["stop"] = sortable(min(last, INT64_MAX))
    return text, values


def _is_lone(related: Related) -> bool:
    return not _related(related.of)


def _is_denied(question: Question) -> bool:
    """Say whether the absence of company counts somewhere."""
    match question:
        case AllOf(parts) | AnyOf(parts):
            return any(map(_is_denied, parts))
        case Not(of):
            return bool(_related(of))
        case Related(of=of):
            return _is_denied(of)
        case _:
            return False


def _judged(
    requests: Requests, visible: Visible, measurements: Sequence[str]
) -> dict[tuple[str, str], tuple[Tile, ...]]:
    """Return the tiles of each measurement and type, as its current runs tell them."""
    found: dict[tuple[str, str], tuple[Tile, ...]] = {}
    values = {"measurements": measurements}
    key = measurements[0] if len(measurements) == 1 else None
    for row in requests.query(CATALOG, _JUDGING, values, key=key):
        head = visible.know(row["measurementId"])
        state = head.runs.get(row["run"]) if head else None
        if state is None or not state.current or state.made is None or state.made.tag != row["tag"]:
            continue
        record = record_of(row)
        for name, tiles in judged_from(record.facts).items():
            place = (record.measurement, name)
            found[place] = (*found.get(place, ()), *tiles)
    return found

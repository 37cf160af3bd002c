"""Frozen datasets: made from a question, held against the catalog of today and each other."""

import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset, frozen_dataset
from avdataops.model.documents import to_document
from avdataops.model.errors import InputError, NotFound
from avdataops.model.scene import Scene
from avdataops.ports.catalog import CatalogReader, SceneQuery
from avdataops.ports.curation import Datasets
from avdataops.ports.curation_rules import MAX_SCENES, check_name
from avdataops.ports.question_forms import question_of, written
from avdataops.wiring.scene_questions import SceneWords

KINDS = ("context", "ego", "objects", "stream")
"""Kinds of tables that a dataset holds of each of its measurements, beside those of its scenes."""

SAME, CHANGED, SUPERSEDED, MISSING = "same", "changed", "superseded", "missing"
_PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be frozen, under which name, by whom."""

    name: str
    by: str
    query: SceneQuery
    text: str
    """The question as it was asked."""
    kinds: tuple[str, ...] = KINDS


def freeze(catalog: CatalogReader, desk: Datasets, wanted: Wanted) -> Dataset:
    """Freeze what matches now; the same content under the same name is what is there already.

    Raises ``InputError`` where nothing matches or too much, ``Conflict`` for a taken name.
    """
    check_name(wanted.name)
    number = sum(catalog.count_scenes(wanted.query, by="type").values())
    if number > MAX_SCENES:
        raise InputError(
            f"{number} scenes match; a dataset holds at most {MAX_SCENES}",
            hint="ask for fewer, or freeze several",
        )
    scenes = list(_matching(catalog, wanted.query))
    label = Dataset(
        id="",
        name=wanted.name,
        by=wanted.by,
        at_ns=time.time_ns(),
        text=wanted.text,
        query=normal_form(wanted.query),
        scenes=0,
        artifacts=0,
        measurements=0,
        vehicles=(),
        types={},
        detectors={},
    )
    return desk.freeze(frozen_dataset(label, scenes, _behind(catalog, scenes, wanted.kinds)))


def _matching(catalog: CatalogReader, query: SceneQuery) -> Iterator[Scene]:
    page = catalog.scenes(query, limit=_PAGE)
    while page:
        yield from page
        page = catalog.scenes(query, after=page[-1].id, limit=_PAGE)


def _behind(
    catalog: CatalogReader, scenes: Sequence[Scene], kinds: Sequence[str]
) -> Iterator[Artifact]:
    """Yield the tables that hold the scenes, and the current ones around them."""
    for table in sorted({one.artifact for one in scenes if one.artifact}):
        yield catalog.artifact(table)
    for measurement in sorted({one.measurement for one in scenes}):
        yield from (one for one in catalog.artifacts(measurement) if one.kind in kinds)


def normal_form(query: SceneQuery) -> str:
    """Return the one text of all questions that have the same answer for every scene."""
    return written(question_of(query))


def text_of_words(words: SceneWords) -> str:
    """Return the question as it is typed at the command line."""
    told: list[str] = [words.text] if words.text else []
    for one in fields(words):
        value = None if one.name == "text" else getattr(words, one.name)
        option = {"types": "--type"}.get(one.name, f"--{one.name}")
        for item in value if isinstance(value, tuple) else (value,):
            told += [option, str(item)] if item is not None else []
    return shlex.join(told) or "all scenes"


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one scene or artifact of a dataset."""

    what: str
    id: str
    state: str
    """``same``, ``changed`` (other content), ``superseded`` (a newer run speaks) or ``missing``."""
    measurement: str | None = None


def verify(catalog: CatalogReader, desk: Datasets, dataset: str) -> Iterator[Finding]:
    """Yield for each scene and artifact of a dataset how it stands in the catalog now."""
    scenes, artifacts = (
        desk.dataset_scenes(dataset, limit=0),
        desk.dataset_artifacts(dataset, limit=0),
    )
    for measurement, held in _by_measurement(scenes).items():
        query = SceneQuery(measurement=measurement)
        current = {one.id: one for one in catalog.scenes(query, limit=0)}
        for scene in held:
            yield Finding("scene", scene.id, _state(catalog, scene, current), measurement)
    known: dict[str | None, dict[str, Artifact]] = {}
    for artifact in artifacts:
        place = artifact.measurement
        if place is not None and place not in known:
            known[place] = {one.id: one for one in _artifacts(catalog, place)}
        state = _state(catalog, artifact, known.get(place, {}))
        yield Finding("artifact", artifact.id, state, place)


def _artifacts(catalog: CatalogReader, measurement: str) -> Sequence[Artifact]:
    try:
        return catalog.artifacts(measurement)
    except NotFound:
        return ()


def _by_measurement(scenes: Iterable[Scene]) -> dict[str, list[Scene]]:
    found: dict[str, list[Scene]] = {}
    for scene in scenes:
        found.setdefault(scene.measurement, []).append(scene)
    return found


def _state(catalog: CatalogReader, held: Scene | Artifact, current: dict[str, Any]) -> str:
    now = current.get(held.id)
    if now is not None:
        return SAME if now == held else CHANGED
    try:
        ask = catalog.scene if isinstance(held, Scene) else catalog.artifact
        ask(held.id)
    except NotFound:
        return MISSING
    return SUPERSEDED


@dataclass(frozen=True, slots=True)
class Difference:
    """One scene or artifact in which two datasets differ."""

    change: str
    """``only in A``, ``only in B`` or ``changed``."""
    what: str
    id: str
    measurement: str | None


def diff(desk: Datasets, one: Dataset, other: Dataset) -> Iterator[Difference]:
    """Yield in what two datasets differ, scenes first; artifacts by their bytes."""
    asks: tuple[tuple[str, Any], ...] = (
        ("scene", desk.dataset_scenes), ("artifact", desk.dataset_artifacts),
    )  # fmt: skip
    for what, ask in asks:
        a, b = ({x.id: x for x in ask(held.id, limit=0)} for held in (one, other))
        for fact in a.values():
            if fact.id not in b:
                yield Difference("only in A", what, fact.id, fact.measurement)
            elif b[fact.id] != fact:
                yield Difference("changed", what, fact.id, fact.measurement)
        for fact in b.values():
            if fact.id not in a:
                yield Difference("only in B", what, fact.id, fact.measurement)


def manifest(desk: Datasets, dataset: Dataset) -> dict[str, Any]:
    """Return a dataset whole, as one document."""
    return {
        "dataset": to_document(dataset),
        "scenes": [to_document(one) for one in desk.dataset_scenes(dataset.id, limit=0)],
        "artifacts": [to_document(one) for one in desk.dataset_artifacts(dataset.id, limit=0)],
    }

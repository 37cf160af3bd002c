"""Rules about what may be committed that need no look at the catalog."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from avdataops.adapters.cosmos_catalog.documents import Document, scene_document, tag_of
from avdataops.adapters.sqlite_catalog.conditions import NAME
from avdataops.adapters.sqlite_catalog.missing import shown
from avdataops.adapters.sqlite_catalog.places import check_place
from avdataops.adapters.sqlite_catalog.rows import text_of
from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_document
from avdataops.model.errors import InputError
from avdataops.model.measurement import Recording
from avdataops.model.run import Outcome, RunRecord
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a run learned about its measurement."""

    recordings: tuple[Recording, ...] = ()
    time: tuple[int | None, int | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One record that may be committed as far as itself goes."""

    record: RunRecord
    record_tag: str
    made: tuple[Artifact, ...]
    """Linked to the run; empty unless it succeeded."""
    scenes: tuple[Document, ...]
    """As documents, linked to their table."""
    take_tag: str
    """Tag of record and scenes together."""
    learned: Learned


def check(taken: Taken) -> Checked:
    """Return the record with what follows from it; raises ``InputError``."""
    record = taken.record
    if record.attempt < 1:
        raise InputError(f"run {shown(record.run)}: attempts count from 1, not {record.attempt}")
    # Of two scenes with one id the first counts, as of two runs that find one.
    scenes = {scene.id: scene for scene in reversed(_linked_scenes(taken))}.values()
    for scene in scenes:
        _check_scene(scene, record)
    text = text_of(record)
    texts = {scene.id: text_of(scene) for scene in scenes}
    take_tag = tag_of(text, *texts.values())
    return Checked(
        record=record,
        record_tag=tag_of(text),
        made=_made_by(record),
        scenes=tuple(
            scene_document(scene, texts[scene.id], record.run, take_tag) for scene in scenes
        ),
        take_tag=take_tag,
        learned=Learned() if record.outcome is Outcome.LOST else _learned(record.facts),
    )


def _made_by(record: RunRecord) -> tuple[Artifact, ...]:
    """Return what the run made, linked to it; what a failed run left behind is not used."""
    if not record.outcome.made_something:
        return ()
    for artifact in record.made:
        if artifact.run not in {None, record.run}:
            raise InputError(
                f"artifact {shown(artifact.id)} names run {shown(str(artifact.run))},"
                f" but was made by {shown(record.run)}"
            )
    return tuple(replace(artifact, run=record.run) for artifact in record.made)


def _linked_scenes(taken: Taken) -> list[Scene]:
    """Return the scenes, each naming the scenes table that holds it."""
    record = taken.record
    if not taken.scenes or not record.outcome.made_something:
        return []
    tables = [artifact.id for artifact in record.made if artifact.kind == "scenes"]
    linked = []
    for scene in taken.scenes:
        table = scene.artifact or (tables[0] if len(tables) == 1 else None)
        if table not in tables:
            raise InputError(
                f"scene {shown(scene.id)}: run {shown(record.run)} made {len(tables)} scenes tables"
                f" and none is {shown(str(scene.artifact))}"
            )
        linked.append(replace(scene, artifact=table))
    return linked


def _check_scene(scene: Scene, record: RunRecord) -> None:
    if scene.measurement != record.measurement:
        raise InputError(
            f"scene {shown(scene.id)} belongs to measurement {shown(scene.measurement)},"
            f" not to {shown(record.measurement)}"
        )
    if scene.lat_deg is not None and scene.lon_deg is not None:
        check_place(scene.lat_deg, scene.lon_deg)
    if not 0.0 <= scene.confidence <= 1.0:
        raise InputError(f"scene {shown(scene.id)}: confidence {scene.confidence} is not in 0..1")
    TimeRange(scene.t_start_ns, scene.t_end_ns)
    for name, value in scene.evidence.items():
        if not NAME.fullmatch(name):
            raise InputError(
                f"scene {shown(scene.id)}: evidence {shown(name)} is not named like 'min_ttc_s'"
            )
        if not isinstance(value, str) and value is not None:
            _check_number(scene, name, value)


def _check_number(scene: Scene, name: str, value: float) -> None:
    try:
        float(value)
    except OverflowError as error:
        raise InputError(f"scene {shown(scene.id)}: evidence {name} is too large") from error


def _learned(facts: dict[str, object]) -> Learned:
    given = facts.get("recordings", [])
    if not isinstance(given, list):
        raise InputError("the fact 'recordings' is a list of recordings")
    recordings = tuple(from_document(Recording, document) for document in given)
    time = facts.get("time")
    return Learned(recordings=recordings, time=None if time is None else _time_of(time))


def _time_of(time: object) -> tuple[int | None, int | None]:
    if not isinstance(time, dict):
        raise InputError("the fact 'time' is an object with start_ns and stop_ns")
    start_ns, stop_ns = time.get("start_ns"), time.get("stop_ns")
    for value in (start_ns, stop_ns):
        if value is not None and type(value) is not int:
            raise InputError(f"the fact 'time' holds {shown(str(value))}, not nanoseconds")
    return start_ns, stop_ns


def of_one_measurement(measurement: str, facts: Sequence[Recording | Artifact]) -> None:
    """Raise ``InputError`` if one of the facts belongs to another measurement."""
    for fact in facts:
        if fact.measurement != measurement:
            raise InputError(
                f"{shown(fact.id)} belongs to measurement {shown(str(fact.measurement))},"
                f" not to {shown(measurement)}"
            )

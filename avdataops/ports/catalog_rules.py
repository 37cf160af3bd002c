"""What every catalog holds facts to before it keeps them: rules that need no look at a database."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_document
from avdataops.model.errors import Conflict, InputError, did_you_mean, shown
from avdataops.model.measurement import Measurement, Reason, Recording, State
from avdataops.model.places import check_place
from avdataops.model.run import RunRecord
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import Taken
from avdataops.ports.judged import judged_from

EVIDENCE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""What evidence may be called."""

OWN_NUMBERS = frozenset(
    {"confidence", "detector_version", "truncated", "duration_s", "lat_deg", "lon_deg"}
)
"""A scene's own fields that are compared with numbers."""

REVIEW = "review"
OWN_TEXTS = frozenset({"type", "measurement", "vehicle", "detector", "actor", REVIEW})
"""What of a scene is compared with text: own fields, and the verdict of its latest review."""

SCENE_GROUPS = (
    *("type", "measurement", "vehicle", "detector", "day", "weather", "light", "road_class"),
)
"""What scenes can be counted by; ``day`` is the date in UTC on which they begin."""

DAY_NS = 86_400 * 10**9
UNKNOWN = "unknown"
"""Scenes whose group is not known are counted under this name."""

_ALIKE = 0.8
_EPOCH = date(1970, 1, 1)
_FOLLOWERS = {
    State.PENDING: {State.RUNNING, State.QUARANTINED},
    State.RUNNING: {State.COMPLETE, State.PENDING, State.QUARANTINED},
    State.COMPLETE: {State.RUNNING, State.PENDING, State.QUARANTINED},
    State.QUARANTINED: {State.PENDING},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a run learned about its measurement."""

    recordings: tuple[Recording, ...] = ()
    time: tuple[int | None, int | None] | None = None
    """First and last instant in ns, either unknown; None where nothing was learned."""


def check_members(measurement: str, facts: Sequence[Recording | Artifact]) -> None:
    """Raise ``InputError`` if one of the facts belongs to another measurement."""
    for fact in facts:
        if fact.measurement != measurement:
            raise InputError(
                f"{shown(fact.id)} belongs to measurement {shown(str(fact.measurement))},"
                f" not to {shown(measurement)}"
            )


def moved(now: Measurement, state: State, reason: Reason | None) -> Measurement:
    """Return the measurement in its next state.

    Raises ``Conflict`` for a move that no measurement makes, ``InputError`` for a rejection
    without a reason and for a reason without a rejection.
    """
    if reason is not None and state is not State.QUARANTINED:
        raise InputError(f"a {state} measurement has no reason; only a quarantined one has")
    if now.state is state:
        return now if reason is None else replace(now, reason=reason)
    if state not in _FOLLOWERS[now.state]:
        raise Conflict(
            f"measurement {shown(now.id)} is {now.state} and cannot become {state}",
            hint=f"avdataops measurements show {now.id}",
        )
    if state is State.QUARANTINED and reason is None:
        raise InputError(f"measurement {shown(now.id)} cannot be rejected without a reason")
    return replace(now, state=state, reason=reason)


def check_attempt(record: RunRecord) -> None:
    """Raise ``InputError`` for a record of an attempt that cannot have been."""
    if record.attempt < 1:
        raise InputError(f"run {shown(record.run)}: attempts count from 1, not {record.attempt}")


def made_by(record: RunRecord) -> tuple[Artifact, ...]:
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


def check_same_bytes(artifact: Artifact, known_sha256: str) -> None:
    """Raise ``Conflict`` if an artifact is known with other bytes."""
    if artifact.sha256 != known_sha256:
        raise Conflict(
            f"artifact {shown(artifact.id)} ({shown(artifact.name)}) is known with SHA-256"
            f" {known_sha256[:12]}..., not {artifact.sha256[:12]}...",
            hint=f"avdataops lineage show {artifact.id}",
        )


def linked_scenes(taken: Taken) -> list[Scene]:
    """Return the scenes, checked, each naming the scenes table that holds it."""
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
        _check_scene(scene, record.measurement)
        linked.append(replace(scene, artifact=table))
    return linked


def _check_scene(scene: Scene, measurement: str) -> None:
    if scene.measurement != measurement:
        raise InputError(
            f"scene {shown(scene.id)} belongs to measurement {shown(scene.measurement)},"
            f" not to {shown(measurement)}"
        )
    if scene.lat_deg is not None and scene.lon_deg is not None:
        check_place(scene.lat_deg, scene.lon_deg)
    if not 0.0 <= scene.confidence <= 1.0:
        raise InputError(f"scene {shown(scene.id)}: confidence {scene.confidence} is not in 0..1")
    TimeRange(scene.t_start_ns, scene.t_end_ns)
    for name, value in scene.evidence.items():
        if not EVIDENCE_NAME.fullmatch(name):
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


def learned_from(facts: Mapping[str, object]) -> Learned:
    """Return what a run's facts ``recordings`` and ``time`` tell; raises ``InputError``.

    That the fact ``judged`` can be understood is checked with them.
    """
    given = facts.get("recordings", [])
    if not isinstance(given, list):
        raise InputError("the fact 'recordings' is a list of recordings")
    judged_from(facts)
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


def with_learned(known: Recording, learned: Recording) -> Recording:
    """Return a recording with what a run found in it; what identifies it stays."""
    return replace(
        known,
        format=learned.format,
        start_ns=learned.start_ns,
        stop_ns=learned.stop_ns,
        streams=learned.streams,
        problems=learned.problems,
    )


def attributes_of(scene: Scene) -> dict[str, float | str | bool | None]:
    """Return what a scene can be asked for beside its own fields, by name; None is unknown.

    Evidence speaks first: a detector measures its own ``ego_speed_mps`` where it matters.
    """
    return {**scene.surroundings.known(), **scene.evidence}


def check_group(by: str) -> None:
    """Raise ``InputError`` unless scenes can be counted by it."""
    if by not in SCENE_GROUPS:
        raise InputError(
            f"scenes are not counted by {shown(by)}{did_you_mean(by, SCENE_GROUPS)}",
            hint=f"count by one of {', '.join(SCENE_GROUPS)}",
        )


def day_of(days: int) -> str:
    """Return the date so many days after 1970-01-01."""
    return (_EPOCH + timedelta(days=days)).isoformat()


def unknown_attribute(name: str, evidence: Collection[str]) -> InputError:
    """Return the error for an attribute that no scene can have; ``evidence`` has near misses."""
    known = [*sorted(OWN_NUMBERS), *sorted(OWN_TEXTS), *evidence]
    return InputError(
        f"{shown(name)} is not an attribute of scenes{did_you_mean(name, known)}",
        hint="attributes are named like min_ttc_s",
    )


def nearest(wrong: str, known: Sequence[str]) -> str | None:
    """Return which of some ids ``wrong`` was probably meant to be: begun so, else alike."""
    longer = [one for one in known if wrong and one.startswith(wrong)]
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=_ALIKE)
    return next(iter(longer or close), None)

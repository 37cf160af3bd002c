"""Thresholds moved after detection: which scenes fall, which near misses become scenes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from avdataops.model.errors import InputError, did_you_mean
from avdataops.model.scene import Scene
from avdataops.ports.detecting import Gate


@dataclass(frozen=True, slots=True)
class Moved:
    """What other thresholds make of the scenes of one type."""

    stay: tuple[Scene, ...] = ()
    disappear: tuple[Scene, ...] = ()
    """Scenes that do not pass any more."""
    appear: tuple[Scene, ...] = ()
    """Candidates that pass now.  Their edges are those of the loosened detector."""
    undecided: tuple[Scene, ...] = ()
    """Scenes and candidates without the evidence that a moved threshold asks for."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One gate with its threshold when the scenes were made, and now."""

    gate: Gate
    made: float
    now: float


def bars(
    gates: Iterable[Gate], scene_type: str, made: Mapping[str, float], wanted: Mapping[str, float]
) -> tuple[Bar, ...]:
    """Return the gates of a scene type with both thresholds, in the unit of the parameter.

    ``made`` are the parameters that the scenes were found with, ``wanted`` those that change.
    Raises ``InputError`` for a parameter that is no gate of the type, with the near miss, and for
    one looser than candidates were kept for, with the limit.
    """
    deciding = [gate for gate in gates if not gate.types or scene_type in gate.types]
    known = [gate.param for gate in deciding]
    for name in wanted:
        if name not in known:
            raise InputError(
                f"'{scene_type}' has no threshold '{name}' that can be moved"
                f"{did_you_mean(name, known)}",
                hint=f"it has: {', '.join(known) or 'none; run the pipeline with --param instead'}",
            )
    found = tuple(
        Bar(gate, made[gate.param], wanted.get(gate.param, made[gate.param])) for gate in deciding
    )
    for bar in found:
        _refuse_loose(bar)
    return found


def _refuse_loose(bar: Bar) -> None:
    limit = bar.gate.loosened(bar.made)
    # The limit itself must pass its own threshold, else candidates of that strength are missing.
    if not bar.gate.holds(bar.now, limit):
        raise InputError(
            f"candidates were kept for {bar.gate.param} {bar.gate.op} {limit:g} "
            f"(made with {bar.made:g}); {bar.now:g} is looser",
            hint="run detection again: avdataops run MEASUREMENT --param "
            f"detect_scenes.overrides.DETECTOR.{bar.gate.param}={bar.now:g}",
        )


def rethreshold(
    scenes: Iterable[Scene], candidates: Iterable[Scene], given: Sequence[Bar]
) -> Moved:
    """Return which of the scenes of one type pass other thresholds, and which candidates.

    A candidate must pass every gate, a scene only those that moved: it passed the others when it
    was found.  Durations and onsets are not measured again, so a rerun may set an edge otherwise.
    """
    moved = [bar for bar in given if bar.now != bar.made]
    stay, disappear, appear, undecided = [], [], [], []
    for scene in scenes:
        match _passes(scene, moved):
            case None:
                undecided.append(scene)
            case True:
                stay.append(scene)
            case _:
                disappear.append(scene)
    for candidate in candidates:
        match _passes(candidate, given):
            case None:
                undecided.append(candidate)
            case True:
                appear.append(candidate)
    return Moved(tuple(stay), tuple(disappear), tuple(appear), tuple(undecided))


def _passes(scene: Scene, given: Sequence[Bar]) -> bool | None:
    """Say whether the evidence passes all gates; None if that is unknown."""
    answer: bool | None = True
    for bar in given:
        value = scene.evidence.get(bar.gate.evidence)
        if isinstance(value, bool | str) or value is None:
            answer = None
        elif not bar.gate.holds(value, bar.now):
            return False
    return answer

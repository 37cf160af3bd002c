"""Runs every detector over the synchronised, enriched drive: scenes, near misses, coverage."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.detectors import DETECTORS, detector, scene_types
from avdataops.detectors.rules import rule_detectors
from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.model.ids import fingerprint, scene_id
from avdataops.model.scene import Scene
from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.ports.judged import FACT, Tile, judged_fact
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext
from avdataops.signals.coverage import tile
from avdataops.signals.drives import drive_of
from avdataops.signals.nullable import floats
from avdataops.signals.surroundings import surroundings_at
from avdataops.tables.keep_ranges import keep_ranges
from avdataops.tables.kinds import kind
from avdataops.tables.scene_rows import scene_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which detectors run, and where their parameters differ from their own defaults."""

    detectors: tuple[str, ...] = ()
    """Names; empty means all."""
    overrides: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Detector -> parameter -> value, in the unit that the parameter's name says."""
    max_gap_s: float = 0.5
    """No scene goes on across a longer gap (field habit for driving data)."""
    keep_s: float = 5.0
    """Raw messages from this long before to this long after a scene are worth their full rate."""
    keep_types: tuple[str, ...] = ()
    """Scene types for which that holds; empty: all but light and weather."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """File name -> text of a user's rule; they run after the detectors and see their scenes."""


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows]:
    """Yield scenes, near misses and scene coverage of one measurement.

    Each detector runs for itself: one that fails costs its own scene types, which are then unknown
    throughout, with a caveat.  Raises ``ConfigError`` for a detector or parameter of no such name,
    and for a rule that says nothing.
    """
    chosen = [(one, detector_params(one, params)) for one in _chosen(params)]
    chosen += [(one, one.params()) for one in rule_detectors(params.rules, scene_types())]
    drive = drive_of(ctx.measurement, inputs.tables, round(params.max_gap_s * NS_PER_S))
    scenes: list[Scene] = []
    candidates: list[Scene] = []
    coverage: list[dict[str, object]] = []
    # Rules come last and look at what was told before them: the drive holds this as it grows.
    told: dict[str, Detection] = {}
    drive = replace(drive, scenes=told)
    for done, (one, settings) in enumerate(chosen, start=1):
        detection, near = _detect(ctx, one, drive, settings)
        told |= _by_type(one, detection)
        make = functools.partial(_scene, ctx, drive, one, fingerprint(asdict(settings)))
        scenes.extend(map(make, detection.found))
        candidates.extend(map(make, near))
        coverage.extend(_coverage(one, drive, detection))
        ctx.progress(done / len(chosen))
    ctx.fact("scenes", _counts(chosen, scenes))
    ctx.fact(FACT, judged_fact(map(_judged, coverage)))
    yield Rows(Output(kind="scenes", name="scenes"), scene_rows(scenes))
    near_rows = scene_rows(candidates, "candidates")
    yield Rows(Output(kind="candidates", name="candidates"), near_rows)
    yield Rows(Output(kind="scene_coverage", name="scene_coverage"), _coverage_rows(coverage))
    kept = keep_ranges(scenes, round(params.keep_s * NS_PER_S), params.keep_types)
    yield Rows(Output(kind="keep_ranges", name="keep_ranges"), kept)


def _by_type(one: Detector, detection: Detection) -> dict[str, Detection]:
    """Return what was said about each type of a detector."""
    return {
        name: replace(detection, found=tuple(f for f in detection.found if f.type == name))
        for name in one.types
    }


def detector_params(one: Detector, params: Params) -> Any:
    """Return the detector's parameters with the overrides; raises ``ConfigError`` on a bad one."""
    given = params.overrides.get(one.name, {})
    known = [parameter.name for parameter in fields(one.params)]
    for name, value in given.items():
        if name not in known:
            raise ConfigError(
                f"detector '{one.name}' has no parameter '{name}'{did_you_mean(name, known)}"
            )
        if isinstance(value, bool) or not np.isfinite(value):
            raise ConfigError(f"parameter '{name}' of '{one.name}' must be a number, not {value}")
    return one.params(**{name: float(value) for name, value in given.items()})


def _chosen(params: Params) -> tuple[Detector, ...]:
    for name in params.overrides:
        detector(name)
    if not params.detectors:
        return DETECTORS
    return tuple(detector(name) for name in dict.fromkeys(params.detectors))


def _detect(
    ctx: StepContext, one: Detector, drive: Drive, settings: Any
) -> tuple[Detection, list[Found]]:
    try:
        detection = one.find(drive, settings)
        return detection, _near_misses(one, drive, settings, detection.found)
    except Exception as error:  # noqa: BLE001 - one broken detector must not cost the others
        reason = f"detector failed: {type(error).__name__}: {error}"
        ctx.caveat(Problem(code="detector_failed", message=f"{one.name}: {reason}"))
        lost = Unknown(start_ns=drive.start_ns, stop_ns=drive.stop_ns, reason=reason)
        return Detection((), (lost,)), []


def _near_misses(one: Detector, drive: Drive, settings: Any, found: Sequence[Found]) -> list[Found]:
    """Return what loosened thresholds find and no scene of its type and actor overlaps."""
    if not one.gates:
        return []
    near = one.find(drive, loosened(one, settings)).found
    return [
        candidate
        for candidate in near
        if not any(
            (scene.type, scene.actor) == (candidate.type, candidate.actor)
            and scene.start_ns < candidate.stop_ns
            and candidate.start_ns < scene.stop_ns
            for scene in found
        )
    ]


def loosened(one: Detector, settings: Any) -> Any:
    """Return the parameters with every gate, and what moves with it, as candidates need it."""
    moved: dict[str, float] = {}
    for gate in one.gates:
        for name in (gate.param, *gate.also):
            moved[name] = gate.loosened(getattr(settings, name))
    return replace(settings, **moved)


def _scene(ctx: StepContext, drive: Drive, one: Detector, settings_id: str, found: Found) -> Scene:
    facts = [found.actor, found.start_ns, one.name, one.version, settings_id]
    lat_deg, lon_deg = _place(drive, found.start_ns)
    return Scene(
        id=scene_id(drive.measurement, found.type, facts),
        type=found.type,
        measurement=drive.measurement,
        vehicle=ctx.vehicle,
        t_start_ns=found.start_ns,
        t_end_ns=found.stop_ns,
        detector=one.name,
        detector_version=one.version,
        confidence=found.confidence,
        evidence=dict(found.evidence),
        actor=found.actor,
        truncated=found.truncated,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        params=settings_id,
        surroundings=surroundings_at(drive, found.start_ns),
    )


def _place(drive: Drive, t_ns: int) -> tuple[float | None, float | None]:
    """Return the last known position up to a moment, if it is no older than a gap."""
    t = drive.ego.t_ns
    low = int(np.searchsorted(t, t_ns - drive.ego.max_gap_ns))
    high = int(np.searchsorted(t, t_ns, side="right"))
    lat, lon = (floats(drive.ego.columns, name, t.size) for name in ("lat_deg", "lon_deg"))
    known = np.flatnonzero(np.isfinite(lat[low:high]) & np.isfinite(lon[low:high]))
    if known.size == 0:
        return None, None
    row = low + int(known[-1])
    return float(lat[row]), float(lon[row])


def _coverage(one: Detector, drive: Drive, detection: Detection) -> Iterator[dict[str, object]]:
    for name in one.types:
        for start_ns, stop_ns, reason in tile(drive.start_ns, drive.stop_ns, detection.unknown):
            yield {
                "t_ns": start_ns,
                "t_end_ns": stop_ns,
                "type": name,
                "detector": one.name,
                "detector_version": one.version,
                "known": reason is None,
                "reason": reason,
            }


def _judged(row: Mapping[str, Any]) -> tuple[str, Tile]:
    """Return a row of coverage as catalogs keep it."""
    return row["type"], Tile(row["t_ns"], row["t_end_ns"], known=row["known"])


def _coverage_rows(rows: list[dict[str, object]]) -> pa.RecordBatch:
    table = kind("scene_coverage")
    batch = pa.RecordBatch.from_pylist(rows, schema=table.schema)
    return batch.sort_by([(name, "ascending") for name in table.sort])


def _counts(chosen: list[tuple[Detector, Any]], scenes: list[Scene]) -> dict[str, int]:
    counts = {name: 0 for one, _ in chosen for name in one.types}
    for scene in scenes:
        counts[scene.type] += 1
    return counts


DETECT_SCENES = Step(
    name="detect_scenes",
    version=4,
    split=Split.MEASUREMENT,
    needs={
        "ego": Need(kind="ego"),
        "objects": Need(kind="objects", optional=True),
        "context": Need(kind="context", optional=True),
        "object_context": Need(kind="object_context", optional=True),
        "frame_facts": Need(kind="frame_facts", optional=True),
        "gaps": Need(kind="gaps", optional=True),
        "sync_quality": Need(kind="sync_quality", optional=True),
        "clock_models": Need(kind="clock_models", optional=True),
    },
    makes=("scenes", "candidates", "scene_coverage", "keep_ranges"),
    params=Params,
    run=run,
    doc="Scenes by all detectors, and where each detector could tell.",
)

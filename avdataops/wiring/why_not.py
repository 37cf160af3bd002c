"""Why a scene was not found at a moment: nobody looked, nobody could tell, or what fell short."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import pyarrow as pa

from avdataops.detectors import DETECTORS
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, NotFound
from avdataops.model.run import RunRecord
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange, format_time
from avdataops.ports.catalog import CatalogReader, SceneQuery
from avdataops.ports.detecting import CANDIDATE_SHARE, Detector, Drive, Found, Gate
from avdataops.signals.drives import drive_of
from avdataops.steps.detect_scenes import DETECT_SCENES, Params, detector_params
from avdataops.tables.scene_rows import scenes_from_table
from avdataops.wiring.scene_rates import ReadTable

Verdict = Literal["found", "not_searched", "unknown", "near_miss", "not_found"]

NEAR_NS = 2 * NS_PER_S
"""A near miss this far from the moment is still about it: people read times off a plot."""

_SHARES = (0.5, 0.3, 0.1)
"""Beyond the candidates that were kept, thresholds are loosened to these shares of themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """One threshold against what was measured."""

    threshold: str
    op: str
    needed: float
    evidence: str
    had: float | None
    """None: not measured."""
    short_by: float | None
    """How far it is from passing, in the unit of the threshold; 0 if it passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """The answer, in one sentence and in numbers."""

    measurement: str
    t_ns: int
    type: str
    verdict: Verdict
    reason: str
    thresholds: tuple[Missed, ...] = ()
    loosened_to: float | None = None
    """Share of its thresholds at which something of this type appears."""
    scene: str | None = None
    """The scene that is there, or the nearest one of this type."""
    nearest_s: float | None = None
    """How far from the moment the nearest scene of this type is; negative: it was before."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A stored table as ``drive_of`` takes it."""

    artifact: Artifact
    table: pa.Table

    @property
    def schema(self) -> pa.Schema:
        return self.table.schema

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        return iter(self.read(columns).to_batches())

    def read(self, columns: list[str] | None = None) -> pa.Table:
        return self.table if columns is None else self.table.select(columns)


@dataclass(frozen=True, slots=True)
class Questioner:
    """What is asked: the catalog, and a way to read the tables that it names."""

    catalog: CatalogReader
    read: ReadTable

    def why_not(self, measurement: str, t_ns: int, scene_type: str) -> WhyNot:
        """Return why there is no scene of a type at a moment; raises ``NotFound``."""
        there = self.catalog.measurement(measurement)
        answer = WhyNot(
            measurement=there.id, t_ns=t_ns, type=scene_type, verdict="not_found", reason=""
        )
        answer = self._with_nearest(answer)
        if answer.nearest_s == 0:
            return replace(answer, verdict="found", reason=f"it was found: {answer.scene}")
        tile = self._tile(answer)
        if tile is None:
            reason = f"unknown, because nobody has looked for {scene_type} at this moment"
            return replace(answer, verdict="not_searched", reason=reason)
        if not tile["known"]:
            return replace(answer, verdict="unknown", reason=f"unknown, because {tile['reason']}")
        return self._missed(answer)

    def _with_nearest(self, answer: WhyNot) -> WhyNot:
        query = SceneQuery(types=(answer.type,), measurement=answer.measurement)
        found = self.catalog.scenes(query, limit=0)
        far = {one.id: _distance_ns(one, answer.t_ns) for one in found}
        if not far:
            return answer
        nearest = min(far, key=lambda name: abs(far[name]))
        return replace(answer, scene=nearest, nearest_s=far[nearest] / NS_PER_S)

    def _tile(self, answer: WhyNot) -> Mapping[str, Any] | None:
        for table in self._tables(answer.measurement, "scene_coverage"):
            for row in table.to_pylist():
                if row["type"] == answer.type and row["t_ns"] <= answer.t_ns < row["t_end_ns"]:
                    return dict(row)
        return None

    def _tables(self, measurement: str, kind: str) -> Iterator[pa.Table]:
        for artifact in self.catalog.artifacts(measurement, kind=kind):
            yield self.read(artifact)

    def _missed(self, answer: WhyNot) -> WhyNot:
        detector = next((one for one in DETECTORS if answer.type in one.types), None)
        if detector is None:
            reason = "the rule was judged here and did not hold; a rule keeps no near misses"
            return replace(answer, reason=reason)
        record = self._detection(answer.measurement)
        overrides: Any = record.params.get("overrides", {})
        params = detector_params(detector, Params(overrides=overrides))
        gates = [gate for gate in detector.gates if not gate.types or answer.type in gate.types]
        kept = [
            one
            for table in self._tables(answer.measurement, "candidates")
            for one in scenes_from_table(table, None)
            if one.type == answer.type and abs(_distance_ns(one, answer.t_ns)) <= NEAR_NS
        ]
        if kept:
            nearest = min(kept, key=lambda one: abs(_distance_ns(one, answer.t_ns)))
            return _near_miss(answer, gates, params, nearest.evidence, CANDIDATE_SHARE)
        return self._looked_again(answer, detector, gates, (record, params))

    def _looked_again(
        self,
        answer: WhyNot,
        detector: Detector,
        gates: Sequence[Gate],
        detection: tuple[RunRecord, Any],
    ) -> WhyNot:
        """Return what the detector finds when its thresholds are loosened further."""
        record, params = detection
        tried = CANDIDATE_SHARE
        if gates:
            drive = drive_of(answer.measurement, self._inputs(record), _gap_ns(record))
            for share in _SHARES:
                found = _found_with(
                    detector, drive, replace(params, **_eased(gates, params, share))
                )
                if found is None:
                    break
                tried = share
                near = [
                    one for one in found if one.type == answer.type and _is_near(one, answer.t_ns)
                ]
                if near:
                    return _near_miss(answer, gates, params, near[0].evidence, share)
        told = ", ".join(f"{one.param} {one.op} {getattr(params, one.param):g}" for one in gates)
        less = (
            f"not even with thresholds at {tried:.0%} ({told})" if gates else "it has no thresholds"
        )
        return replace(
            answer, reason=f"nothing like it happened here: {less}; {_sentence(detector.doc)}"
        )

    def _inputs(self, record: RunRecord) -> dict[str, tuple[_Loaded, ...]]:
        roles: dict[str, list[_Loaded]] = {}
        for name in record.used:
            artifact = self.catalog.artifact(name)
            if artifact.kind in DETECT_SCENES.needs:
                roles.setdefault(artifact.kind, []).append(_Loaded(artifact, self.read(artifact)))
        return {role: tuple(tables) for role, tables in roles.items()}

    def _detection(self, measurement: str) -> RunRecord:
        for artifact in self.catalog.artifacts(measurement, kind="scene_coverage"):
            if artifact.run is not None:
                return self.catalog.run(artifact.run)
        raise NotFound(
            f"measurement {measurement} has not been searched for scenes",
            hint=f"avdataops run {measurement}",
        )


def _found_with(detector: Detector, drive: Drive, params: Any) -> tuple[Found, ...] | None:
    """Return what is found; None for thresholds that cannot go so far (past their hysteresis)."""
    try:
        return detector.find(drive, params).found
    except InputError:
        return None


def _sentence(doc: str) -> str:
    return f"a scene is: {doc[:1].lower()}{doc[1:].rstrip('.')}"


def _gap_ns(record: RunRecord) -> int:
    given = record.params.get("max_gap_s", Params().max_gap_s)
    return round(float(given if isinstance(given, int | float) else Params().max_gap_s) * NS_PER_S)


def _distance_ns(scene: Scene, t_ns: int) -> int:
    """Return how far a scene is from a moment: 0 within it, negative before the moment."""
    if scene.t_start_ns <= t_ns < scene.t_end_ns:
        return 0
    return scene.t_start_ns - t_ns if scene.t_start_ns > t_ns else scene.t_end_ns - 1 - t_ns


def _is_near(found: Found, t_ns: int) -> bool:
    around = TimeRange(t_ns - NEAR_NS, t_ns + NEAR_NS + 1)
    return around.overlaps(TimeRange(found.start_ns, found.stop_ns))


def _eased(gates: Sequence[Gate], params: Any, share: float) -> dict[str, float]:
    """Return thresholds loosened to a share, with what moves with them."""
    moved: dict[str, float] = {}
    for gate in gates:
        for name in (gate.param, *gate.also):
            value = getattr(params, name)
            is_peak = (gate.op == ">=") == (value > 0)
            moved[name] = value * share if is_peak else value / share
    return moved


def _near_miss(
    answer: WhyNot,
    gates: Sequence[Gate],
    params: Any,
    evidence: Mapping[str, float | str | bool | None],
    share: float,
) -> WhyNot:
    missed = tuple(_missed(gate, getattr(params, gate.param), evidence) for gate in gates)
    failed = [one for one in missed if one.short_by is None or one.short_by > 0]
    told = "; ".join(
        f"{one.evidence} is not known ({one.threshold} {one.op} {one.needed:g})"
        if one.had is None
        else f"{one.evidence} was {one.had:g}, needed {one.op} {one.needed:g} ({one.threshold}),"
        f" short by {one.short_by:g}"
        for one in failed
    )
    other = "every threshold was passed, but not for long enough, or not together"
    return replace(
        answer,
        verdict="near_miss",
        reason=told or other,
        thresholds=missed,
        loosened_to=share,
    )


def _missed(gate: Gate, needed: float, evidence: Mapping[str, float | str | bool | None]) -> Missed:
    value = evidence.get(gate.evidence)
    had = None if value is None or isinstance(value, str) else float(value)
    short = None
    if had is not None:
        short = 0.0 if gate.holds(had, needed) else abs(had - needed)
    return Missed(
        threshold=gate.param,
        op=gate.op,
        needed=needed,
        evidence=gate.evidence,
        had=had,
        short_by=short,
    )


def why_not_document(answer: WhyNot) -> dict[str, object]:
    """Return the answer as JSON."""
    document = asdict(answer)
    document["thresholds"] = [asdict(one) for one in answer.thresholds]
    return document


def why_not_text(answer: WhyNot) -> str:
    """Return the answer for people."""
    lines = [f"{answer.type} at {format_time(answer.t_ns)}: {answer.reason}"]
    for one in answer.thresholds:
        had = "unknown" if one.had is None else f"{one.had:g}"
        passed = "passed" if one.short_by == 0 else "failed"
        lines.append(f"  {one.evidence} = {had}, {one.threshold} {one.op} {one.needed:g}: {passed}")
    if answer.verdict != "found" and answer.nearest_s is not None:
        side = "later" if answer.nearest_s > 0 else "earlier"
        lines.append(f"  the nearest is {abs(answer.nearest_s):.1f} s {side}: {answer.scene}")
    return "\n".join(lines)

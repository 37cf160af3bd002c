"""Scenes looked at again: with other thresholds, and against an earlier detection."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa

from avdataops.detectors import DETECTORS
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, NotFound, did_you_mean
from avdataops.model.run import RunRecord
from avdataops.model.scene import Scene
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.detecting import Detector
from avdataops.signals.rethreshold import Moved, bars, rethreshold
from avdataops.signals.scene_changes import Changes, scene_changes
from avdataops.steps.detect_scenes import Params, detector_params
from avdataops.tables.scene_rows import scenes_from_table

_STEP = "detect_scenes"
_ALL = 1_000_000
ReadTable = Callable[[Artifact], pa.Table]


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What is looked at: the catalog, and a way to read the tables that it names."""

    catalog: CatalogReader
    read: ReadTable

    def rethreshold(
        self, scene_type: str, wanted: Mapping[str, float], measurement: str | None = None
    ) -> Moved:
        """Return what other thresholds make of the current scenes of one type, without a rerun.

        Raises ``InputError`` for a type without thresholds, a threshold that it does not have, and
        one that is looser than candidates were kept for.
        """
        detector = _detector_of(scene_type)
        found = [
            self._rethreshold(record, detector, scene_type, wanted)
            for record in self._detections(measurement)
        ]
        return Moved(
            *(
                tuple(chain.from_iterable(getattr(moved, part) for moved in found))
                for part in ("stay", "disappear", "appear", "undecided")
            )
        )

    def changes(
        self, measurement: str, before: str | None = None, after: str | None = None
    ) -> Changes:
        """Return what changed between two detections of a measurement, given by run.

        Without ``after`` it is the current one, without ``before`` the one that ended last of the
        others.  Raises ``NotFound`` if there is no such run or no other.
        """
        records = self.catalog.runs(measurement, step=_STEP)
        there = {record.run: record for record in records if record.outcome.made_something}
        new = _chosen(there, after) if after else self._current(measurement, there)
        if before:
            old = _chosen(there, before)
        else:
            others = [record for record in there.values() if record.run != new.run]
            if not others:
                raise NotFound(
                    f"measurement {measurement} has been searched for scenes once; nothing to "
                    f"compare with",
                    hint=f"change a rule or a parameter, then: avdataops run {measurement}",
                )
            old = max(others, key=lambda record: record.ended_ns)
        return scene_changes(self._scenes(old, "scenes"), self._scenes(new, "scenes"))

    def _rethreshold(
        self, record: RunRecord, detector: Detector, scene_type: str, wanted: Mapping[str, float]
    ) -> Moved:
        overrides: Any = record.params.get("overrides", {})
        params = detector_params(detector, Params(overrides=overrides))
        made = {gate.param: getattr(params, gate.param) for gate in detector.gates}
        given = bars(detector.gates, scene_type, made, wanted)
        scenes, near = (
            [scene for scene in self._scenes(record, kind) if scene.type == scene_type]
            for kind in ("scenes", "candidates")
        )
        return rethreshold(scenes, near, given)

    def _detections(self, measurement: str | None) -> Iterator[RunRecord]:
        every = [] if measurement else [one.id for one in self.catalog.measurements(limit=_ALL)]
        for name in [measurement] if measurement else every:
            for artifact in self.catalog.artifacts(name, kind="candidates"):
                if artifact.run:
                    yield self.catalog.run(artifact.run)

    def _current(self, measurement: str, there: Mapping[str, RunRecord]) -> RunRecord:
        for artifact in self.catalog.artifacts(measurement, kind="scenes"):
            if artifact.run is not None and artifact.run in there:
                return there[artifact.run]
        raise NotFound(
            f"measurement {measurement} has not been searched for scenes",
            hint=f"avdataops run {measurement}",
        )

    def _scenes(self, record: RunRecord, kind: str) -> list[Scene]:
        return [
            scene
            for artifact in record.made
            if artifact.kind == kind
            for scene in scenes_from_table(self.read(artifact), artifact.id)
        ]


def _detector_of(scene_type: str) -> Detector:
    with_gates = {name: one for one in DETECTORS for name in one.types if _is_gated(one, name)}
    if scene_type not in with_gates:
        raise InputError(
            f"no threshold of '{scene_type}' can be moved{did_you_mean(scene_type, with_gates)}",
            hint=f"types with such thresholds: {', '.join(sorted(with_gates))}",
        )
    return with_gates[scene_type]


def _is_gated(detector: Detector, scene_type: str) -> bool:
    return any(not gate.types or scene_type in gate.types for gate in detector.gates)


def _chosen(there: Mapping[str, RunRecord], run: str) -> RunRecord:
    matches = [record for name, record in there.items() if name.startswith(run)]
    if len(matches) != 1:
        raise NotFound(
            f"'{run}' begins {len(matches)} runs of {_STEP} of this measurement",
            hint=f"they are: {', '.join(there) or 'none'}",
        )
    return matches[0]


def moved_rows(moved: Moved) -> Sequence[tuple[str, Scene]]:
    """Return every scene with what becomes of it, in order of time."""
    named = (
        ("stays", moved.stay),
        ("disappears", moved.disappear),
        ("appears", moved.appear),
        ("undecided", moved.undecided),
    )
    rows = [(what, scene) for what, scenes in named for scene in scenes]
    return sorted(rows, key=lambda row: (row[1].t_start_ns, row[1].id))

"""Turns what the catalog knows into complete tasks.  What is already made is left out here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from avdataops.engine.fingerprint import complete_params, task_fingerprint
from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_document
from avdataops.model.ids import run_id
from avdataops.model.measurement import Measurement
from avdataops.model.run import RunRecord, TaskInput, TaskSpec, piece_name, whole_name
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.step import Split, Step


@dataclass(frozen=True, slots=True)
class Plan:
    """What one step has to do on one measurement."""

    step: str
    run: tuple[TaskSpec, ...]
    """Tasks to execute."""
    made: tuple[RunRecord, ...]
    """Runs whose results are there and in use: nothing to do."""
    revive: tuple[RunRecord, ...]
    """Runs made earlier with these very inputs, then superseded: only to be taken in again."""
    stale: tuple[RunRecord, ...]
    """Runs whose results this plan replaces."""

    def replaced_by(self, part: str) -> list[str]:
        """Return the runs that must stop being current when ``part`` has been made anew.

        Work that was cut otherwise before goes with the first piece that replaces it.
        """
        name = whole_name(part)
        return [record.run for record in self.stale if whole_name(record.part) == name]


def _believe(artifact: Artifact) -> bool:
    del artifact
    return True


def plan_step(
    catalog: CatalogReader,
    measurement: Measurement,
    step: Step,
    params: Mapping[str, object],
    references: Sequence[Artifact] = (),
    is_stored: Callable[[Artifact], bool] = _believe,
) -> Plan:
    """Return what ``step`` has to do now, in a fixed order.

    ``references`` are the shared files that enrichment may read.  A step has nothing to do if a
    role that is not optional has no artifacts.  A run of which ``is_stored`` misses a result is
    made again; unless it is given, the catalog is believed.
    """
    current = catalog.artifacts(measurement.id)
    checked = complete_params(step, dict(params))
    tasks = _tasks(step, measurement, checked, _inputs(step, current, references))
    past = {record.run: record for record in catalog.runs(measurement.id, step=step.name)}
    used_now = {artifact.run for artifact in current}
    planned = {run_id(task.id) for task in tasks}
    done = {
        run: record
        for run, record in past.items()
        if record.outcome.made_something and run in planned and all(map(is_stored, record.made))
    }
    revive = [r for r in done.values() if r.made and r.run not in used_now]
    revived = {record.run for record in revive}
    return Plan(
        step=step.name,
        run=tuple(task for task in tasks if run_id(task.id) not in done),
        made=tuple(record for record in done.values() if record.run not in revived),
        revive=tuple(revive),
        stale=tuple(past[run] for run in sorted(past.keys() & used_now - planned)),
    )


def _inputs(
    step: Step, current: Sequence[Artifact], references: Sequence[Artifact]
) -> dict[str, list[Artifact]]:
    found: dict[str, list[Artifact]] = {}
    for role, need in step.needs.items():
        if need.kind == "reference":
            pool = [a for a in references if a.attributes.get("role") == role]
        else:
            pool = [a for a in current if a.kind == need.kind]
        wanted = [a for a in pool if need.where.items() <= a.attributes.items()]
        found[role] = sorted(wanted, key=lambda a: (a.name, a.part, a.id))
    return found


def _tasks(
    step: Step,
    measurement: Measurement,
    params: dict[str, object],
    inputs: Mapping[str, list[Artifact]],
) -> list[TaskSpec]:
    first_role = next(iter(step.needs))
    missing = [role for role, need in step.needs.items() if not need.optional and not inputs[role]]
    if missing:
        return []
    tasks = []
    for part, own, share in _shares(step, params, inputs[first_role]):
        given = [TaskInput(role=first_role, artifact=artifact) for artifact in own]
        for role, artifacts in inputs.items():
            if role != first_role:
                given += [TaskInput(role=role, artifact=artifact) for artifact in artifacts]
        tasks.append(
            TaskSpec(
                id=task_fingerprint(step, measurement.id, share, given),
                step=step.name,
                version=step.version,
                measurement=measurement.id,
                vehicle=measurement.vehicle,
                part=part,
                inputs=tuple(given),
                params=share,
            )
        )
    return tasks


def _shares(
    step: Step, params: dict[str, object], artifacts: Sequence[Artifact]
) -> Iterator[tuple[str, list[Artifact], dict[str, object]]]:
    """Yield name, artifacts and parameters of each task; large recordings are cut to pieces."""
    checked: object = from_document(step.params, params)
    for part, own in _groups(step.split, artifacts):
        pieces = step.pieces(own[0], checked) if step.pieces else 1
        if pieces == 1:
            yield part, own, params
            continue
        for piece in range(pieces):
            share = params | {"piece": piece, "pieces": pieces}
            yield piece_name(part, piece, pieces), own, share


def _groups(split: Split, artifacts: Sequence[Artifact]) -> list[tuple[str, list[Artifact]]]:
    if split is Split.MEASUREMENT:
        return [("", list(artifacts))]
    if split is Split.RECORDING:
        return [(artifact.name, [artifact]) for artifact in artifacts]
    by_name: dict[str, list[Artifact]] = {}
    for artifact in artifacts:
        by_name.setdefault(artifact.name, []).append(artifact)
    return sorted(by_name.items())

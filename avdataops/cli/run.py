"""``avdataops run``."""

import json
from dataclasses import dataclass
from typing import Any, get_args

import click

from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.cli.progress import RunProgress
from avdataops.engine.arrivals import arrive_or_quarantine
from avdataops.engine.pipeline import Finished, Machinery, Pipeline, dry_run, run_pipeline
from avdataops.model.errors import Conflict, InputError
from avdataops.model.measurement import Measurement, State
from avdataops.model.run import RunRecord
from avdataops.ports.lineage_views import printable
from avdataops.settings import Engine
from avdataops.wiring.descriptions import run_row
from avdataops.wiring.workspace import Workspace

DATA_LOSS, FAILED, TEMPORARY = 3, 1, 75
MAX_SHOWN = 12


@click.command()
@click.argument("measurement")
@click.option("--from", "first", metavar="STEP", help="First step to run.")
@click.option("--to", "last", metavar="STEP", help="Last step to run.")
@click.option(
    "--param", multiple=True, metavar="STEP.NAME=VALUE", help="Parameter of a step; repeatable."
)
@click.option(
    "--engine", type=click.Choice(get_args(Engine)), help="Who runs the tasks; over the setting."
)
@click.option("--dry-run", "dry", is_flag=True, help="Show the next step's tasks; run nothing.")
@with_sink("table", "json")
@with_workspace
def run(workspace: Workspace, sink: Sink, **options: Any) -> int:
    """Run the pipeline on MEASUREMENT; what is already made is not made again."""
    asked = _Asked(**options)
    name = measurement_id_of(workspace, asked.measurement)
    whole = workspace.pipeline().with_params(_params(asked.param))
    part = whole.between(asked.first, asked.last)
    progress = RunProgress()
    engine = workspace.with_engine(asked.engine)
    with workspace.leases.hold(name), engine.machinery(progress) as machinery:
        facts = _ready(workspace, name)
        if asked.dry:
            return _show_plan(machinery, facts, part, sink)
        try:
            finished = run_pipeline(machinery, facts, part, whole=whole)
        finally:
            progress.close()
    return _tell(workspace, name, finished, sink)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    measurement: str
    first: str | None
    last: str | None
    param: tuple[str, ...]
    engine: Engine | None
    dry: bool


def _params(given: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for text in given:
        place, equals, value = text.partition("=")
        step, dot, name = place.partition(".")
        if not (equals and dot and name):
            raise click.BadParameter(f"'{text}' is not STEP.NAME=VALUE", param_hint="--param")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        _set(found.setdefault(step, {}), name.split("."), parsed)
    return found


def _set(into: dict[str, Any], names: list[str], value: object) -> None:
    for name in names[:-1]:
        into = into.setdefault(name, {})
        if not isinstance(into, dict):
            raise click.BadParameter(f"'{name}' is given twice, as a value and as a group")
    into[names[-1]] = value


def _ready(workspace: Workspace, name: str) -> Measurement:
    rejected = arrive_or_quarantine(workspace.storage, workspace.catalog, name)
    if rejected:
        raise InputError(f"measurement {name} was rejected: {rejected.message}", hint=rejected.fix)
    facts = workspace.catalog.measurement(name)
    if facts.state is State.QUARANTINED and facts.reason:
        raise Conflict(
            f"measurement {name} is quarantined [{facts.reason.code}]: {facts.reason.message}",
            hint=facts.reason.fix,
        )
    return facts


def _show_plan(machinery: Machinery, facts: Measurement, part: Pipeline, sink: Sink) -> int:
    tasks, step = dry_run(machinery, facts, part)
    document = {
        "measurement": facts.id,
        "dry_run": True,
        "step": step,
        "tasks": [{"part": task.part, "inputs": len(task.inputs)} for task in tasks],
    }
    lines = [f"would run {step}: {len(tasks)} task(s)"] if step else ["nothing to do"]
    lines += [f"  {task.part or 'whole measurement'}: {len(task.inputs)} inputs" for task in tasks]
    sink.document(document, "\n".join(lines))
    return 0


def _tell(workspace: Workspace, name: str, finished: Finished, sink: Sink) -> int:
    facts = workspace.catalog.measurement(name)
    document = {
        "measurement": name,
        "state": facts.state,
        "nothing_to_do": not finished.ran and not finished.revived,
        "switched_back": [record.run for record in finished.revived],
        "runs": [run_row(record) for record in finished.ran]
        + [{**run_row(record), "outcome": "nothing to do"} for record in finished.already],
    }
    _say_problems(finished.ran)
    sink.document(document, _in_words(name, facts.state, finished))
    if facts.reason and facts.state is State.QUARANTINED:
        say(f"quarantined [{facts.reason.code}]: {facts.reason.message}\n  fix: {facts.reason.fix}")
    return exit_status(finished, facts.state)


def _in_words(name: str, state: State, finished: Finished) -> str:
    back = list(dict.fromkeys(record.step for record in finished.revived))
    if not finished.ran and not back:
        return f"nothing to do: everything of {name} is made ({len(finished.already)} runs)"
    parts = []
    if finished.ran:
        parts.append(f"{len(finished.ran)} runs")
    if back:
        parts.append(f"back to {len(finished.revived)} earlier runs of {', '.join(back)}")
    unchanged = len(finished.already) - len(finished.revived)
    if unchanged:
        parts.append(f"{unchanged} already made")
    return f"{name} {state}: {', '.join(parts)}"


def _say_problems(records: tuple[RunRecord, ...]) -> None:
    lines = [
        f"{record.step} {record.part}: {problem.message}"
        for record in records
        for problem in record.caveats
    ]
    shown = list(dict.fromkeys(lines))
    for line in shown[:MAX_SHOWN]:
        say(f"  caveat: {printable(line)}")
    if len(shown) > MAX_SHOWN:
        say(f"  … and {len(shown) - MAX_SHOWN} more caveats (--format json shows all)")
    for record in records:
        if record.failure:
            told = f"{record.outcome}: {record.step} {record.part}: {record.failure.message}"
            say(f"  {printable(told)}")


def exit_status(finished: Finished, state: State) -> int:
    """Return 0, 3 for data loss, 75 if a retry may help, 1 if it will not."""
    if finished.failed:
        return FAILED if state is State.QUARANTINED else TEMPORARY
    return DATA_LOSS if any(record.lost_data for record in finished.ran) else 0

"""``avdataops measurements list|show|verify|requeue``."""

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, with_sink
from avdataops.engine.landing import requeue as take_back
from avdataops.engine.verify import verify_measurement
from avdataops.model.documents import to_document
from avdataops.model.measurement import Measurement, State
from avdataops.model.time import format_time
from avdataops.ports.lineage_views import printable
from avdataops.wiring.workspace import Workspace


@click.group(cls=HintingGroup)
def measurements() -> None:
    """What was uploaded, and what became of it."""


@measurements.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]))
@click.option("--vehicle")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--after", help="Id of the last one of the page before.")
@with_sink()
@with_workspace
def list_(
    workspace: Workspace,
    state: str | None,
    vehicle: str | None,
    limit: int,
    after: str | None,
    sink: Sink,
) -> None:
    """List measurements by id."""
    found = workspace.catalog.measurements(
        state=State(state) if state else None, vehicle=vehicle, after=after, limit=limit
    )
    rows = [
        {
            "measurement": m.id,
            "vehicle": m.vehicle,
            "state": m.state,
            "start_ns": m.start_ns,
            "stop_ns": m.stop_ns,
            "reason": m.reason.code if m.reason else None,
        }
        for m in found
    ]
    columns = ("measurement", "vehicle", "state", "start_ns", "stop_ns", "reason")
    sink.rows(rows, columns)


@measurements.command()
@click.argument("measurement")
@with_sink("table", "json")
@with_workspace
def show(workspace: Workspace, measurement: str, sink: Sink) -> None:
    """Show one measurement: its state, why it was rejected, its recordings and streams."""
    facts = workspace.catalog.measurement(measurement_id_of(workspace, measurement))
    document = describe(workspace, facts)
    sink.document(document, _as_text(facts, document))


def describe(workspace: Workspace, facts: Measurement) -> dict[str, object]:
    """Return everything about one measurement as one document."""
    recordings = [to_document(r) for r in workspace.catalog.recordings(facts.id)]
    tables = workspace.catalog.artifacts(facts.id, kind="stream")
    streams = [
        {
            "name": a.name,
            "topic": a.attributes.get("topic", a.name),
            "type": a.attributes.get("type"),
            "class": a.attributes.get("topic_class"),
            "recording": a.part,
            "rows": a.rows,
            "start_ns": a.start_ns,
            "stop_ns": a.stop_ns,
            "artifact": a.id,
            "location": str(a.location),
        }
        for a in tables
    ]
    return {
        "measurement": facts.id,
        "vehicle": facts.vehicle,
        "state": facts.state,
        "reason": to_document(facts.reason) if facts.reason else None,
        "start_ns": facts.start_ns,
        "stop_ns": facts.stop_ns,
        "driver_notes": facts.driver_notes,
        "recordings": recordings,
        "streams": streams,
    }


def _as_text(facts: Measurement, document: dict[str, object]) -> str:
    lines = [f"{facts.id}  {facts.vehicle}  {facts.state}"]
    if facts.reason:
        lines += [f"rejected [{facts.reason.code}]: {facts.reason.message}"]
        lines += [f"  fix: {facts.reason.fix}"]
    if facts.start_ns is not None and facts.stop_ns is not None:
        lines.append(f"time: {format_time(facts.start_ns)} to {format_time(facts.stop_ns)}")
    for name, value in (facts.driver_notes or {}).items():
        lines.append(f"driver notes, {name}: {value}")
    recordings, streams = document["recordings"], document["streams"]
    if isinstance(recordings, list):
        lines.append(f"{len(recordings)} recordings:")
        lines += [f"  {r['format'] or '?':6} {r['bytes']:>14,}  {r['name']}" for r in recordings]
        for r in recordings:
            lines += [f"  problem in {r['name']}: {p['message']}" for p in r["problems"]]
    if isinstance(streams, list) and streams:
        lines.append(f"{len(streams)} stream tables:")
        lines += [f"  {s['class']:8} {s['rows']:>10,}  {s['name']}  ({s['type']})" for s in streams]
    return "\n".join(map(printable, lines))


@measurements.command()
@click.argument("measurement")
@with_sink("table", "json")
@with_workspace
def verify(workspace: Workspace, measurement: str, sink: Sink) -> int:
    """Read every stored file of a measurement back and compare it with the catalog."""
    name = measurement_id_of(workspace, measurement)
    checked, findings = verify_measurement(workspace.storage, workspace.catalog, name)
    document = {
        "measurement": name,
        "files": checked,
        "findings": [{"artifact": f.artifact, "problem": f.problem} for f in findings],
    }
    lines = [f"{f.artifact}: {f.problem}" for f in findings]
    lines.append(f"{checked} files read back, {len(findings)} findings")
    sink.document(document, "\n".join(lines))
    return 1 if findings else 0


@measurements.command()
@click.argument("measurement")
@with_sink("table", "json")
@with_workspace
def requeue(workspace: Workspace, measurement: str, sink: Sink) -> None:
    """Take a rejected measurement back, after what was wrong with it is mended."""
    name = measurement_id_of(workspace, measurement)
    with workspace.leases.hold(name):
        moved = take_back(workspace.storage, workspace.catalog, name)
    document = {"measurement": name, "state": State.PENDING.value, "files": moved}
    text = f"{name} is pending again ({moved} files back in landing)\nnext: avdataops run {name}"
    sink.document(document, text)

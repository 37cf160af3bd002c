"""``avdataops measurements list|show|sync|verify|requeue``."""

from typing import Any

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.measurement_sync import sync
from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, with_sink
from avdataops.engine.landing import requeue as take_back
from avdataops.engine.verify import verify_measurement
from avdataops.model.measurement import Measurement, State
from avdataops.model.time import format_time
from avdataops.ports.lineage_views import printable
from avdataops.wiring.descriptions import describe, measurement_row
from avdataops.wiring.workspace import Workspace


@click.group(cls=HintingGroup)
def measurements() -> None:
    """What was uploaded, and what became of it."""


measurements.add_command(sync)


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
    columns = ("measurement", "vehicle", "state", "start_ns", "stop_ns", "reason")
    sink.rows([measurement_row(one) for one in found], columns)


@measurements.command()
@click.argument("measurement")
@with_sink("table", "json")
@with_workspace
def show(workspace: Workspace, measurement: str, sink: Sink) -> None:
    """Show one measurement: its state, why it was rejected, its recordings and streams.

    Where keyframes were chosen, it also tells for each camera, lidar and radar what that saves in
    labelling: frames recorded, left by downsampling, near duplicates, and keyframes.
    """
    facts = workspace.catalog.measurement(measurement_id_of(workspace, measurement))
    document = describe(workspace.catalog, facts)
    sink.document(document, _as_text(facts, document))


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
        lines += [_stream(one) for one in streams]
    savings = document["savings"]
    if isinstance(savings, dict) and savings:
        lines.append("frames worth a label:")
        lines += [_saving(stream, told) for stream, told in sorted(savings.items())]
    return "\n".join(map(printable, lines))


def _stream(told: dict[str, Any]) -> str:
    rows = "?" if told["rows"] is None else f"{told['rows']:,}"
    return f"  {told['class'] or '?':8} {rows:>10}  {told['name']}  ({told['type'] or '?'})"


def _saving(stream: str, told: dict[str, Any]) -> str:
    recorded = told["recorded"] or told["kept_by_downsampling"]
    share = 1.0 - told["keyframes"] / recorded if recorded else 0.0
    return (
        f"  {stream}: {told['keyframes']:,} of {recorded:,} recorded ({share:.1%} saved);"
        f" {told['kept_by_downsampling']:,} after downsampling,"
        f" {told['near_duplicates']:,} near duplicates, {told['hours']:.2f} h;"
        f" {told['full_rate']:,} near scenes at full rate"
    )


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

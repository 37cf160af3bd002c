"""``avdataops scenes find|show|count|types|rethreshold|diff``."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from avdataops.cli.clips import export
from avdataops.cli.groups import HintingGroup
from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.cli.scene_numbers import explain, rate, sql, why_not
from avdataops.cli.scene_open import open_
from avdataops.model.documents import to_document
from avdataops.model.errors import InputError
from avdataops.model.time import format_time
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.catalog_rules import SCENE_GROUPS
from avdataops.ports.lineage_views import printable
from avdataops.tables.ontology import meanings
from avdataops.wiring.descriptions import scene_row
from avdataops.wiring.rules import configured_rules
from avdataops.wiring.scene_questions import Asking, SceneWords, counted
from avdataops.wiring.second_looks import SecondLook, moved_rows
from avdataops.wiring.stored_tables import read_table
from avdataops.wiring.workspace import Workspace

_COLUMNS = ("id", "type", "t_start_ns", "duration_s", "vehicle", "confidence", "evidence")


@click.group(cls=HintingGroup)
def scenes() -> None:
    """Find what happened."""


for _one in (export, open_, rate, explain, why_not, sql):
    scenes.add_command(_one)


def scene_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose scenes."""
    for option in reversed(
        (
            click.argument("text", metavar="[QUERY]", required=False),
            click.option("--type", "types", multiple=True, help="Scene type; repeat for any of."),
            click.option("--measurement", help="Only in this measurement."),
            click.option("--vehicle", help="Only of this vehicle."),
            click.option("-S", "--start", help="From: RFC 3339, integer ns, or +12.5s."),
            click.option("-E", "--end", help="Until: RFC 3339, integer ns, or +12.5s."),
            click.option("--near", help="LAT,LON,RADIUS_M: within this distance of a point."),
            click.option("--where", multiple=True, help="As 'min_ax_mps2 < -4'; all must hold."),
            click.option("--during", multiple=True, help="While a scene of this type; repeatable."),
        )
    ):
        command = option(command)
    return command


@scenes.command()
@scene_filters
@click.option("--limit", type=click.IntRange(0), default=100, show_default=True, help="0: all.")
@click.option("--after", help="Id of the last scene of the page before.")
@with_sink()
@with_workspace
def find(
    workspace: Workspace,
    limit: int,
    after: str | None,
    sink: Sink,
    **filters: Any,
) -> None:
    """Find scenes, ordered by time.

    QUERY is in the query language, as 'cut_in & rain & ego_speed > 30 km/h' (docs/query.md); what
    the options say must hold too.
    """
    query = scene_query(workspace, **filters)
    found = workspace.catalog.scenes(query, after=after, limit=limit)
    sink.rows([scene_row(scene) for scene in found], _COLUMNS)
    if limit and len(found) == limit:
        say(f"the first {limit}; more: --after {found[-1].id}, or --limit 0")
    elif not found:
        say("no scene matches; see what there is: avdataops scenes count")


@scenes.command()
@scene_filters
@click.option("--by", type=click.Choice(SCENE_GROUPS), default="type", show_default=True)
@with_sink()
@with_workspace
def count(workspace: Workspace, by: str, sink: Sink, **filters: Any) -> None:
    """Count scenes before looking at them."""
    counts = workspace.catalog.count_scenes(scene_query(workspace, **filters), by=by)
    sink.rows(counted(counts, by), (by, "scenes"))


@scenes.command()
@click.argument("scene")
@with_sink("table", "json")
@with_workspace
def show(workspace: Workspace, scene: str, sink: Sink) -> None:
    """Show one scene with its evidence."""
    found = workspace.catalog.scene(scene)
    lines = [
        f"{found.id}  {found.type}  confidence {found.confidence:.2f}",
        f"{format_time(found.t_start_ns)} to {format_time(found.t_end_ns)}"
        + ("  (cut short by a gap)" if found.truncated else ""),
        f"measurement {found.measurement}, vehicle {found.vehicle}",
        f"detector {found.detector} version {found.detector_version}, parameters {found.params}",
    ]
    if found.lat_deg is not None:
        lines.append(f"place {found.lat_deg:.6f}, {found.lon_deg:.6f}")
    if found.actor:
        lines.append(f"actor {found.actor}")
    lines += [f"  {name} = {value}" for name, value in sorted(found.evidence.items())]
    lines.append(f"lineage: avdataops lineage show {found.id} --up")
    sink.document(scene_row(found), "\n".join(map(printable, lines)))


@scenes.command()
@with_sink()
@with_workspace
def types(workspace: Workspace, sink: Sink) -> None:
    """List every scene type: what it means, and its OpenLABEL tag where there is one."""
    rows = [{"type": name, **to_document(one)} for name, one in meanings().items()]
    rows += [
        {"type": one.name, "parent": "user_rule", "definition": one.doc}
        | {"openlabel": one.tags.get(one.name)}
        for one in configured_rules(workspace.settings.rules)
    ]
    sink.rows(rows, ("type", "parent", "openlabel", "definition"))


@scenes.command()
@click.argument("scene_type", metavar="TYPE")
@click.option("--set", "given", multiple=True, required=True, help="As on_mps2=-2.5; repeatable.")
@click.option("--measurement", help="Only in this measurement.")
@with_sink()
@with_workspace
def rethreshold(
    workspace: Workspace,
    scene_type: str,
    given: tuple[str, ...],
    measurement: str | None,
    sink: Sink,
) -> None:
    """Move thresholds of a scene TYPE without a rerun: which scenes stay, go and come."""
    _asking(workspace).check_type(scene_type)
    only = measurement_id_of(workspace, measurement) if measurement else None
    look = SecondLook(workspace.catalog, partial(read_table, workspace.storage))
    moved = look.rethreshold(scene_type, dict(map(_threshold, given)), only)
    rows = [{"change": what, **scene_row(scene)} for what, scene in moved_rows(moved)]
    sink.rows(rows, ("change", *_COLUMNS))
    counts = f"{len(moved.stay)} stay, {len(moved.appear)} appear, {len(moved.disappear)} disappear"
    say(counts + (f", {len(moved.undecided)} undecided" if moved.undecided else ""))


@scenes.command()
@click.argument("measurement")
@click.option("--run", "runs", multiple=True, help="Two runs: from, to. Else the last before now.")
@with_sink()
@with_workspace
def diff(workspace: Workspace, measurement: str, runs: tuple[str, ...], sink: Sink) -> None:
    """Compare the scenes of MEASUREMENT with those of the detection before."""
    if len(runs) not in {0, 2}:
        raise InputError("--run is given twice, from and to, or not at all")
    before, after = runs or (None, None)
    look = SecondLook(workspace.catalog, partial(read_table, workspace.storage))
    changes = look.changes(measurement_id_of(workspace, measurement), before, after)
    rows = [{"change": "more", **scene_row(one)} for one in changes.more]
    rows += [{"change": "gone", **scene_row(one)} for one in changes.gone]
    for pair in changes.moved:
        old = pair.before
        was = {"was_id": old.id, "was_start_ns": old.t_start_ns, "was_end_ns": old.t_end_ns}
        rows.append({"change": "moved", **scene_row(pair.after), **was})
    sink.rows(rows, ("change", *_COLUMNS[:4], "confidence", "was_id", "was_start_ns"))
    say(f"{changes}, {len(changes.same)} the same")


def _threshold(text: str) -> tuple[str, float]:
    name, found, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (found and name.strip() and math.isfinite(number)):
        raise InputError(f"'{text}' sets no threshold; write as 'on_mps2=-2.5'")
    return name.strip(), number


def scene_query(workspace: Workspace, **given: Any) -> SceneQuery:
    """Return the query that the options describe; raises ``InputError`` with the near miss."""
    return _asking(workspace).query(words_of(workspace, **given))


def words_of(workspace: Workspace, **given: Any) -> SceneWords:
    """Return the question that the options ask."""
    text = given["measurement"]
    return SceneWords(
        types=tuple(given["types"]),
        measurement=measurement_id_of(workspace, text) if text else None,
        vehicle=given["vehicle"],
        start=given["start"],
        end=given["end"],
        near=given["near"],
        where=tuple(given["where"]),
        during=tuple(given["during"]),
        text=given["text"],
    )


def _asking(workspace: Workspace) -> Asking:
    return Asking(workspace.catalog, workspace.settings.rules)

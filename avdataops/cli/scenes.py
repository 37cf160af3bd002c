"""``avdataops scenes find|show|count``."""

import re
from collections.abc import Callable
from typing import Any

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.detectors import scene_types
from avdataops.model.documents import to_document
from avdataops.model.errors import InputError, did_you_mean
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange, format_time, parse_time
from avdataops.ports.catalog import Comparison, Condition, Near, SceneQuery
from avdataops.ports.lineage_views import printable
from avdataops.wiring.workspace import Workspace

_CONDITION = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(<=|>=|!=|==|=|<|>)\s*(.+?)\s*")
_COLUMNS = ("id", "type", "t_start_ns", "duration_s", "vehicle", "confidence", "evidence")
_END_OF_TIME = 2**63 - 1


@click.group(cls=HintingGroup)
def scenes() -> None:
    """Find what happened."""


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
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
@_filters
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
    """Find scenes, ordered by time."""
    query = scene_query(workspace, **filters)
    found = workspace.catalog.scenes(query, after=after, limit=limit)
    sink.rows([scene_row(scene) for scene in found], _COLUMNS)
    if limit and len(found) == limit:
        say(f"the first {limit}; more: --after {found[-1].id}, or --limit 0")
    elif not found:
        say("no scene matches; see what there is: avdataops scenes count")


@scenes.command()
@_filters
@click.option("--by", type=click.Choice(["type", "measurement", "vehicle"]), default="type")
@with_sink()
@with_workspace
def count(workspace: Workspace, by: str, sink: Sink, **filters: Any) -> None:
    """Count scenes before looking at them."""
    counts = workspace.catalog.count_scenes(scene_query(workspace, **filters), by=by)
    rows = [{by: name, "scenes": number} for name, number in sorted(counts.items())]
    sink.rows(rows, (by, "scenes"))


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


def scene_row(scene: Scene) -> dict[str, Any]:
    """Return a scene as the JSON that others build on."""
    row = to_document(scene)
    row["duration_s"] = (scene.t_end_ns - scene.t_start_ns) / 1e9
    return row


def scene_query(workspace: Workspace, **given: Any) -> SceneQuery:
    """Return the query that the options describe; raises ``InputError`` with the near miss."""
    known = scene_types()
    for name in (*given["types"], *given["during"]):
        if name not in known:
            raise InputError(
                f"no scene type '{name}'{did_you_mean(name, known)}",
                hint=f"types: {', '.join(sorted(known))}",
            )
    text = given["measurement"]
    measurement = measurement_id_of(workspace, text) if text else None
    origin = workspace.catalog.measurement(measurement).start_ns if measurement else None
    start, end = given["start"], given["end"]
    time = None
    if start or end:
        time = TimeRange(
            parse_time(start, origin) if start else -_END_OF_TIME,
            parse_time(end, origin) if end else _END_OF_TIME,
        )
    return SceneQuery(
        types=tuple(given["types"]),
        measurement=measurement,
        vehicle=given["vehicle"],
        time=time,
        near=_near(given["near"]) if given["near"] else None,
        where=tuple(_condition(text) for text in given["where"]),
        during=tuple(given["during"]),
    )


def _near(text: str) -> Near:
    try:
        lat, lon, radius = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"'{text}' is not LAT,LON,RADIUS_M (56.16,10.20,500)") from error
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and radius >= 0):  # noqa: PLR2004 - degrees
        raise InputError(f"'{text}': latitude -90 to 90, longitude -180 to 180, radius from 0")
    return Near(lat, lon, radius)


def _condition(text: str) -> Condition:
    parts = _CONDITION.fullmatch(text)
    if not parts:
        raise InputError(f"'{text}' is not a comparison; write as 'min_ax_mps2 < -4'")
    name, op, value = parts.groups()
    return Condition(name, Comparison("=" if op == "==" else op), _value(value))


def _value(text: str) -> float | str | bool:
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")

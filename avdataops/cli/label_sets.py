"""``avdataops labels list``, ``show`` and ``diff``: what came back from labelling."""

from dataclasses import asdict
from typing import Any

import click

from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, with_sink
from avdataops.model.errors import NotFound
from avdataops.tables.label_diff import CHANGES, LabelChange
from avdataops.wiring.label_sets import deliveries_diff, find_label_set, label_sets, rows_of
from avdataops.wiring.workspace import Workspace

_SETS = ("package", "measurement", "state", "delivery", "labels", *CHANGES, "file")
_LABELS = ("label", "frame", "stream", "shape", "track", "object_class", "name")
_DIFF = ("change", "label", "frame", "stream", "track", "object_class", "iou", "shift_m")
_DIGITS = 4

_delivery = click.option(
    "--delivery", type=click.IntRange(1), metavar="N", help="Which delivery; the latest if not set."
)


@click.command("list")
@click.argument("measurement", required=False)
@with_sink()
@with_workspace
def list_(workspace: Workspace, measurement: str | None, sink: Sink) -> None:
    """List packages and what came back for each, of MEASUREMENT or of all.

    A package without delivery is sent and has not come back.
    """
    name = measurement and measurement_id_of(workspace, measurement)
    if name:
        workspace.catalog.measurement(name)
    rows = []
    for one in label_sets(workspace.catalog, name):
        row = asdict(one)
        changes = row.pop("changes") or {}
        # Deliveries before moves were told apart know no such word.
        rows.append(row | {word: changes.get(word) for word in CHANGES})
    sink.rows(rows, _SETS)


@click.command()
@click.argument("package")
@_delivery
@click.option("--shape", metavar="S", help="Only bbox, cuboid, action, context and so on.")
@with_sink()
@with_workspace
def show(
    workspace: Workspace, package: str, delivery: int | None, shape: str | None, sink: Sink
) -> None:
    """Show the labels of PACKAGE: one row per label, with the hash of the picture it is on."""
    found = find_label_set(workspace.catalog, package, delivery)
    rows = rows_of(workspace, found)
    sink.rows([row for row in rows if shape in (None, row["shape"])], _LABELS)


@click.command()
@click.argument("package")
@_delivery
@click.option(
    "--against",
    type=click.IntRange(0),
    metavar="N",
    help="The delivery to compare with, 0 for nothing; the one before if not set.",
)
@with_sink()
@with_workspace
def diff(
    workspace: Workspace, package: str, delivery: int | None, against: int | None, sink: Sink
) -> None:
    """Show what one delivery of PACKAGE added, removed, moved and changed."""
    new = find_label_set(workspace.catalog, package, delivery)
    number = (new.delivery or 1) - 1 if against is None else against
    if number == new.delivery:
        raise NotFound(
            f"delivery {number} cannot differ from itself", hint="name another --against"
        )
    old = find_label_set(workspace.catalog, package, number) if number else None
    sink.rows([_row(one) for one in deliveries_diff(workspace, new, old)], _DIFF)


def _row(one: LabelChange) -> dict[str, Any]:
    names = ("label", "frame", "stream", "shape", "track", "object_class", "name")
    return {
        "change": one.change,
        **{name: one.row[name] for name in names},
        "was_label": one.was["label"] if one.was else None,
        "was_class": one.was["object_class"] if one.was else None,
        "iou": _rounded(one.iou),
        "shift_m": _rounded(one.shift_m),
        "said_changed": one.said_changed,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)

"""``avdataops lineage show``."""

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.opening import with_workspace
from avdataops.cli.output import Sink, with_sink
from avdataops.ports.catalog import Direction
from avdataops.ports.lineage_outline import as_outline
from avdataops.ports.lineage_views import as_document, as_mermaid, as_tree
from avdataops.wiring.workspace import Workspace


@click.group(cls=HintingGroup)
def lineage() -> None:
    """What anything was made from, and what was made from it."""


@lineage.command()
@click.argument("start", metavar="ID")
@click.option(
    "--up", "direction", flag_value="up", default="up", help="Towards the uploaded bytes."
)
@click.option("--down", "direction", flag_value="down", help="Towards what was made from it.")
@click.option("--depth", type=click.IntRange(1), help="How many runs to walk.")
@with_sink("tree", "full", "json", "mermaid")
@with_workspace
def show(
    workspace: Workspace,
    start: str,
    direction: str,
    depth: int | None,
    sink: Sink,
) -> None:
    """Show the lineage of a scene, artifact, run or recording.

    tree gives what one step made one line; full gives every table its own.
    """
    found = workspace.catalog.lineage(start, Direction(direction), depth=depth)
    document = as_document(found)
    views = {"tree": as_outline, "full": as_tree, "mermaid": as_mermaid}
    text = views[sink.style](found) if sink.style in views else ""
    sink.document(document, text)

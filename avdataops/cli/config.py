"""``avdataops config show``."""

from pathlib import Path

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.output import Sink, with_sink
from avdataops.settings import origins


@click.group(cls=HintingGroup)
def config() -> None:
    """Settings and where they come from."""


@config.command()
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@with_sink("table", "json")
@click.pass_context
def show(ctx: click.Context, origin: bool, sink: Sink) -> None:
    """Show every setting."""
    found = origins(workspace=ctx.find_root().obj)
    document = {
        name: {"value": _plain(value), "origin": where} for name, (value, where) in found.items()
    }
    lines = [
        f"{name} = {_plain(value)}" + (f"    ({where})" if origin else "")
        for name, (value, where) in found.items()
    ]
    sink.document(document, "\n".join(lines))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, Path) else value

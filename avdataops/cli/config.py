"""``avdataops config show``."""

from pathlib import Path
from urllib.parse import urlsplit

import click
from pydantic import SecretStr

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
    if isinstance(value, SecretStr):
        return _masked(value.get_secret_value())
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _masked(secret: str) -> str:
    # The bare address of an account is no secret, and what one wants to see here.
    parts = urlsplit(secret)
    bare = parts.scheme in {"http", "https"} and not (
        parts.query or parts.fragment or parts.username
    )
    return secret if bare else "**********"

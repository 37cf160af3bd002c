"""The root command, and how errors become messages and exit statuses."""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import click

from avdataops.cli.groups import HintingGroup
from avdataops.model.errors import AvdataopsError, QueryError
from avdataops.ports.lineage_views import printable
from avdataops.wiring.ending import TERMINATED, Terminated, end_on_sigterm, of_the_machine

_COMMANDS = {
    "config": "Settings and where they come from.",
    "datasets": "Freeze scenes into datasets that never change.",
    "demo": "Make a sample drive, upload it, run the pipeline, show what it found.",
    "doctor": "Check libraries, schemas, settings, workspace and space, and Azure where it is set.",
    "info": "Show what is inside a recording, from its header and index.",
    "labels": "Exchange labels with partners, both ways, as ASAM OpenLABEL or COCO.",
    "lineage": "What anything was made from, and what was made from it.",
    "measurements": "What was uploaded, and what became of it.",
    "run": "Run the pipeline on MEASUREMENT; what is already made is not made again.",
    "scenes": "Find what happened.",
    "serve": "Serve web pages and the Metadata API; to others only if Entra ID says who may ask.",
    "upload": "Upload the recordings in FOLDER as one measurement, verified and resumable.",
}
"""Each is the object of its name in the module of its name; the help stands here too, so that
listing the commands imports none of them."""
INTERRUPTED, USAGE = 130, 2


class LazyGroup(HintingGroup):
    """Imports a command when it is used, so that ``--help`` and ``--version`` are instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"avdataops.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("avdataops"), prog_name="avdataops")
@click.option("--workspace", type=click.Path(file_okay=False, path_type=Path), help="Local zones.")
@click.pass_context
def root(ctx: click.Context, workspace: Path | None) -> None:
    """Drives of a test fleet: upload, run the pipeline, find scenes, trace their lineage."""
    ctx.obj = workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    end_on_sigterm()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = root.main(args=given, prog_name="avdataops", standalone_mode=False)
    except AvdataopsError as error:
        _show(error, as_json=_wants_json(given))
        status = error.exit_status
    except click.ClickException as error:
        error.show(file=sys.stderr)
        status = USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; run the same command again to go on from here", err=True)
        status = INTERRUPTED
    except Terminated:
        click.echo("terminated; run the same command again to go on from here", err=True)
        status = TERMINATED
    except BrokenPipeError:
        sys.stderr.close()
        status = 0
    except OSError as error:
        told = of_the_machine(error)
        _show(told, as_json=_wants_json(given))
        status = told.exit_status
    return status if isinstance(status, int) else 0


def _wants_json(given: Sequence[str]) -> bool:
    pairs = zip(given, [*given[1:], ""], strict=True)
    return any(
        one in {"--format=json", "--format=ndjson"} or (one == "--format" and two.endswith("json"))
        for one, two in pairs
    )


def _show(error: AvdataopsError, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"error": error.to_json()}), err=True)
        return
    lines = error.message.split("\n") if isinstance(error, QueryError) else [error.message]
    told = "\n".join(map(printable, lines))
    click.echo(f"error[{error.code}]: {told}", err=True)
    if error.hint:
        click.echo(f"  hint: {error.hint}", err=True)

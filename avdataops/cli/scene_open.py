"""``avdataops scenes open``: a scene in Rerun's viewer, or where else it can be seen."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from avdataops.cli.clips import around, wish_of
from avdataops.cli.opening import with_workspace
from avdataops.cli.output import Sink, say
from avdataops.clips import CLIP_FORMATS
from avdataops.clips.rrd import EXTRA, find_rerun, without_analytics
from avdataops.model.errors import ConfigError
from avdataops.ports.lineage_views import printable
from avdataops.wiring.scene_clips import clip_of, export_clip
from avdataops.wiring.workspace import Workspace

_FOLDER = "clips"
_PAGE = "http://127.0.0.1:8787/scenes/"
_LOOPBACK = "127.0.0.1"


@click.command("open")
@click.argument("scene")
@click.option(
    "--in",
    "viewer",
    type=click.Choice(["auto", "rerun", "none"]),
    default="auto",
    show_default=True,
    help="Rerun if it is there; none: only say where the clip is.",
)
@click.option("--web", is_flag=True, help="Rerun in the browser; always so without a screen.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Of the page; 0: any.")
@around
@with_workspace
def open_(
    workspace: Workspace, scene: str, viewer: str, web: bool, port: int, **wanted: Any
) -> int:
    """Show SCENE in Rerun's viewer, else say which file to open, and which page.

    The viewer sends no analytics and listens on this machine alone.  The clip stays in the
    workspace, in the folder 'clips'.
    """
    facts = workspace.catalog.scene(scene)
    rerun = None if viewer == "none" else _rerun(required=viewer == "rerun")
    clip = clip_of(workspace.catalog, workspace.storage, facts, wish_of(**wanted))
    made = export_clip(clip, CLIP_FORMATS["mcap"], workspace.root / _FOLDER / f"{scene}.mcap")
    for problem in made.caveats:
        say(f"  caveat: {printable(problem.message)}")
    path = Path(str(made.files[0]["path"]))
    document = {"scene": scene, "clip": str(path), "page": f"{_PAGE}{scene}"}
    if rerun is None:
        say(f"open the clip in Foxglove, Lichtblick or Rerun ({EXTRA}),")
        say("or start 'avdataops serve' and open the page in a browser")
        Sink("json").document(document, "")
        return 0
    Sink("json").document({**document, "viewer": "rerun"}, "")
    sys.stdout.flush()
    return _show(rerun, path, web=web or not _has_screen(), port=port)


def _rerun(*, required: bool) -> Path | None:
    try:
        return find_rerun()
    except ConfigError:
        if required:
            raise
        return None


def _has_screen() -> bool:
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _show(rerun: Path, clip: Path, *, web: bool, port: int) -> int:
    """Run the viewer until the person ends it."""
    given = [str(rerun), str(clip), "--bind", _LOOPBACK, "--port", "auto"]
    if web:
        given += ["--serve-web", "--web-viewer-port", str(port)]
    with (
        without_analytics() as environment,
        # A session of its own: the command is a script that starts the viewer, and both must go.
        subprocess.Popen(  # noqa: S603 - a command that was looked for
            given, env=dict(environment), stdout=sys.stderr, start_new_session=True
        ) as process,
    ):
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)

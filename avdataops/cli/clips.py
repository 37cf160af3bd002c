"""``avdataops scenes export`` and ``scenes open``: clips of scenes."""

import json
import re
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import click

from avdataops.cli.opening import with_workspace
from avdataops.cli.output import Sink, say
from avdataops.clips import CLIP_FORMATS, clip_format
from avdataops.clips.clip import ClipFormat
from avdataops.model.documents import to_document
from avdataops.model.errors import InputError, NotFound, shown
from avdataops.ports.lineage_views import printable
from avdataops.wiring.scene_clips import ClipWish, Exported, clip_of, export_clip
from avdataops.wiring.workspace import Workspace

_LOST = 3
_MOST = 10_000
_SHOWN = 5
_SECONDS = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)\s*(ms|s|min)?")
_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, None: 1.0}


class Duration(click.ParamType[float]):
    """``5s``, ``500ms``, ``1.5min`` or a plain number of seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        if isinstance(value, float):
            return value
        parts = _SECONDS.fullmatch(str(value).strip())
        if not parts:
            self.fail(f"'{value}' is no duration; write 5s, 500ms or 1.5min", param, ctx)
        return float(parts[1]) * _UNITS[parts[2]]


DURATION = Duration()


def around(command: Any) -> Any:
    """Add the options that say how much of a drive a clip takes."""
    for option in reversed(
        (
            click.option("--before", type=DURATION, default="5s", show_default=True, help="As 5s."),
            click.option("--after", type=DURATION, default="5s", show_default=True, help="As 5s."),
            click.option("--topics", multiple=True, metavar="A,B", help="Only these; repeatable."),
        )
    ):
        command = option(command)
    return command


def wish_of(
    before: float, after: float, topics: tuple[str, ...], *, originals_only: bool = False
) -> ClipWish:
    """Return the wish that the options say."""
    named = tuple(name.strip() for text in topics for name in text.split(",") if name.strip())
    return ClipWish(before_s=before, after_s=after, topics=named, originals_only=originals_only)


@click.command()
@click.argument("scenes", nargs=-1, metavar="ID...")
@click.option(
    "--to",
    "form",
    type=click.Choice(tuple(CLIP_FORMATS)),
    default="mcap",
    show_default=True,
    help="How the clip is written.",
)
@around
@click.option(
    "--originals-only",
    is_flag=True,
    help="MCAP with nothing but ROS messages: for programs that know no protobuf.",
)
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="File, or folder for several scenes and for formats of several files.",
)
@with_workspace
def export(
    workspace: Workspace,
    scenes: tuple[str, ...],
    form: str,
    target: Path,
    **wanted: Any,
) -> int:
    """Write scenes as clips: original messages, tables or video of the time around each.

    With '-' the IDs come from standard input, one a line, or as 'scenes find --format ndjson'
    writes them.
    """
    wish = wish_of(**wanted)
    chosen = _ids(scenes)
    done = []
    for scene, place in _places(chosen, clip_format(form), target):
        facts = workspace.catalog.scene(scene)
        clip = clip_of(workspace.catalog, workspace.storage, facts, wish)
        made = export_clip(clip, clip_format(form), place)
        _tell(made)
        done.append(made)
    Sink("json").document(_document(done, form), "")
    return _LOST if any(one.lost_data for one in done) else 0


def _ids(given: tuple[str, ...]) -> tuple[str, ...]:
    names = given
    if given == ("-",):
        names = tuple(_id_in(line) for line in islice(sys.stdin, _MOST + 1) if line.strip())
    if not names:
        raise NotFound("no scene was named", hint="find some: avdataops scenes find --limit 5")
    if len(names) > _MOST:
        raise InputError(f"more than {_MOST} scenes at once")
    return tuple(dict.fromkeys(names))


def _id_in(line: str) -> str:
    """Return the id that a line begins with, or that its JSON object names."""
    if not line.lstrip().startswith("{"):
        return line.split(maxsplit=1)[0]
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError) as error:
        raise InputError(f"a line names no scene: {shown(line.strip())}") from error


def _places(scenes: tuple[str, ...], form: ClipFormat, target: Path) -> list[tuple[str, Path]]:
    """Return where the clip of each scene goes."""
    if len(scenes) == 1 and not target.is_dir():
        return [(scenes[0], target)]
    if target.exists() and not target.is_dir():
        raise InputError(f"'{target}' is a file, and {len(scenes)} clips need a folder")
    if len(scenes) == 1 and not form.suffix:
        return [(scenes[0], target)]
    return [(scene, target / f"{scene}{form.suffix}") for scene in scenes]


def _tell(made: Exported) -> None:
    for problem in made.caveats[:_SHOWN]:
        say(f"  caveat: {printable(problem.message)}")
    if len(made.caveats) > _SHOWN:
        say(f"  and {len(made.caveats) - _SHOWN} more caveats")


def _document(done: list[Exported], form: str) -> dict[str, object]:
    clips = [
        {
            **one.manifest,
            "files": list(one.files),
            "caveats": [to_document(problem) for problem in one.caveats],
            "lost_data": one.lost_data,
        }
        for one in done
    ]
    return {"format": form, "clips": clips}

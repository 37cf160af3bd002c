"""``avdataops labels export``: packages of a drive, of a selection of scenes, or of each scene."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say
from avdataops.labels import FOLDER_FORMATS, LABEL_FORMATS, check_formats
from avdataops.ports.lineage_views import printable
from avdataops.wiring.label_exchange import Exchanged, export_labels, save_package
from avdataops.wiring.label_selection import Wanted, export_selection, scenes_of
from avdataops.wiring.scene_questions import SceneWords
from avdataops.wiring.workspace import Workspace

_CAVEATS = 3


def _split(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for one in given for name in one.split(",")))
    check_formats(names)
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    measurement: str | None
    formats: tuple[str, ...]
    scene_type: tuple[str, ...]
    scene: tuple[str, ...]
    query: str | None
    each_scene: bool
    rate_hz: float
    exemption: str
    calibration: Path | None
    clearance: Path | None
    only_cleared: bool
    sweeps: bool
    deskew: bool
    folder: Path


@click.command()
@click.argument("measurement", required=False)
@click.option(
    "--to",
    "--format",
    "formats",
    multiple=True,
    metavar="F,F",
    default=tuple(LABEL_FORMATS),
    show_default=True,
    callback=_split,
    help=f"Formats: {', '.join((*LABEL_FORMATS, *FOLDER_FORMATS))}; repeatable.",
)
@click.option("--scene-type", multiple=True, metavar="T", help="Only such scenes; repeatable.")
@click.option("--scene", multiple=True, metavar="ID", help="Only this scene; repeatable.")
@click.option("--query", metavar="Q", help="Scenes by question: 'cut_in & rain' (docs/query.md).")
@click.option("--each-scene", is_flag=True, help="Make a package for each scene.")
@click.option(
    "--rate-hz",
    type=click.FloatRange(0, min_open=True),
    default=2.0,
    show_default=True,
    help="At most so many frames per second.",
)
@click.option(
    "--exemption",
    metavar="TEXT",
    default="",
    help="Who allows pictures to leave that nobody has anonymised, and why; it is recorded.",
)
@click.option(
    "--calibration",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What you know of the sensors, as calibration.json of a package; it counts most.",
)
@click.option(
    "--clearance",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Who looked at which pictures (JSON: by, why, pictures by SHA-256).",
)
@click.option("--only-cleared", is_flag=True, help="Painted pictures stay until somebody looked.")
@click.option("--sweeps/--no-sweeps", default=True, help="Whether lidar sweeps go along.")
@click.option("--deskew", is_flag=True, help="Add a copy of each sweep without ego motion.")
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the package into this folder.",
)
@with_workspace
def export(workspace: Workspace, **options: Any) -> int:
    """Make a package of MEASUREMENT for labelling: scenes, frames, sweeps, pre-labels.

    Without MEASUREMENT the scenes that are named or asked for may be of several drives; there is a
    folder for each drive then, and selection.json lists them.  Pictures leave if faces and plates
    are painted over (labels anonymise), if a clearance names them, or with an exemption; the rest
    always leaves.
    """
    wanted = _Wanted(**options)
    named = {"calibration": wanted.calibration, "clearance": wanted.clearance}
    given = {role: path for role, path in named.items() if path is not None}
    name = wanted.measurement and measurement_id_of(workspace, wanted.measurement)
    if name is None or wanted.each_scene or wanted.query:
        scenes = scenes_of(workspace, wanted.scene, _words(wanted, name))
        selection = Wanted(
            scenes=scenes, params=_params(wanted), each=wanted.each_scene, given=given
        )
        document, several = export_selection(workspace, selection, wanted.folder)
        for one in several:
            say_caveats(one)
        Sink("json").document(document, "")
        return 0
    params = {
        **_params(wanted),
        "scene_types": wanted.scene_type,
        "scene_ids": wanted.scene,
    }
    made = export_labels(workspace, name, params, lambda _: None, given)
    files = save_package(workspace.storage, made, wanted.folder)
    say_caveats(made)
    document = {"measurement": name, "package": made.package, "files": files, **_counts(made)}
    Sink("json").document(document, "")
    return 0


def _words(wanted: _Wanted, measurement: str | None) -> SceneWords | None:
    """Return the question, if one is asked: scenes by id are none."""
    if wanted.query is None and (wanted.scene or measurement is None) and not wanted.scene_type:
        return None
    return SceneWords(types=wanted.scene_type, measurement=measurement, text=wanted.query)


def _params(wanted: _Wanted) -> dict[str, object]:
    return {
        "formats": wanted.formats,
        "rate_hz": wanted.rate_hz,
        "exemption": wanted.exemption,
        "only_cleared": wanted.only_cleared,
        "sweeps": wanted.sweeps,
        "deskew": wanted.deskew,
    }


def _counts(made: Exchanged) -> dict[str, object]:
    counts: Any = made.record.facts["counts"]
    return {
        **counts,
        "exemption": made.record.facts["exemption"],
        "pii": made.record.facts.get("pii"),
        "nothing_to_do": not made.fresh,
    }


def say_caveats(done: Exchanged) -> None:
    """Tell the first caveats of a run."""
    for problem in done.record.caveats[:_CAVEATS]:
        say(f"  caveat: {printable(problem.message)}")

"""``avdataops labels``: packages out, deliveries in, and what a label file holds."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.label_privacy import anonymise
from avdataops.cli.label_sets import diff, list_, show
from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.labels import (
    FOLDER_FORMATS,
    LABEL_FORMATS,
    MAX_BYTES,
    check_formats,
    read_labels,
)
from avdataops.model.errors import HostileInput, InputError
from avdataops.ports.lineage_views import printable
from avdataops.wiring.label_exchange import (
    Exchanged,
    export_labels,
    import_labels,
    save_package,
)
from avdataops.wiring.workspace import Workspace

_CAVEATS = 3


@click.group(cls=HintingGroup)
def labels() -> None:
    """Exchange labels with partners, both ways, as ASAM OpenLABEL or COCO."""


labels.add_command(list_)
labels.add_command(show)
labels.add_command(diff)
labels.add_command(anonymise)


def _split(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for one in given for name in one.split(",")))
    check_formats(names)
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    measurement: str
    formats: tuple[str, ...]
    scene_type: tuple[str, ...]
    scene: tuple[str, ...]
    rate_hz: float
    exemption: str
    calibration: Path | None
    clearance: Path | None
    only_cleared: bool
    sweeps: bool
    deskew: bool
    folder: Path


@labels.command("export")
@click.argument("measurement")
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

    Pictures leave if faces and plates are painted over (labels anonymise), if a clearance names
    them, or with an exemption; the rest always leaves.
    """
    wanted = _Wanted(**options)
    params = {
        "formats": wanted.formats,
        "scene_types": wanted.scene_type,
        "scene_ids": wanted.scene,
        "rate_hz": wanted.rate_hz,
        "exemption": wanted.exemption,
        "only_cleared": wanted.only_cleared,
        "sweeps": wanted.sweeps,
        "deskew": wanted.deskew,
    }
    named = {"calibration": wanted.calibration, "clearance": wanted.clearance}
    given = {role: path for role, path in named.items() if path is not None}
    name = measurement_id_of(workspace, wanted.measurement)
    made = export_labels(workspace, name, params, lambda _: None, given)
    files = save_package(workspace.storage, made, wanted.folder)
    _say_caveats(made)
    document = {"measurement": name, "package": made.package, "files": files, **_counts(made)}
    Sink("json").document(document, "")
    return 0


@labels.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--measurement", required=True, metavar="M", help="What was sent.")
@click.option("--package", metavar="ID", help="The package, where the file does not say.")
@with_sink("table", "json")
@with_workspace
def import_(
    workspace: Workspace, file: Path, measurement: str, package: str | None, sink: Sink
) -> int:
    """Take in a delivered FILE: checked, linked to what was sent, compared with the last."""
    name = measurement_id_of(workspace, measurement)
    done = import_labels(workspace, name, file.name, _content(file), package)
    facts = done.record.facts
    document = {
        "measurement": name,
        "package": done.package,
        "delivery": facts["delivery"],
        "labels": facts["labels"],
        "changes": facts["changes"],
        "nothing_to_do": not done.fresh,
        "made": [artifact.id for artifact in done.record.made],
    }
    _say_caveats(done)
    told = f"delivery {facts['delivery']} of {done.package}: {facts['labels']} labels"
    changes: Any = facts["changes"]
    counts = ", ".join(f"{one['count']} {word}" for word, one in changes.items())
    sink.document(document, f"{told} ({counts if done.fresh else 'nothing new'})")
    return 0


@labels.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_sink("table", "json")
def validate(file: Path, sink: Sink) -> int:
    """Show what a label FILE holds, or what is wrong with it; nothing is stored."""
    form, found = read_labels(_content(file), file.name)
    shapes = Counter(label.shape for label in found.labels)
    groups = Counter(element.group for element in found.elements)
    document = {
        "format": form.name,
        "package": found.package,
        "frames": len(found.frames),
        "pictures": len(found.pictures),
        "tracks": len(found.tracks),
        "classes": sorted({track.object_class for track in found.tracks}),
        "labels": dict(sorted(shapes.items())),
        "elements": dict(sorted(groups.items())),
    }
    lines = [f"{name:10} {printable(str(value))}" for name, value in document.items()]
    sink.document(document, "\n".join(lines))
    return 0


def _content(file: Path) -> bytes:
    if file.stat().st_size > MAX_BYTES:
        raise HostileInput(f"'{file}' is larger than the {MAX_BYTES} bytes of a label file")
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read '{file}': {error.strerror}") from error


def _counts(made: Exchanged) -> dict[str, object]:
    counts: Any = made.record.facts["counts"]
    return {
        **counts,
        "exemption": made.record.facts["exemption"],
        "pii": made.record.facts.get("pii"),
        "nothing_to_do": not made.fresh,
    }


def _say_caveats(done: Exchanged) -> None:
    for problem in done.record.caveats[:_CAVEATS]:
        say(f"  caveat: {printable(problem.message)}")

"""``avdataops datasets freeze|list|show|diff|split|export|verify``."""

import getpass
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.opening import with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.cli.scenes import scene_filters, words_of
from avdataops.model.dataset import Dataset
from avdataops.model.documents import to_document
from avdataops.model.errors import InputError
from avdataops.model.time import format_time
from avdataops.ports.lineage_views import printable
from avdataops.wiring import datasets as frozen
from avdataops.wiring.dataset_splits import CELL_M, GROUPS, SplitRow, parse_parts, split
from avdataops.wiring.descriptions import scene_row
from avdataops.wiring.scene_questions import Asking
from avdataops.wiring.workspace import Workspace

_COLUMNS = ("name", "id", "scenes", "measurements", "artifacts", "at_ns", "by")


@click.group(cls=HintingGroup)
def datasets() -> None:
    """Freeze scenes into datasets that never change."""


@datasets.command()
@click.argument("name")
@scene_filters
@click.option(
    "--kind", "kinds", multiple=True, default=frozen.KINDS, show_default=True,
    help="Kind of table to hold of each measurement; repeatable.",
)  # fmt: skip
@with_sink("table", "json")
@with_workspace
def freeze(
    workspace: Workspace, name: str, kinds: Sequence[str], sink: Sink, **filters: Any
) -> None:
    """Freeze the scenes that match now under NAME, with their detectors' versions and hashes."""
    words = words_of(workspace, **filters)
    wanted = frozen.Wanted(
        name=name,
        by=_user(),
        query=Asking(workspace.catalog, workspace.settings.rules).query(words),
        text=frozen.text_of_words(words),
        kinds=tuple(kinds),
    )
    made = frozen.freeze(workspace.catalog, workspace.catalog, wanted)
    sink.document(to_document(made), _told(made))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _told(dataset: Dataset) -> str:
    lines = [
        f"{dataset.name}  {dataset.id}",
        f"frozen {format_time(dataset.at_ns)} by {dataset.by}",
        f"asked: {dataset.text}",
    ]
    counts = f"{dataset.scenes} scenes of {dataset.measurements} measurements"
    lines.append(f"{counts}, {dataset.artifacts} artifacts")
    lines += [f"  {number:6} {name}" for name, number in dataset.types.items()]
    for name, found in dataset.detectors.items():
        lines.append(f"  detector {name} version {', '.join(map(str, found))}")
    lines.append(f"lineage: avdataops lineage show {dataset.id} --up")
    return "\n".join(map(printable, lines))


@datasets.command(name="list")
@with_sink()
@with_workspace
def list_(workspace: Workspace, sink: Sink) -> None:
    """List frozen datasets by name."""
    found = workspace.catalog.datasets(limit=0)
    sink.rows([to_document(one) for one in found], _COLUMNS)
    if not found:
        say("none yet: avdataops datasets freeze NAME --type cut_in")


@datasets.command()
@click.argument("which", metavar="NAME|ID")
@with_sink("table", "json")
@with_workspace
def show(workspace: Workspace, which: str, sink: Sink) -> None:
    """Show what a dataset holds, and which question it froze."""
    found = workspace.catalog.dataset(which)
    sink.document(to_document(found), _told(found))


@datasets.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@with_sink()
@with_workspace
def diff(workspace: Workspace, one: str, other: str, sink: Sink) -> None:
    """Compare two datasets: scenes and artifacts that only one has, or that changed."""
    found = [workspace.catalog.dataset(which) for which in (one, other)]
    rows = [asdict(row) for row in frozen.diff(workspace.catalog, *found)]
    sink.rows(rows, ("change", "what", "id", "measurement"))
    counts = Counter(f"{row['what']}s {row['change']}" for row in rows)
    say(", ".join(f"{number} {name}" for name, number in counts.items()) or "no difference")


@datasets.command()
@click.argument("which", metavar="NAME|ID")
@with_sink()
@with_workspace
def verify(workspace: Workspace, which: str, sink: Sink) -> None:
    """Tell which scenes and artifacts of a dataset were superseded or changed since."""
    found = workspace.catalog.dataset(which)
    findings = list(frozen.verify(workspace.catalog, workspace.catalog, found.id))
    news = [asdict(one) for one in findings if one.state != frozen.SAME]
    sink.rows(news, ("state", "what", "id", "measurement"))
    counts = Counter(f"{one.what}s {one.state}" for one in findings)
    say(", ".join(f"{number} {name}" for name, number in sorted(counts.items())))


@datasets.command(name="split")
@click.argument("which", metavar="NAME|ID")
@click.option("--by", type=click.Choice(GROUPS), default=GROUPS[0], show_default=True,
              help="What no two parts share.")  # fmt: skip
@click.option("--parts", required=True, help="As train=0.8,val=0.1,test=0.1.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--cell-m", type=float, default=CELL_M, show_default=True,
              help="Width of the cells of --by place.")  # fmt: skip
@with_sink()
@with_workspace
def split_(workspace: Workspace, which: str, by: str, parts: str, sink: Sink, **given: Any) -> None:
    """Split a dataset into parts that share no drive, or no place."""
    shares = parse_parts(parts)
    found = workspace.catalog.dataset(which)
    scenes = workspace.catalog.dataset_scenes(found.id, limit=0)
    rows = split(scenes, by, shares, given["seed"], given["cell_m"])
    sink.rows([asdict(row) for row in rows], ("scene", "measurement", "group", "part"))
    for part, share in shares.items():
        say(_part(part, share, [row for row in rows if row.part == part], len(rows)))


def _part(part: str, share: float, rows: Sequence[SplitRow], total: int) -> str:
    groups = len({row.group for row in rows})
    return f"{part}: {len(rows)} scenes in {groups} groups, {len(rows) / total:.0%} for {share:.0%}"


@datasets.command()
@click.argument("which", metavar="NAME|ID")
@click.option("--what", type=click.Choice(["scenes", "artifacts", "all"]), default="all",
              show_default=True, help="all: one JSON document.")  # fmt: skip
@with_sink("json", "ndjson", "csv", "parquet")
@with_workspace
def export(workspace: Workspace, which: str, what: str, sink: Sink) -> None:
    """Write the scenes of a dataset, and its artifacts with their locations and hashes."""
    catalog = workspace.catalog
    found = catalog.dataset(which)
    if what == "all":
        if sink.style != "json":
            raise InputError(
                f"one table cannot hold scenes and artifacts as {sink.style}",
                hint="add --what scenes, or --what artifacts",
            )
        sink.document(frozen.manifest(catalog, found), "")
        return
    if what == "artifacts":
        rows = [_artifact_row(one) for one in catalog.dataset_artifacts(found.id, limit=0)]
    else:
        hashes = {one.id: one.sha256 for one in catalog.dataset_artifacts(found.id, limit=0)}
        rows = [
            {**scene_row(one), "artifact_sha256": hashes.get(str(one.artifact))}
            for one in catalog.dataset_scenes(found.id, limit=0)
        ]
    sink.rows(rows, ())


def _artifact_row(artifact: Any) -> dict[str, Any]:
    return {**to_document(artifact), "location": str(artifact.location)}

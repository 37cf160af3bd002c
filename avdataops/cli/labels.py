"""``avdataops labels``: packages out, deliveries in, and what a label file holds."""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from avdataops.cli.groups import HintingGroup
from avdataops.cli.label_export import export, say_caveats
from avdataops.cli.label_privacy import anonymise
from avdataops.cli.label_sets import diff, list_, show
from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, with_sink
from avdataops.labels import (
    MAX_BYTES,
    read_labels,
)
from avdataops.model.errors import HostileInput, InputError
from avdataops.ports.lineage_views import printable
from avdataops.tables.documents import parse_json
from avdataops.tables.json_schema import check_schema
from avdataops.wiring.label_exchange import (
    import_labels,
)
from avdataops.wiring.workspace import Workspace

_CAVEATS = 3


@click.group(cls=HintingGroup)
def labels() -> None:
    """Exchange labels with partners, both ways, as ASAM OpenLABEL or COCO."""


labels.add_command(list_)
labels.add_command(show)
labels.add_command(diff)
labels.add_command(export)
labels.add_command(anonymise)


_schema = click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON Schema that the file must meet, such as ASAM's of OpenLABEL 1.0.0.",
)


@labels.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--measurement", required=True, metavar="M", help="What was sent.")
@click.option("--package", metavar="ID", help="The package, where the file does not say.")
@_schema
@with_sink("table", "json")
@with_workspace
def import_(workspace: Workspace, file: Path, sink: Sink, **options: Any) -> int:
    """Take in a delivered FILE: checked, linked to what was sent, compared with the last."""
    name = measurement_id_of(workspace, options["measurement"])
    delivered = (file.name, _content(file))
    done = import_labels(workspace, name, delivered, options["package"], options["schema"])
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
    say_caveats(done)
    told = f"delivery {facts['delivery']} of {done.package}: {facts['labels']} labels"
    changes: Any = facts["changes"]
    counts = ", ".join(f"{one['count']} {word}" for word, one in changes.items())
    sink.document(document, f"{told} ({counts if done.fresh else 'nothing new'})")
    return 0


@labels.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_schema
@with_sink("table", "json")
def validate(file: Path, schema: Path | None, sink: Sink) -> int:
    """Show what a label FILE holds, or what is wrong with it; nothing is stored."""
    data = _content(file)
    if schema is not None:
        check_schema(parse_json(data, file.name), file.name, _content(schema), schema.name)
    form, found = read_labels(data, file.name)
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

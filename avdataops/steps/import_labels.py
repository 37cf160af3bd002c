"""The import_labels step: a delivered label file, checked and linked to the package it is for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from avdataops.labels import MAX_BYTES, read_labels
from avdataops.model.documents import from_json
from avdataops.model.errors import SchemaMismatch
from avdataops.model.label_package import LabelPackage
from avdataops.model.labels import LabelSet
from avdataops.model.stream import Problem
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext
from avdataops.ports.storage import read_all
from avdataops.signals.label_checks import linked, problems, track_gaps
from avdataops.tables.documents import parse_json
from avdataops.tables.json_schema import check_schema
from avdataops.tables.label_diff import CHANGES
from avdataops.tables.label_rows import label_changes, label_rows

NamedFile = tuple[str, bytes]
_SHOWN_PROBLEMS = 3
_SHOWN_IDS = 100
"""Ids of changed labels in the run's facts; the table has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How exact a delivery must be."""

    outside_px: float = 1.0
    """A box may stand out of its picture by this: tools count the last pixel in or out."""


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows]:
    """Yield the labels of one delivery and what changed since the delivery before it.

    Raises ``SchemaMismatch`` with the first problems if the file is not of a known format or its
    labels cannot be labels of the package.
    """
    (delivered,) = inputs.files["delivery"]
    package = read_package(read_all(inputs.files["package"][0].file))
    data = read_all(delivered.file, MAX_BYTES)
    schema = _schema(inputs)
    labels = checked(data, delivered.artifact.name, package, params.outside_px, schema)
    previous = inputs.tables.get("previous", ())
    number = 1 + max((int(one.artifact.attributes["delivery"]) for one in previous), default=0)
    rows = label_rows(labels, package, number)
    changes = label_changes(rows, previous[-1].read() if previous else None, number)
    gaps = track_gaps(labels, package)
    if gaps:
        text = f"{len(gaps)} tracks are not labelled in {sum(gaps.values())} frames between others"
        ctx.caveat(Problem(code="track_gaps", message=text))
    ctx.fact("package", package.package)
    ctx.fact("delivery", number)
    ctx.fact("labels", rows.num_rows)
    ctx.fact("changes", summary(changes))
    attributes = (("delivery", str(number)), ("package", package.package))
    for kind, batch in (("labels", rows), ("label_changes", changes)):
        yield Rows(Output(kind=kind, name=package.package, attributes=attributes), batch)


def read_package(data: bytes) -> LabelPackage:
    """Return the manifest of a package; raises ``SchemaMismatch``."""
    return from_json(LabelPackage, data)


def _schema(inputs: Inputs) -> NamedFile | None:
    given = inputs.files.get("schema", ())
    return (given[0].artifact.name, read_all(given[0].file)) if given else None


def checked(
    data: bytes,
    what: str,
    package: LabelPackage,
    outside_px: float,
    schema: NamedFile | None = None,
) -> LabelSet:
    """Return the linked labels of a file; raises ``SchemaMismatch`` if they do not fit.

    A ``schema`` (name and bytes of a JSON Schema) is asked first.
    """
    if schema is not None:
        check_schema(parse_json(data, what), what, schema[1], schema[0])
    _, labels = read_labels(data, what)
    found = linked(labels, package)
    wrong = problems(found, package, outside_px)
    first = list(islice(wrong, _SHOWN_PROBLEMS))
    if first:
        more = sum(1 for _ in wrong)
        raise SchemaMismatch(
            f"{what}: {'; '.join(first)}{f'; and {more} more problems' if more else ''}",
            hint=f"mend the file, or name the package it is for: {package.package} was sent",
        )
    return found


def summary(changes: pa.RecordBatch) -> dict[str, object]:
    """Return how many labels were added, removed, moved and changed, and the first ids of each."""
    words: Sequence[str] = changes["change"].to_pylist()
    ids: Sequence[str] = changes["label"].to_pylist()
    found: dict[str, object] = {}
    for word in CHANGES:
        of = [label for label, change in zip(ids, words, strict=True) if change == word]
        found[word] = {"count": len(of), "ids": of[:_SHOWN_IDS]}
    return found


IMPORT_LABELS = Step(
    name="import_labels",
    version=2,
    split=Split.MEASUREMENT,
    needs={
        "delivery": Need(kind="reference", doc="The file as it came."),
        "package": Need(kind="label_package", where={"role": "manifest"}),
        "schema": Need(kind="reference", optional=True, doc="JSON Schema that the file must meet."),
        "previous": Need(kind="labels", optional=True, doc="The delivery before this one."),
    },
    makes=("labels", "label_changes"),
    params=Params,
    run=run,
    doc="Labels of a delivery, checked, linked to what was sent, and compared with the last.",
)
"""Planned for one delivery of one package: who plans narrows the needs to those."""

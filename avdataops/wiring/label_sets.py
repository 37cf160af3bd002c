"""What came back from labelling: every delivery of every package, its rows, and how two differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, NotFound
from avdataops.model.run import RunRecord
from avdataops.ports.catalog import CatalogReader
from avdataops.steps.export_labels import EXPORT_LABELS
from avdataops.steps.import_labels import IMPORT_LABELS
from avdataops.tables.label_diff import LabelChange, label_diff
from avdataops.wiring.stored_tables import read_table
from avdataops.wiring.workspace import Workspace, expand_id

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSetRow:
    """One delivery of one package; one without delivery is sent and has not come back."""

    package: str
    measurement: str
    state: str
    """``sent``, ``current`` (the latest delivery) or ``superseded``."""
    delivery: int | None = None
    labels: int | None = None
    changes: dict[str, int] | None = None
    """Against the delivery before, by word."""
    file: str | None = None
    file_sha256: str | None = None
    """Of the bytes as they were delivered."""
    artifact: str | None = None
    """Id of the table of labels."""
    run: str


def label_sets(catalog: CatalogReader, measurement: str | None = None) -> list[LabelSetRow]:
    """Return all deliveries by measurement, package and number, of one measurement or of all."""
    names = [measurement] if measurement else list(_measurements(catalog))
    return [row for name in names for row in _of(catalog, name)]


def _measurements(catalog: CatalogReader) -> Iterator[str]:
    page = catalog.measurements(limit=_PAGE)
    while page:
        yield from (one.id for one in page)
        page = catalog.measurements(after=page[-1].id, limit=_PAGE)


def _of(catalog: CatalogReader, measurement: str) -> list[LabelSetRow]:
    back = [
        record
        for record in catalog.runs(measurement, step=IMPORT_LABELS.name)
        if record.outcome.made_something
    ]
    latest: dict[str, int] = {}
    for record in back:
        package = str(record.facts["package"])
        latest[package] = max(latest.get(package, 0), _number(record))
    rows = [_returned(catalog, record, latest) for record in back]
    for record in catalog.runs(measurement, step=EXPORT_LABELS.name):
        package = str(record.facts.get("package"))
        if record.outcome.made_something and package not in latest:
            rows.append(
                LabelSetRow(package=package, measurement=measurement, state="sent", run=record.run)
            )
    return sorted(rows, key=lambda row: (row.package, row.delivery or 0))


def _number(record: RunRecord) -> int:
    return int(str(record.facts["delivery"]))


def _returned(catalog: CatalogReader, record: RunRecord, latest: dict[str, int]) -> LabelSetRow:
    facts: Any = record.facts
    file = _delivered(catalog, record)
    is_latest = latest[facts["package"]] == facts["delivery"]
    return LabelSetRow(
        package=facts["package"],
        measurement=record.measurement,
        state="current" if is_latest else "superseded",
        delivery=facts["delivery"],
        labels=facts["labels"],
        changes={word: one["count"] for word, one in facts["changes"].items()},
        file=file.name if file else None,
        file_sha256=file.sha256 if file else None,
        artifact=_table(record).id,
        run=record.run,
    )


def _table(record: RunRecord) -> Artifact:
    return next(one for one in record.made if one.kind == "labels")


def _delivered(catalog: CatalogReader, record: RunRecord) -> Artifact | None:
    found = (catalog.artifact(used) for used in record.used)
    return next((one for one in found if one.kind == "label_delivery"), None)


def find_label_set(
    catalog: CatalogReader, package: str, delivery: int | None = None
) -> LabelSetRow:
    """Return one delivery of the package whose id begins so, the latest if none is named.

    Raises ``NotFound`` with what there is, ``InputError`` where nothing has come back yet.
    """
    every = label_sets(catalog)
    name = expand_id(package, sorted({row.package for row in every}))
    rows = [row for row in every if row.package == name]
    if not rows:
        raise NotFound(f"there is no package '{package[:60]}'", hint="avdataops labels list")
    back = [row for row in rows if row.delivery is not None]
    if not back:
        raise InputError(
            f"nothing has come back for package {name}",
            hint=f"avdataops labels import FILE --measurement {rows[0].measurement}",
        )
    if delivery is None:
        return back[-1]
    for row in back:
        if row.delivery == delivery:
            return row
    there = ", ".join(str(row.delivery) for row in back)
    raise NotFound(f"package {name} has no delivery {delivery}", hint=f"deliveries: {there}")


def rows_of(workspace: Workspace, found: LabelSetRow) -> list[dict[str, Any]]:
    """Return the rows of the kind ``labels`` of one delivery."""
    artifact = workspace.catalog.artifact(str(found.artifact))
    table = read_table(workspace.storage, artifact)
    return [
        {name: value for name, value in row.items() if name != "ts"} for row in table.to_pylist()
    ]


def deliveries_diff(
    workspace: Workspace, new: LabelSetRow, old: LabelSetRow | None
) -> Sequence[LabelChange]:
    """Return how one delivery differs from another of the same package; None: from nothing."""
    return label_diff(rows_of(workspace, new), rows_of(workspace, old) if old else [])

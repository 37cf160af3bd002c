"""Labels as rows of the ``labels`` table, each linked to what was sent."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from avdataops.model.ids import fingerprint
from avdataops.model.label_package import LabelPackage
from avdataops.model.labels import Element, LabelSet, ObjectLabel, Picture, ordered
from avdataops.tables.kinds import kind
from avdataops.tables.label_diff import label_diff

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the rows are linked to."""

    package: str
    times: Mapping[int, int]
    start_ns: int
    pictures: Mapping[tuple[int | None, str | None], Picture]


def label_rows(labels: LabelSet, package: LabelPackage, delivery: int) -> pa.RecordBatch:
    """Return a row per label and per element, sorted as the kind says.

    The id of a row follows from package, track, frame, stream, shape and name; several that share
    all of these are numbered in their order.
    """
    times = {one.index: one.t_ns for one in package.frames if one.t_ns is not None}
    sent = _Sent(
        package.package,
        times,
        min(times.values(), default=0),
        {(one.frame, one.stream): one for one in package.pictures},
    )
    classes = {track.key: track.object_class for track in labels.tracks}
    rows = [_of_label(one, classes[one.track], sent) for one in ordered(labels).labels]
    rows += [_of_element(one, sent) for one in labels.elements]
    seen: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        identity = tuple(row[name] for name in ("shape", "track", "frame", "stream", "name"))
        row["label"] = f"lbl_{fingerprint([package.package, *identity, seen[identity]])}"
        row["delivery"] = delivery
        seen[identity] += 1
    rows.sort(key=lambda row: (row["t_ns"], row["label"]))
    return pa.RecordBatch.from_pylist(rows, schema=kind("labels").schema)


def _of_label(label: ObjectLabel, object_class: str, sent: _Sent) -> Row:
    picture = sent.pictures.get((label.frame, label.stream))
    row: Row = {
        "t_ns": sent.start_ns if label.frame is None else sent.times[label.frame],
        "package": sent.package,
        "frame": label.frame,
        "stream": label.stream,
        "picture_t_ns": picture.t_ns if picture else None,
        "picture_sha256": picture.sha256 if picture else None,
        "shape": label.shape,
        "track": label.track,
        "object_class": object_class,
        "name": label.name,
        "attributes": _json(label.attributes),
    }
    if label.box is not None:
        names = ("x_px", "y_px", "width_px", "height_px")
        row |= {name: getattr(label.box, name) for name in names}
    if label.cuboid is not None:
        row |= dict(zip(("x_m", "y_m", "z_m"), label.cuboid.centre_m, strict=True))
        row |= dict(zip(("length_m", "width_m", "height_m"), label.cuboid.size_m, strict=True))
        row["rotation"] = _json(list(label.cuboid.rotation))
    return _with_content(row)


def _of_element(element: Element, sent: _Sent) -> Row:
    return _with_content(
        {
            "t_ns": sent.start_ns,
            "package": sent.package,
            "frame": None,
            "stream": None,
            "shape": element.group[:-1],
            "track": element.key,
            "object_class": element.type,
            "name": element.name,
            "attributes": _json(element.attributes),
        }
    )


def _with_content(row: Row) -> Row:
    said = {name: row[name] for name in sorted(row) if name not in {"t_ns", "package"}}
    return {**row, "content": fingerprint(said)}


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def label_changes(new: pa.RecordBatch, old: pa.Table | None, delivery: int) -> pa.RecordBatch:
    """Return a row per label that differs from ``old`` (None: all are added)."""
    before = old.to_pylist() if old is not None else []
    schema = kind("label_changes").schema
    rows = [
        {
            **{name: one.row[name] for name in schema.names if name in one.row},
            "delivery": delivery,
            "change": one.change,
            "was_label": one.was["label"] if one.was else None,
            "iou": one.iou,
            "shift_m": one.shift_m,
            "said_changed": one.said_changed,
        }
        for one in label_diff(new.to_pylist(), before)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=schema)

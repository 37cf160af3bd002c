"""Two deliveries of one package held against each other, label by label."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
"""A row of the kind ``labels``."""
CHANGES = ("added", "removed", "moved", "changed")
SAME_THING_IOU = 0.5
"""Boxes of different tracks that overlap by this are one box under a new track (COCO's habit)."""
_BOX = ("x_px", "y_px", "width_px", "height_px")
_CUBOID = ("x_m", "y_m", "z_m", "rotation", "length_m", "width_m", "height_m")
_SAID = ("object_class", "shape", "track", "frame", "stream", "name")


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One difference between two deliveries."""

    change: str
    row: Row
    """As it is now; for what was removed, as it was."""
    was: Row | None = None
    """As it was before."""

    @property
    def iou(self) -> float | None:
        """Intersection over union of the box now and before; None where either is no box."""
        return None if self.was is None else box_iou(self.row, self.was)

    @property
    def shift_m(self) -> float | None:
        """How far the centre of a cuboid moved; None where either is no cuboid."""
        if self.was is None or self.row["x_m"] is None or self.was["x_m"] is None:
            return None
        return math.dist(*([one[name] for name in _CUBOID[:3]] for one in (self.row, self.was)))

    @property
    def said_changed(self) -> bool:
        """Whether class, track, name or attributes differ too."""
        return self.was is not None and _said(self.row) != _said(self.was)


def label_diff(new: Iterable[Row], old: Iterable[Row]) -> list[LabelChange]:
    """Return what differs, in order of time and id.

    Labels are the same if their ids are; of those left, boxes of one class in one picture that
    overlap by half are the same box under another track.  ``moved`` is what lies elsewhere,
    ``changed`` what lies where it lay and is told differently.
    """
    after = {row["label"]: row for row in new}
    before = {row["label"]: row for row in old}
    pairs = [(after[label], before[label]) for label in after.keys() & before.keys()]
    added = {label: after[label] for label in after.keys() - before.keys()}
    removed = {label: before[label] for label in before.keys() - after.keys()}
    for now, was in _under_new_tracks(added.values(), removed.values()):
        del added[now["label"]], removed[was["label"]]
        pairs.append((now, was))
    found = [LabelChange("added", row) for row in added.values()]
    found += [LabelChange("removed", row) for row in removed.values()]
    for now, was in pairs:
        if _place(now) != _place(was):
            found.append(LabelChange("moved", now, was))
        elif _said(now) != _said(was):
            found.append(LabelChange("changed", now, was))
    return sorted(found, key=lambda one: (one.row["t_ns"], one.row["label"]))


def _under_new_tracks(added: Iterable[Row], removed: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield boxes now and before that overlap best, each once."""
    gone: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in removed:
        gone[_picture(row)].append(row)
    overlaps = [
        (-iou, now["label"], was["label"], now, was)
        for now in added
        for was in gone[_picture(now)]
        if (iou := box_iou(now, was)) is not None and iou >= SAME_THING_IOU
    ]
    taken: set[str] = set()
    for _, new_label, old_label, now, was in sorted(overlaps, key=lambda one: one[:3]):
        if not {new_label, old_label} & taken:
            taken |= {new_label, old_label}
            yield now, was


def _picture(row: Row) -> tuple[object, ...]:
    return (row["frame"], row["stream"], row["object_class"], row["shape"])


def _place(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in (*_BOX, *_CUBOID))


def _said(row: Row) -> tuple[object, ...]:
    # An attribute that is told as 1 and as 1.0 is one attribute.
    return (*(row[name] for name in _SAID), json.loads(row["attributes"]))


def box_iou(one: Row, other: Row) -> float | None:
    """Return intersection over union of two boxes in pixels; None where either is no box."""
    if one["x_px"] is None or other["x_px"] is None:
        return None
    width = _shared(one, other, "x_px", "width_px")
    height = _shared(one, other, "y_px", "height_px")
    areas = [row["width_px"] * row["height_px"] for row in (one, other)]
    return float(width * height / (sum(areas) - width * height))


def _shared(one: Row, other: Row, low: str, size: str) -> float:
    ends = min(one[low] + one[size], other[low] + other[size])
    return max(0.0, float(ends - max(one[low], other[low])))

"""Labels as every format reads and writes them: frames, pictures, tracks, boxes and cuboids."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from avdataops.model.errors import SchemaMismatch
from avdataops.model.ids import canonical_json

Attributes = Mapping[str, Any]
"""JSON-ready facts that the product does not look into, kept as they came."""
_GRID_PX = 2.0**-20
"""Boxes lie on this grid, so that corner, centre and half sizes are exact in a double: 20 bits
before the point, 20 behind, one for the half."""
_FAR_PX = 2.0**20


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in a picture by its TOP LEFT corner, in pixels from the picture's top left."""

    x_px: float
    y_px: float
    width_px: float
    height_px: float

    def __post_init__(self) -> None:
        """Refuse what is no rectangle of any picture."""
        values = (self.x_px, self.y_px, self.width_px, self.height_px)
        _check(values)
        if self.width_px <= 0 or self.height_px <= 0:
            raise SchemaMismatch(f"a box of {self.width_px} x {self.height_px} px has no area")

    @property
    def centre(self) -> tuple[float, float, float, float]:
        """Centre x, centre y, width, height; exact, and back by ``box_of_centre``."""
        x, y = self.x_px + self.width_px / 2, self.y_px + self.height_px / 2
        return (x, y, self.width_px, self.height_px)


@dataclass(frozen=True, slots=True)
class Cuboid:
    """A box in space: 3 values for the place, 3 angles or 4 of a quaternion (x, y, z, w), 3 sizes.

    Metres and radians, in the coordinate system that the label's attributes name.
    """

    centre_m: tuple[float, ...]
    rotation: tuple[float, ...]
    size_m: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse another count of numbers, and infinite ones."""
        counts = (len(self.centre_m), len(self.rotation), len(self.size_m))
        if counts not in {(3, 3, 3), (3, 4, 3)} or not all(map(math.isfinite, self.values)):
            raise SchemaMismatch(f"a cuboid has 9 or 10 finite numbers, not {sum(counts)}")

    @property
    def values(self) -> tuple[float, ...]:
        """The 9 or 10 numbers in the order of ASAM OpenLABEL."""
        return (*self.centre_m, *self.rotation, *self.size_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One moment that labels refer to by its number."""

    index: int
    t_ns: int | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What one camera took for one frame."""

    frame: int
    stream: str
    t_ns: int | None = None
    """Recorder's time of the message."""
    file: str | None = None
    """Name inside the package."""
    sha256: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One object through all its frames."""

    key: str
    object_class: str
    name: str = ""
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLabel:
    """One thing said about a track in one frame, or throughout (``frame`` is None)."""

    track: str
    shape: str
    """``bbox``, ``cuboid``, or a word of the format that stays in ``attributes``."""
    name: str = ""
    frame: int | None = None
    stream: str | None = None
    box: Box | None = None
    cuboid: Cuboid | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An action, event, context or relation."""

    group: str
    """``actions``, ``events``, ``contexts`` or ``relations``."""
    key: str
    type: str
    name: str = ""
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """All that one label file says."""

    package: str | None = None
    """Id of the package that the labels are for; None where the file does not say."""
    frames: tuple[Frame, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tracks: tuple[Track, ...] = ()
    labels: tuple[ObjectLabel, ...] = ()
    elements: tuple[Element, ...] = ()
    attributes: Attributes = field(default_factory=dict)
    """The rest of the file."""


def box_of_corner(x_px: float, y_px: float, width_px: float, height_px: float) -> Box:
    """Return the box with this top left corner, on the grid of a millionth of a pixel.

    Raises ``SchemaMismatch`` for a value that is no finite number below a million, or no size.
    """
    values = (x_px, y_px, width_px, height_px)
    _check(values)
    return Box(*(_on_grid(value) for value in values))


def box_of_centre(x_px: float, y_px: float, width_px: float, height_px: float) -> Box:
    """Return the box with this centre; raises as ``box_of_corner`` does."""
    _check((x_px, y_px, width_px, height_px))
    width, height = _on_grid(width_px), _on_grid(height_px)
    return box_of_corner(x_px - width / 2, y_px - height / 2, width, height)


def cuboid_of(values: tuple[float, ...]) -> Cuboid:
    """Return the cuboid of 9 or 10 numbers; raises ``SchemaMismatch``."""
    return Cuboid(values[:3], values[3:-3], values[-3:])


def ordered(labels: LabelSet) -> LabelSet:
    """Return the same labels in the one order that does not depend on the format."""
    return replace(
        labels,
        frames=tuple(sorted(labels.frames, key=lambda one: one.index)),
        pictures=tuple(sorted(labels.pictures, key=lambda one: (one.frame, one.stream))),
        tracks=tuple(sorted(labels.tracks, key=lambda one: one.key)),
        labels=tuple(sorted(labels.labels, key=_place)),
        elements=tuple(sorted(labels.elements, key=lambda one: (one.group, one.key))),
    )


def _place(label: ObjectLabel) -> tuple[object, ...]:
    frame = -1 if label.frame is None else label.frame
    shape = [label.box.centre if label.box else (), label.cuboid.values if label.cuboid else ()]
    return (
        frame,
        label.track,
        label.stream or "",
        label.shape,
        label.name,
        canonical_json([*shape, dict(label.attributes)]),
    )


def _check(values: tuple[float, ...]) -> None:
    if not all(math.isfinite(value) and abs(value) < _FAR_PX for value in values):
        raise SchemaMismatch(f"a box of {values} is not in any picture")


def _on_grid(value: float) -> float:
    return round(value / _GRID_PX) * _GRID_PX

"""COCO: boxes by their TOP LEFT corner; what it has no word for stands under ``avdataops``.

``images[].avdataops`` says which frame and stream a picture is, ``annotations[].avdataops`` which
track a box belongs to, and the root's ``avdataops`` holds the rest: cuboids, scenes, all frames.
A file without any of these reads as well: each image is then a frame of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from avdataops.model.documents import from_document, to_document
from avdataops.model.errors import SchemaMismatch, shown
from avdataops.model.ids import canonical_json
from avdataops.model.labels import (
    Element,
    Frame,
    LabelSet,
    ObjectLabel,
    Picture,
    Track,
    box_of_corner,
    ordered,
)
from avdataops.ports.labelling import LabelFormat

_OURS = "avdataops"
_BOX_NUMBERS = 4
_Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """The part of a label set that COCO has no word for."""

    package: str | None = None
    frames: tuple[Frame, ...] = ()
    tracks: tuple[Track, ...] = ()
    labels: tuple[ObjectLabel, ...] = ()
    elements: tuple[Element, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


def write(labels: LabelSet) -> bytes:
    """Return the COCO file, canonical JSON in UTF-8."""
    given = ordered(labels)
    root: _Json = dict(given.attributes.get("coco", {}))
    classes = {track.key: track.object_class for track in given.tracks}
    images = {(one.frame, one.stream): number for number, one in enumerate(given.pictures, 1)}
    fits = [one.box is not None and (one.frame, one.stream) in images for one in given.labels]
    boxes = [one for one, fit in zip(given.labels, fits, strict=True) if fit]
    used = sorted({classes[one.track] for one in boxes})
    categories = _categories(root.get("categories", []), used)
    ids = {one["name"]: one["id"] for one in categories}
    rest = _Rest(
        package=given.package,
        frames=given.frames,
        tracks=given.tracks,
        labels=tuple(one for one, fit in zip(given.labels, fits, strict=True) if not fit),
        elements=given.elements,
        attributes={name: one for name, one in given.attributes.items() if name != "coco"},
    )
    root["images"] = [_image(one, number) for number, one in enumerate(given.pictures, 1)]
    root["annotations"] = [
        {
            "id": number,
            "image_id": images[one.frame or 0, one.stream or ""],
            "category_id": ids[classes[one.track]],
            **_annotation(one),
        }
        for number, one in enumerate(boxes, 1)
    ]
    return canonical_json(root | {"categories": categories, _OURS: to_document(rest)}).encode()


def _categories(known: Sequence[_Json], used: Iterable[str]) -> list[_Json]:
    """Return the categories of the file that was read, and new ones for what they lack."""
    found = list(known)
    names = {one["name"] for one in found}
    highest = max((one["id"] for one in found), default=0)
    new = [name for name in used if name not in names]
    return found + [{"id": highest + n, "name": name} for n, name in enumerate(new, 1)]


def _image(picture: Picture, number: int) -> _Json:
    facts = to_document(picture)
    names = {"file_name": "file", "width": "width_px", "height": "height_px"}
    own = {name: facts.pop(field_name) for name, field_name in names.items()}
    others = facts["attributes"].pop("coco", {})
    known = {name: value for name, value in own.items() if value is not None}
    return {"id": number, **known, **others, _OURS: facts}


def _annotation(label: ObjectLabel) -> _Json:
    if label.box is None:
        raise SchemaMismatch(f"track '{label.track}' has a label without a box")
    box = label.box
    attributes = dict(label.attributes)
    others = attributes.pop("coco", {})
    return {
        "bbox": [box.x_px, box.y_px, box.width_px, box.height_px],
        "area": box.width_px * box.height_px,
        "iscrowd": 0,
        **others,
        _OURS: {"track": label.track, "name": label.name, "attributes": attributes},
    }


def read(document: object, what: str) -> LabelSet:
    """Return the labels of a COCO document; raises ``SchemaMismatch``.

    Times are those under ``avdataops``; COCO itself has none that are exact.  What a track is
    follows from the categories of its boxes, which must agree.
    """
    if not isinstance(document, dict):
        raise SchemaMismatch(f"{what} is not a JSON object")
    root = dict(document)
    try:
        rest = from_document(_Rest, root.pop(_OURS, {}))
    except SchemaMismatch as error:
        raise SchemaMismatch(f"{what}: {_OURS}: {error.message}") from error
    classes = _classes(_rows(root.get("categories", []), f"{what}: categories"), what)
    pictures = _pictures(_rows(root.pop("images", []), f"{what}: images"), what)
    labels: list[ObjectLabel] = []
    said: dict[str, str] = {}
    for row in _rows(root.pop("annotations", []), f"{what}: annotations"):
        where = f"{what}: annotation {shown(str(row.get('id')))}"
        label = _label(row, pictures, where)
        object_class = _of(classes, row.get("category_id"), f"{where}: category")
        if said.setdefault(label.track, object_class) != object_class:
            raise SchemaMismatch(f"{where}: track '{label.track}' was '{said[label.track]}' before")
        labels.append(label)
    frames = {one.index: one for one in rest.frames}
    for picture in pictures.values():
        frames.setdefault(picture.frame, Frame(index=picture.frame))
    if root.get("categories", []) == _categories([], sorted(set(said.values()))):
        # What the writer makes of the tracks alone is no fact of its own.
        root.pop("categories", None)
    return ordered(
        LabelSet(
            package=rest.package,
            frames=tuple(frames.values()),
            pictures=tuple(pictures.values()),
            tracks=_tracks(rest.tracks, said),
            labels=(*labels, *rest.labels),
            elements=rest.elements,
            attributes={**rest.attributes, **({"coco": root} if root else {})},
        )
    )


def _rows(value: object, where: str) -> list[_Json]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise SchemaMismatch(f"{where} is not a list of JSON objects")
    return [dict(row) for row in value]


def _number(row: _Json, where: str) -> int:
    value = row.get("id")
    if isinstance(value, bool) or not isinstance(value, int):
        raise SchemaMismatch(f"{where}: id is not a whole number")
    return value


def _classes(rows: list[_Json], what: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for row in rows:
        number = _number(row, f"{what}: categories")
        if not isinstance(row.get("name"), str) or number in found:
            raise SchemaMismatch(f"{what}: category {number} has no name, or comes twice")
        found[number] = row["name"]
    return found


def _pictures(rows: list[_Json], what: str) -> dict[int, Picture]:
    found: dict[int, Picture] = {}
    for row in rows:
        number = _number(row, f"{what}: images")
        if number in found:
            raise SchemaMismatch(f"{what}: image {number} comes twice")
        names = {"file_name": "file", "width": "width_px", "height": "height_px"}
        own = {field_name: row.pop(name, None) for name, field_name in names.items()}
        row.pop("id")
        given = row.pop(_OURS, None)
        facts = dict(given) if isinstance(given, dict) else {"frame": number, "stream": ""}
        attributes = _mapping(facts.get("attributes"), f"{what}: image {number}")
        attributes |= {"coco": row} if row else {}
        try:
            found[number] = from_document(Picture, {**facts, **own, "attributes": attributes})
        except SchemaMismatch as error:
            raise SchemaMismatch(f"{what}: image {number}: {error.message}") from error
    if len({(one.frame, one.stream) for one in found.values()}) < len(found):
        raise SchemaMismatch(f"{what}: two images are the same frame of the same stream")
    return found


def _label(row: _Json, pictures: Mapping[int, Picture], where: str) -> ObjectLabel:
    picture = _of(pictures, row.get("image_id"), f"{where}: image")
    values = row.get("bbox")
    if not isinstance(values, list) or len(values) != _BOX_NUMBERS:
        raise SchemaMismatch(f"{where}: bbox is not a list of 4 numbers")
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in values):
        raise SchemaMismatch(f"{where}: bbox is not a list of 4 numbers")
    box = box_of_corner(*map(float, values))
    ours = row.get(_OURS)
    given = ours if isinstance(ours, dict) else {}
    usual = {"area": box.width_px * box.height_px, "iscrowd": 0}
    dropped = {"id", "image_id", "category_id", "bbox", _OURS}
    others = {
        name: value
        for name, value in row.items()
        if name not in dropped and not (name in usual and usual[name] == value)
    }
    attributes = _mapping(given.get("attributes"), where)
    attributes |= {"coco": others} if others else {}
    return ObjectLabel(
        track=_track_key(row, given, where),
        shape="bbox",
        name=str(given.get("name", "")),
        frame=picture.frame,
        stream=picture.stream,
        box=box,
        attributes=attributes,
    )


def _mapping(value: object, where: str) -> _Json:
    if value is not None and not isinstance(value, dict):
        raise SchemaMismatch(f"{where}: attributes is not a JSON object")
    return dict(value or {})


def _track_key(row: _Json, given: Mapping[str, Any], where: str) -> str:
    """Return the track; a box without one is a track of its own, with a key below zero."""
    track = given.get("track", row.get("track_id"))
    return f"-{_number(row, where)}" if track is None else str(track)


def _of(known: Mapping[int, T], number: object, where: str) -> T:
    if isinstance(number, bool) or not isinstance(number, int) or number not in known:
        raise SchemaMismatch(f"{where} {shown(str(number))} is not in the file")
    return known[number]


def _tracks(known: Iterable[Track], said: Mapping[str, str]) -> tuple[Track, ...]:
    """Return the tracks; where the file's own list and the boxes differ, the boxes are newer."""
    found = {one.key: one for one in known}
    for key, object_class in said.items():
        there = found.get(key, Track(key=key, object_class=object_class))
        found[key] = replace(there, object_class=object_class)
    return tuple(found.values())


def _recognise(document: object) -> bool:
    return isinstance(document, dict) and "images" in document and "annotations" in document


COCO = LabelFormat(name="coco", suffix=".coco.json", recognise=_recognise, write=write, read=read)

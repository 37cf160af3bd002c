"""Label sets from ASAM OpenLABEL 1.0.0 documents; what is looked into is checked."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from avdataops.labels.openlabel.writing import OURS, VERSION
from avdataops.model.documents import from_document
from avdataops.model.errors import SchemaMismatch, shown
from avdataops.model.labels import (
    Element,
    Frame,
    LabelSet,
    ObjectLabel,
    Picture,
    Track,
    box_of_centre,
    cuboid_of,
    ordered,
)

GROUPS = ("actions", "contexts", "events", "relations")
_KEY = re.compile(r"-?[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NS = re.compile(r"[0-9]{17,19}")
"""Whole nanoseconds since 1970, from 1973 to 2262; any other time stamp is kept as it came."""
_BOX_NUMBERS = 4
_MAX_DIGITS = 18
"""Of a frame's number; int64 surely holds them."""
_Json = dict[str, Any]


def read(document: object, what: str) -> LabelSet:
    """Return the labels of an OpenLABEL 1.0.0 document; raises ``SchemaMismatch``.

    Frame keys are numbers, other keys numbers or UUIDs.  Older OpenLABEL and VCD are refused: their
    boxes and keys mean other things.
    """
    root = dict(_root(document, what))
    metadata = _dict(root.pop("metadata"), f"{what}: metadata")
    ours = _dict(metadata.pop(OURS, {}), f"{what}: metadata/{OURS}")
    metadata.pop("schema_version")
    package = ours.get("package")
    tracks: list[Track] = []
    labels: list[ObjectLabel] = []
    for key, facts in _keyed(root.pop("objects", {}), f"{what}: objects"):
        labels += _object_data(facts, key, None, f"{what}: objects/{key}")
        tracks.append(_track(key, facts, f"{what}: objects/{key}"))
    frames: list[Frame] = []
    pictures: list[Picture] = []
    for key, facts in _keyed(root.pop("frames", {}), f"{what}: frames"):
        where = f"{what}: frames/{key}"
        index = _index(key, where)
        labels += _frame_labels(facts, index, {track.key for track in tracks}, where)
        frame, seen = _frame(facts, index, where)
        frames.append(frame)
        pictures += seen
    elements = [one for group in GROUPS for one in _elements(root.pop(group, {}), group, what)]
    attributes = _dict(ours.get("attributes", {}), f"{what}: metadata/{OURS}/attributes")
    rest = {**({"metadata": metadata} if metadata else {}), **root}
    if rest:
        attributes["openlabel"] = rest
    return ordered(
        LabelSet(
            package=package if isinstance(package, str) else None,
            frames=tuple(frames),
            pictures=tuple(pictures),
            tracks=tuple(tracks),
            labels=tuple(labels),
            elements=tuple(elements),
            attributes=attributes,
        )
    )


def _root(document: object, what: str) -> _Json:
    given = _dict(document, what)
    if "vcd" in given:
        old = _dict(given["vcd"], what)
        version = old.get("schema_version") or old.get("version")
        raise _too_old(f"{what} is VCD {shown(str(version or 'of no stated version'))}")
    root = _dict(given.get("openlabel"), f"{what}: openlabel")
    version = _dict(root.get("metadata"), f"{what}: metadata").get("schema_version")
    if version != VERSION:
        raise _too_old(f"{what} is OpenLABEL {shown(str(version))}")
    return root


def _too_old(text: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"{text}, not ASAM OpenLABEL {VERSION}",
        hint=f"convert it to OpenLABEL {VERSION} (schema_version '{VERSION}') and import that",
    )


def _dict(value: object, where: str) -> _Json:
    if not isinstance(value, dict):
        raise SchemaMismatch(f"{where} is not a JSON object")
    return dict(value)


def _keyed(value: object, where: str) -> Iterator[tuple[str, _Json]]:
    for key, facts in _dict(value, where).items():
        if not _KEY.fullmatch(key):
            raise SchemaMismatch(f"{where}: key {shown(key)} is neither a number nor a UUID")
        yield key, _dict(facts, f"{where}/{key}")


def _index(key: str, where: str) -> int:
    if not key.isdigit() or len(key) > _MAX_DIGITS:
        raise SchemaMismatch(f"{where}: a frame's key is its number, not {shown(key)}")
    return int(key)


def _text(facts: _Json, name: str, where: str) -> str:
    value = facts.get(name)
    if not isinstance(value, str):
        raise SchemaMismatch(f"{where}: {name} is {'missing' if value is None else 'no text'}")
    return value


def _track(key: str, facts: _Json, where: str) -> Track:
    rest = {name: facts[name] for name in facts if name not in {"name", "type", "object_data"}}
    named, object_class = _text(facts, "name", where), _text(facts, "type", where)
    return Track(key=key, object_class=object_class, name=named, attributes=rest)


def _object_data(facts: _Json, track: str, frame: int | None, where: str) -> Iterator[ObjectLabel]:
    data = _dict(facts.get("object_data", {}), f"{where}/object_data")
    for shape, items in data.items():
        if not isinstance(items, list):
            raise SchemaMismatch(f"{where}/object_data/{shape} is not a list")
        for item in items:
            given = _dict(item, f"{where}/object_data/{shape}")
            yield _label(given, shape, track, frame, f"{where}/object_data/{shape}")


def _label(item: _Json, shape: str, track: str, frame: int | None, where: str) -> ObjectLabel:
    name, stream = item.pop("name", ""), item.get("stream")
    if not isinstance(name, str):
        raise SchemaMismatch(f"{where}: name is no text")
    if isinstance(stream, str):
        del item["stream"]
    box, cuboid = None, None
    if shape == "bbox":
        values = _numbers(item.pop("val", None), where)
        if len(values) != _BOX_NUMBERS:
            raise SchemaMismatch(f"{where}: a box has 4 numbers, not {len(values)}")
        box = box_of_centre(*values)
    elif shape == "cuboid" and item.get("val") is not None:
        cuboid = cuboid_of(_numbers(item.pop("val"), where))
    return ObjectLabel(
        track=track,
        shape=shape,
        name=name,
        frame=frame,
        stream=stream if isinstance(stream, str) else None,
        box=box,
        cuboid=cuboid,
        attributes=item,
    )


def _numbers(value: object, where: str) -> tuple[float, ...]:
    numbers = value if isinstance(value, list) else [None]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
        raise SchemaMismatch(f"{where}: val is not a list of numbers")
    try:
        return tuple(map(float, numbers))
    except OverflowError as error:
        raise SchemaMismatch(f"{where}: a number is too large") from error


def _frame_labels(facts: _Json, index: int, known: set[str], where: str) -> Iterator[ObjectLabel]:
    for key, inside in _keyed(facts.get("objects", {}), f"{where}/objects"):
        if key not in known:
            raise SchemaMismatch(f"{where}: object '{key}' is not among the objects of the file")
        yield from _object_data(inside, key, index, f"{where}/objects/{key}")


def _frame(facts: _Json, index: int, where: str) -> tuple[Frame, list[Picture]]:
    bare: _Json = {
        key: {} for key, one in facts.pop("objects", {}).items() if not one.get("object_data")
    }
    properties = _dict(facts.pop("frame_properties", {}), f"{where}/frame_properties")
    stamp = properties.get("timestamp")
    t_ns = None
    if not isinstance(stamp, bool | float) and _NS.fullmatch(str(stamp)):
        t_ns = int(properties.pop("timestamp"))
    streams = _dict(properties.pop("streams", {}), f"{where}/streams")
    pictures = [
        _picture(streams.pop(name), name, index, where)
        for name, one in list(streams.items())
        if _is_ours(one)
    ]
    if streams:
        properties["streams"] = streams
    parts = {"objects": bare, "frame_properties": properties}
    kept = {**facts, **{name: part for name, part in parts.items() if part}}
    return Frame(index=index, t_ns=t_ns, attributes=kept), pictures


def _is_ours(stream: object) -> bool:
    properties = stream.get("stream_properties") if isinstance(stream, dict) else None
    return isinstance(properties, dict) and isinstance(properties.get(OURS), Mapping)


def _picture(stream: _Json, name: str, index: int, where: str) -> Picture:
    facts = {**stream["stream_properties"][OURS], "frame": index, "stream": name}
    try:
        return from_document(Picture, facts)
    except SchemaMismatch as error:
        raise SchemaMismatch(f"{where}/streams/{name}: {error.message}") from error


def _elements(value: object, group: str, what: str) -> Iterator[Element]:
    for key, facts in _keyed(value, f"{what}: {group}"):
        where = f"{what}: {group}/{key}"
        rest = {name: facts[name] for name in facts if name not in {"name", "type"}}
        named, of = _text(facts, "name", where), _text(facts, "type", where)
        yield Element(group=group, key=key, type=of, name=named, attributes=rest)

"""Label sets as ASAM OpenLABEL 1.0.0 documents."""

import copy
from typing import Any

from avdataops.model.documents import to_document
from avdataops.model.ids import canonical_json
from avdataops.model.labels import LabelSet, ObjectLabel, Picture, Track, ordered

VERSION = "1.0.0"
OURS = "avdataops"
"""Where the standard leaves room, what only this product knows stands under this name."""
_Json = dict[str, Any]


def write(labels: LabelSet) -> bytes:
    """Return the OpenLABEL file, canonical JSON in UTF-8."""
    root: _Json = copy.deepcopy(dict(labels.attributes.get("openlabel", {})))
    others = {name: facts for name, facts in labels.attributes.items() if name != "openlabel"}
    ours = {"package": labels.package, "attributes": others or None}
    known = {name: value for name, value in ours.items() if value is not None}
    metadata = {**root.get("metadata", {}), "schema_version": VERSION}
    root["metadata"] = {**metadata, OURS: known} if known else metadata
    objects = {track.key: _object(track) for track in labels.tracks}
    frames = {frame.index: copy.deepcopy(dict(frame.attributes)) for frame in labels.frames}
    for frame in labels.frames:
        if frame.t_ns is not None:
            frames[frame.index].setdefault("frame_properties", {})["timestamp"] = str(frame.t_ns)
    for picture in labels.pictures:
        properties = frames.setdefault(picture.frame, {}).setdefault("frame_properties", {})
        properties.setdefault("streams", {})[picture.stream] = _stream(picture)
    for label in ordered(labels).labels:
        _add(_holder(label, objects, frames), label)
    for element in labels.elements:
        facts = {"name": element.name, "type": element.type, **element.attributes}
        root.setdefault(element.group, {})[element.key] = facts
    if objects:
        root["objects"] = objects
    if frames:
        root["frames"] = {str(index): frame for index, frame in sorted(frames.items())}
    return canonical_json({"openlabel": root}).encode()


def _object(track: Track) -> _Json:
    return {"name": track.name, "type": track.object_class, **copy.deepcopy(dict(track.attributes))}


def _stream(picture: Picture) -> _Json:
    facts = to_document(picture)
    ours = {name: facts[name] for name in facts if name not in {"frame", "stream"}}
    uri = {} if picture.file is None else {"uri": picture.file}
    return {**uri, "stream_properties": {OURS: ours}}


def _holder(label: ObjectLabel, objects: _Json, frames: dict[int, _Json]) -> _Json:
    inside: dict[str, _Json] = objects
    if label.frame is not None:
        inside = frames.setdefault(label.frame, {}).setdefault("objects", {})
    return inside.setdefault(label.track, {})


def _add(holder: _Json, label: ObjectLabel) -> None:
    item = dict(label.attributes)
    if label.box is not None:
        item["val"] = list(label.box.centre)
    elif label.cuboid is not None:
        item["val"] = list(label.cuboid.values)
    if label.name or label.box is not None or label.cuboid is not None:
        item["name"] = label.name
    if label.stream is not None:
        item["stream"] = label.stream
    holder.setdefault("object_data", {}).setdefault(label.shape, []).append(item)

"""The thirteen tables; tokens follow from the package, so the same package has the same bytes."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np

from avdataops.labels.nuscenes.names import VERSION, category, microseconds, token
from avdataops.labels.nuscenes.records import (
    Drive,
    Record,
    Taken,
    camera_matrix,
    chained,
    pose_record,
    wxyz,
)
from avdataops.model.ids import canonical_json
from avdataops.model.labels import Frame, ObjectLabel
from avdataops.model.rig import Placement
from avdataops.model.time import NS_PER_S
from avdataops.ports.labelling import Shipment

_MASK = "maps/unknown.png"
_UNJUDGED = "0"
"""Visibility that nobody has judged; nuScenes' own levels are 1 to 4."""


def tables(shipment: Shipment) -> Iterator[tuple[str, bytes]]:
    """Yield the tables and an empty map mask, without which the devkit does not load."""
    drive = Drive(shipment)
    found: dict[str, list[Record]] = {
        **_what_and_who(drive),
        **_when(drive),
        **_measured(drive),
        **_around(drive),
    }
    for name, records in sorted(found.items()):
        yield f"{VERSION}/{name}.json", canonical_json(records).encode()
    yield _MASK, _empty_mask()


def _what_and_who(drive: Drive) -> dict[str, list[Record]]:
    package = drive.shipment.package
    sensors, calibrated = [], []
    for stream, sensor in sorted(drive.sensors.items()):
        of = token(package, "sensor", stream)
        modality = sensor.kind
        sensors.append({"token": of, "channel": drive.channels[stream], "modality": modality})
        if sensor.placement is not None:
            calibrated.append(
                {
                    "token": token(package, "calibrated_sensor", stream),
                    "sensor_token": of,
                    "translation": [*sensor.placement.translation_m],
                    "rotation": wxyz(sensor.placement.rotation_xyzw),
                    "camera_intrinsic": camera_matrix(sensor.intrinsics),
                }
            )
    log = token(package, "log")
    first = drive.frames[0].t_ns if drive.frames else None
    day = datetime.fromtimestamp((first or 0) // NS_PER_S, UTC).date().isoformat()
    about = {
        "token": log,
        "logfile": drive.shipment.measurement,
        "vehicle": drive.shipment.vehicle,
        "date_captured": day,
        "location": "unknown",
    }
    mask = {
        "token": token(package, "map"),
        "log_tokens": [log],
        "category": "semantic_prior",
        "filename": _MASK,
    }
    return {"sensor": sensors, "calibrated_sensor": calibrated, "log": [about], "map": [mask]}


def _when(drive: Drive) -> dict[str, list[Record]]:
    scenes, samples = [], []
    for number, frames in enumerate(drive.scenes, 1):
        of = token(drive.shipment.package, "scene", frames[0].index)
        scenes.append(
            {
                "token": of,
                "log_token": token(drive.shipment.package, "log"),
                "nbr_samples": len(frames),
                "first_sample_token": drive.sample_token(frames[0].index),
                "last_sample_token": drive.sample_token(frames[-1].index),
                "name": f"scene-{number:04d}",
                "description": ", ".join(_types(drive, frames[0].index, frames[-1].index)),
            }
        )
        records = [
            {
                "token": drive.sample_token(frame.index),
                "timestamp": microseconds(frame.t_ns or 0),
                "scene_token": of,
            }
            for frame in frames
        ]
        samples += chained(records)
    return {"scene": scenes, "sample": samples}


def _types(drive: Drive, first: int, last: int) -> list[str]:
    """Return the types of scenes that have frames between two, in order of name."""
    found = set()
    for element in drive.shipment.labels.elements:
        spans = element.attributes.get("frame_intervals", ())
        inside = any(s["frame_start"] <= last and s["frame_end"] >= first for s in spans)
        if inside and element.group in {"actions", "contexts"}:
            texts = element.attributes.get(f"{element.group[:-1]}_data", {}).get("text", ())
            found |= {str(one["val"]) for one in texts if one["name"] == "scene_type"}
    return sorted(found)


def _measured(drive: Drive) -> dict[str, list[Record]]:
    package = drive.shipment.package
    scene_of = {one.index: k for k, frames in enumerate(drive.scenes) for one in frames}
    by_channel: dict[tuple[int, str], list[Taken]] = defaultdict(list)
    for one in drive.taken():
        if one.frame in scene_of and one.at_ns in drive.poses:
            by_channel[scene_of[one.frame], one.stream].append(one)
    data, poses = [], []
    for (_, stream), taken in sorted(by_channel.items()):
        records = []
        for one in sorted(taken, key=lambda item: item.at_ns):
            pose = token(package, "ego_pose", stream, one.frame)
            poses.append(pose_record(pose, one.at_ns, drive.poses[one.at_ns]))
            records.append(
                {
                    "token": token(package, "sample_data", stream, one.frame),
                    "sample_token": drive.sample_token(one.frame),
                    "ego_pose_token": pose,
                    "calibrated_sensor_token": token(package, "calibrated_sensor", stream),
                    "timestamp": microseconds(one.at_ns),
                    "fileformat": "pcd" if one.file.endswith(".bin") else one.file[-3:],
                    "is_key_frame": True,
                    "width": one.width_px,
                    "height": one.height_px,
                    "filename": one.file,
                }
            )
        data += chained(records)
    return {"sample_data": data, "ego_pose": poses}


def _around(drive: Drive) -> dict[str, list[Record]]:
    package, labels = drive.shipment.package, drive.shipment.labels
    classes = {track.key: track.object_class for track in labels.tracks}
    hits: dict[tuple[int, str], int] = defaultdict(int)
    for frame, track, points in drive.shipment.rig.lidar_hits:
        hits[frame, track] += points
    frames = {one.index: one for one in drive.frames}
    by_track: dict[str, list[ObjectLabel]] = defaultdict(list)
    for label in drive.cuboids():
        by_track[label.track].append(label)
    annotations, instances = [], []
    names: dict[str, str] = {}
    for track, own in sorted(by_track.items()):
        name, text = category(classes[track])
        names[name] = text
        records = [
            _annotation(drive, label, frames[label.frame], hits[label.frame, track])
            for label in sorted(own, key=lambda one: one.frame or 0)
            if label.frame is not None
        ]
        annotations += chained(records)
        instances.append(
            {
                "token": token(package, "instance", track),
                "category_token": token("category", name),
                "nbr_annotations": len(records),
                "first_annotation_token": records[0]["token"],
                "last_annotation_token": records[-1]["token"],
            }
        )
    categories = [
        {"token": token("category", name), "name": name, "description": text}
        for name, text in sorted(names.items())
    ]
    unjudged = {"token": _UNJUDGED, "level": "unknown", "description": "Nobody has judged it."}
    return {
        "instance": instances,
        "sample_annotation": annotations,
        "category": categories,
        "attribute": [],
        "visibility": [unjudged],
    }


def _annotation(drive: Drive, label: ObjectLabel, frame: Frame, points: int) -> Record:
    place, rotation = _on_ground(label, drive.poses[frame.t_ns or 0])
    length, width, height = label.cuboid.size_m if label.cuboid else (0.0, 0.0, 0.0)
    package = drive.shipment.package
    return {
        "token": token(package, "sample_annotation", label.track, label.frame, label.name),
        "sample_token": drive.sample_token(frame.index),
        "instance_token": token(package, "instance", label.track),
        "attribute_tokens": [],
        "visibility_token": _UNJUDGED,
        "translation": place,
        "size": [width, length, height],
        "rotation": wxyz(rotation),
        "num_lidar_pts": points,
        "num_radar_pts": 0,
    }


def _on_ground(label: ObjectLabel, pose: Placement) -> tuple[list[float], list[float]]:
    """Return centre and rotation (x, y, z, w) of a cuboid in the frame of the poses."""
    from scipy.spatial.transform import Rotation

    given: Any = label.cuboid
    vehicle = Rotation.from_quat(pose.rotation_xyzw)
    # Angles are told about x, y and z, and applied z first (OpenLABEL's default ZYX).
    is_angles = len(given.rotation) == len(given.centre_m)
    own = (
        Rotation.from_euler("ZYX", given.rotation[::-1])
        if is_angles
        else Rotation.from_quat(given.rotation)
    )
    place = vehicle.apply(given.centre_m) + np.asarray(pose.translation_m)
    return place.tolist(), (vehicle * own).as_quat(canonical=True).tolist()


def _empty_mask() -> bytes:
    """Return a picture of one black pixel: nothing is known to be drivable."""
    import cv2

    return bytes(cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes())

"""Sensors, coordinate systems and poses as ASAM OpenLABEL 1.0.0 tells them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from avdataops.model.labels import Frame
from avdataops.model.rig import Calibration, EgoPath, Intrinsics, Placement, Rig, Sensor, Sweep
from avdataops.tables.scene_elements import VEHICLE

_OURS = "avdataops"
_FISHEYE = "equidistant"
_PINHOLE = frozenset({"plumb_bob", "rational_polynomial"})
_FEWEST_COEFFICIENTS = 5
"""Fewer are filled up with zeros, which change nothing: the schema wants 5 to 14."""
_Json = dict[str, Any]


def rig_root(rig: Rig) -> _Json:
    """Return ``streams`` and ``coordinate_systems`` of a file; empty parts are left out."""
    sensors = rig.calibration.sensors
    parts = {
        "streams": {one.stream: _stream(one, rig.calibration) for one in sensors},
        "coordinate_systems": _systems(rig.calibration, rig.path) if sensors else {},
    }
    return {name: part for name, part in parts.items() if part}


def _stream(sensor: Sensor, calibration: Calibration) -> _Json:
    ours = {"frame_id": sensor.frame_id, "intrinsics_from": sensor.intrinsics_from}
    known = {name: value for name, value in ours.items() if value is not None}
    system = system_of(sensor, calibration.vehicle_frame)
    properties: _Json = {_OURS: {**known, "coordinate_system": system}}
    if sensor.intrinsics is not None:
        properties |= _intrinsics(sensor.intrinsics)
    return {"type": sensor.kind, "stream_properties": properties}


def _intrinsics(one: Intrinsics) -> _Json:
    size = {"width_px": one.width_px, "height_px": one.height_px}
    fx, skew, cx, _, fy, cy, *_ = one.matrix
    if one.distortion_model == _FISHEYE and len(one.distortion) == 4:  # noqa: PLR2004 - k1 to k4
        fisheye = {**size, "lens_coeffs": [*one.distortion], "center_x_px": cx, "center_y_px": cy}
        return {"intrinsics_fisheye": {**fisheye, "aspect_ratio": fx / fy, "focal_length_px": fx}}
    if one.distortion_model in _PINHOLE or not any(one.distortion):
        fill = [0.0] * (_FEWEST_COEFFICIENTS - len(one.distortion))
        camera = [fx, skew, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
        pinhole = {**size, "camera_matrix": camera, "distortion_coeffs": [*one.distortion, *fill]}
        return {"intrinsics_pinhole": pinhole}
    return {"intrinsics_custom": asdict(one)}


def system_of(sensor: Sensor, vehicle_frame: str) -> str:
    """Return the coordinate system of a sensor: the vehicle's, its frame, else its stream."""
    if sensor.frame_id == vehicle_frame:
        return VEHICLE
    return sensor.frame_id or sensor.stream


def _systems(calibration: Calibration, path: EgoPath) -> _Json:
    # A sensor that measures in the vehicle's own frame has no system besides it.
    systems_of = {one: system_of(one, calibration.vehicle_frame) for one in calibration.sensors}
    own = [one for one, system in systems_of.items() if system != VEHICLE and one.placement]
    ground = path.axes if path.poses else ""
    vehicle: _Json = {"type": "local_cs", "parent": ground}
    vehicle["children"] = sorted({systems_of[one] for one in own})
    systems: _Json = {VEHICLE: {**vehicle, _OURS: {"frame_id": calibration.vehicle_frame}}}
    if ground:
        facts: _Json = {"origin": path.origin and asdict(path.origin), "source": path.source}
        facts |= {"flat": path.flat or None, "tie_rms_m": path.tie_rms_m}
        known = {name: value for name, value in facts.items() if value is not None}
        systems[ground] = {"type": "scene_cs", "parent": "", "children": [VEHICLE], _OURS: known}
    for one in own:
        if one.placement is not None:
            pose = transform(one.placement)
            from_ = {_OURS: {"from": one.placement_from}}
            here = {"type": "sensor_cs", "parent": VEHICLE, "pose_wrt_parent": pose}
            systems[systems_of[one]] = here | (from_ if one.placement_from else {})
    for one in calibration.sensors:
        if one.placement is None:
            # Nobody says where it sits: a system that hangs on nothing.
            systems.setdefault(systems_of[one], {"type": "sensor_cs", "parent": ""})
    return systems


def transform(place: Placement) -> _Json:
    """Return a placement as ``transform_data``."""
    return {"quaternion": [*place.rotation_xyzw], "translation": [*place.translation_m]}


def rig_frames(frames: Sequence[Frame], rig: Rig) -> tuple[Frame, ...]:
    """Return the frames with the pose of the vehicle and the sweeps of its lidars."""
    poses = {one.t_ns: one.placement for one in rig.path.poses}
    by_frame: dict[int, list[Sweep]] = {}
    for sweep in rig.sweeps:
        by_frame.setdefault(sweep.frame, []).append(sweep)
    found = []
    for frame in frames:
        place = poses.get(frame.t_ns) if frame.t_ns is not None else None
        parts: _Json = {}
        if place is not None:
            to = rig.path.axes
            motion = {"src": VEHICLE, "dst": to, "transform_src_to_dst": transform(place)}
            parts["transforms"] = {f"{VEHICLE}_to_{to}": motion}
        if frame.index in by_frame:
            parts["streams"] = dict(_sweeps(by_frame[frame.index]))
        kept = {**frame.attributes, **({"frame_properties": parts} if parts else {})}
        found.append(replace(frame, attributes=kept))
    return tuple(found)


def _sweeps(sweeps: Iterable[Sweep]) -> Iterable[tuple[str, _Json]]:
    for one in sweeps:
        sync = {"timestamp": str(one.at_ns)}
        yield one.stream, {"uri": one.file, "stream_properties": {"sync": sync}}

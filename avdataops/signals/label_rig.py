"""The geometry of a package: which sensors there are, and where the vehicle was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from avdataops.model.documents import from_json
from avdataops.model.errors import SchemaMismatch
from avdataops.model.labels import Frame, Picture
from avdataops.model.rig import Calibration, EgoPath, Placement, Sweep
from avdataops.model.stream import Problem
from avdataops.ports.step import InputFile, Inputs, Table
from avdataops.ports.storage import read_all
from avdataops.signals.calibration import known_sensors, sources, unknowns, with_given
from avdataops.signals.ego_path import Trajectory, trajectory
from avdataops.signals.transform_tree import transform_tree

AT_NS = "t_reference_ns"
"""Among the attributes of a picture: its time on the reference clock."""
_MAX_FILE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Geometry:
    """What is known before any sweep is read."""

    calibration: Calibration
    trajectory: Trajectory | None
    problems: tuple[Problem, ...]

    def placement(self, stream: str) -> Placement | None:
        """Return where a sensor sits; None where nobody says."""
        return next((o.placement for o in self.calibration.sensors if o.stream == stream), None)


def geometry(inputs: Inputs, vehicle_frame: str) -> Geometry:
    """Return the sensors of all cameras and lidars, and the path of the vehicle.

    A file under the role ``calibration`` counts more than the recordings.  Raises
    ``SchemaMismatch`` where it is not as ``Calibration`` says.
    """
    given = _given(inputs.files.get("calibration", ()))
    frame = given[1].vehicle_frame if given else vehicle_frame
    cameras = inputs.tables.get("cameras", ())
    streams = [
        *sources(cameras, "camera"),
        *sources(inputs.tables.get("lidars", ()), "lidar"),
    ]
    tree = transform_tree(inputs.tables.get("transforms", ()))
    sensors, problems = known_sensors(streams, cameras, tree, frame)
    if given:
        sensors, more = with_given(sensors, given[1], given[0])
        problems += more
    missing = unknowns(sensors)
    if missing:
        text = f"nobody says {', '.join(missing)}; a calibration file can"
        problems.append(Problem(code="unknown_calibration", message=text))
    path = trajectory(inputs.tables.get("odometry", ()), _one(inputs, "ego"), frame)
    calibration = Calibration(vehicle_frame=frame, sensors=sensors)
    return Geometry(calibration, path, tuple(problems))


def _one(inputs: Inputs, role: str) -> Table | None:
    return next(iter(inputs.tables.get(role, ())), None)


def _given(files: Sequence[InputFile]) -> tuple[str, Calibration] | None:
    if not files:
        return None
    name = files[0].artifact.name
    try:
        return name, from_json(Calibration, read_all(files[0].file, _MAX_FILE_BYTES))
    except SchemaMismatch as error:
        hint = "calibration.json of a package shows how it looks"
        raise SchemaMismatch(f"{name}: {error.message}", hint=hint) from error


def path_of(
    found: Geometry, frames: Sequence[Frame], pictures: Iterable[Picture], sweeps: Iterable[Sweep]
) -> tuple[EgoPath, list[Problem]]:
    """Return where the vehicle was at all times that the package speaks of."""
    if found.trajectory is None:
        text = "neither odometry nor satellites with a heading say where the vehicle was"
        return EgoPath(), [Problem(code="no_poses", message=text)] if frames else []
    ticks = [one.t_ns for one in frames if one.t_ns is not None]
    seen = [one.attributes[AT_NS] for one in pictures]
    swept = [one.at_ns for one in sweeps]
    path = found.trajectory.at(np.array([*ticks, *seen, *swept], dtype=np.int64))
    there = {pose.t_ns for pose in path.poses}
    without = sum(tick not in there for tick in ticks)
    problems = []
    if without:
        text = f"where the vehicle was in {without} of {len(ticks)} frames is not known"
        problems.append(Problem(code="no_poses", message=text))
    if path.axes == "local" and path.poses:
        text = f"poses are in the axes of {path.source}: satellites do not tie them to the Earth"
        problems.append(Problem(code="no_origin", message=text))
    return path, problems

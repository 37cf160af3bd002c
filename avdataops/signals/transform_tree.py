"""Frames of a vehicle and how they lie to each other, from tf_static."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from avdataops.model.errors import SchemaMismatch
from avdataops.model.rig import Placement
from avdataops.model.stream import Problem
from avdataops.ports.step import Table
from avdataops.signals.arrays import Floats

TYPE = "tf2_msgs/msg/TFMessage"
_TOPIC = "tf_static"
_PLACES = tuple(f"transform_translation_{axis}" for axis in "xyz")
_TURNS = tuple(f"transform_rotation_{axis}" for axis in "xyzw")
_MAX_DEPTH = 64


@dataclass(slots=True)
class TransformTree:
    """Which frame hangs on which; ``placements`` turns a child's points into its parent's."""

    parents: dict[str, str] = field(default_factory=dict)
    placements: dict[str, Placement] = field(default_factory=dict)
    source: str | None = None
    problems: list[Problem] = field(default_factory=list)

    def between(self, frame: str, to: str) -> Placement | None:
        """Return the placement from one frame to another; None where nothing ties them."""
        up, down = self._chain(frame), self._chain(to)
        if up is None or down is None:
            return None
        both = next((name for name in up if name in down), None)
        if both is None:
            return None
        motion = np.linalg.inv(down[both]) @ up[both]
        return placement_of(motion)

    def _chain(self, frame: str) -> dict[str, Floats] | None:
        """Return the motion to each frame above; None for a circle."""
        found, motion, name = {frame: np.eye(4)}, np.eye(4), frame
        while name in self.parents:
            motion = matrix_of(self.placements[name]) @ motion
            name = self.parents[name]
            if name in found or len(found) > _MAX_DEPTH:
                return None
            found[name] = motion
        return found


def transform_tree(tables: Iterable[Table]) -> TransformTree:
    """Return the tree of all tables of static transforms; of two for one child the last counts.

    A transform that is no rigid motion is left out, and one that changes is told: both are
    problems of the tree.
    """
    tree = TransformTree()
    for table in tables:
        if not table.artifact.attributes.get("topic", "").endswith(_TOPIC):
            continue
        for child, parent, values in _rows(table):
            tree.source = table.artifact.attributes["topic"]
            try:
                place = Placement(translation_m=values[:3], rotation_xyzw=values[3:])
            except SchemaMismatch as error:
                text = f"transform of '{child[:60]}' is left out: {error.message}"
                tree.problems.append(Problem(code="bad_transform", message=text))
                continue
            if (
                tree.placements.get(child, place) != place
                or tree.parents.get(child, parent) != parent
            ):
                text = f"transform of '{child[:60]}' changes during the drive; the last one counts"
                tree.problems.append(Problem(code="calibration_changes", message=text))
            tree.parents[child], tree.placements[child] = parent, place
    return tree


def _rows(table: Table) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    names = _columns(table.schema.names)
    if names is None:
        return
    for batch in table.batches(list(names)):
        for row in batch.to_pylist():
            child, parent, *values = (row[name] for name in names)
            if child and parent and None not in values:
                yield _bare(child), _bare(parent), tuple(values)


def _columns(there: Sequence[str]) -> tuple[str, ...] | None:
    """Return child, parent, translation and rotation as the table names them."""
    wanted = ("child_frame_id", "header_frame_id", *_PLACES, *_TURNS)
    found = [next((n for n in (name, f"{name}_m") if n in there), None) for name in wanted]
    return None if None in found else tuple(str(name) for name in found)


def _bare(frame: str) -> str:
    # ROS 1 wrote frames with a leading slash.
    return frame.removeprefix("/")


def matrix_of(place: Placement) -> Floats:
    """Return the motion as a matrix (4, 4)."""
    x, y, z, w = np.asarray(place.rotation_xyzw) / np.linalg.norm(place.rotation_xyzw)
    motion = np.eye(4)
    motion[:3, :3] = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    motion[:3, 3] = place.translation_m
    return motion


def placement_of(motion: Floats) -> Placement:
    """Return a rigid motion (4, 4) as translation and quaternion, w not below 0."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_matrix(motion[:3, :3]).as_quat(canonical=True)
    return Placement(
        translation_m=tuple(motion[:3, 3].tolist()), rotation_xyzw=tuple(turn.tolist())
    )

"""The sweeps of a package as files, one at a time, and what they told on their way out."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from avdataops.model.ids import path_part
from avdataops.model.labels import Frame, ObjectLabel
from avdataops.model.rig import Sweep
from avdataops.model.stream import Problem
from avdataops.ports.labelling import Cloud, FolderFormat
from avdataops.ports.step import Table
from avdataops.signals.label_rig import Geometry
from avdataops.signals.label_sweeps import clouds, deskewed, pcd
from avdataops.signals.prelabels import lidar_hits


@dataclass(slots=True)
class Swept:
    """What goes out, and how; filled while the files are made."""

    geometry: Geometry
    cuboids: Sequence[ObjectLabel]
    folders: Sequence[FolderFormat]
    deskew: bool
    sweeps: list[Sweep] = field(default_factory=list)
    hits: list[tuple[int, str, int]] = field(default_factory=list)
    """Frame, track, points inside its cuboid."""
    unreadable: int = 0
    skewed: int = 0

    def problems(self) -> Iterator[Problem]:
        """Yield what was left out."""
        if self.unreadable:
            text = (
                f"{self.unreadable} of the chosen sweeps hold no readable points and are left out"
            )
            yield Problem(code="no_sweep", message=text)
        timeless = sum(one.point_time is None for one in self.sweeps)
        if timeless:
            text = f"{timeless} sweeps do not say when each point was measured"
            yield Problem(code="no_point_time", message=text)
        if self.skewed:
            text = f"{self.skewed} sweeps have no deskewed copy: times, poses or place are missing"
            yield Problem(code="not_deskewed", message=text)


def sweep_files(
    frames: pa.Table, chosen: Sequence[Frame], lidars: Sequence[Table], swept: Swept
) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each sweep as PCD, deskewed on request, and as folders want it."""
    for cloud in clouds(frames, chosen, lidars):
        if cloud is None:
            swept.unreadable += 1
            continue
        name = f"{path_part(cloud.stream)}/{cloud.t_ns}.pcd"
        data = pcd(cloud)
        yield f"lidar/{name}", data
        straight = _straight(cloud, swept)
        if straight is not None:
            yield f"lidar_deskewed/{name}", pcd(straight)
        for folder in swept.folders:
            yield folder.sweep(swept.geometry.calibration, cloud)
        swept.sweeps.append(
            Sweep(
                frame=cloud.frame,
                stream=cloud.stream,
                t_ns=cloud.t_ns,
                at_ns=cloud.at_ns,
                file=f"lidar/{name}",
                sha256=hashlib.sha256(data).hexdigest(),
                points=len(cloud.xyz_m),
                point_time=cloud.point_time,
                deskewed_file=None if straight is None else f"lidar_deskewed/{name}",
            )
        )
        place = swept.geometry.placement(cloud.stream)
        if place is not None:
            swept.hits += lidar_hits(cloud, place, swept.cuboids)


def _straight(cloud: Cloud, swept: Swept) -> Cloud | None:
    if not swept.deskew:
        return None
    place, path = swept.geometry.placement(cloud.stream), swept.geometry.trajectory
    straight = deskewed(cloud, path.poses, place) if path and place else None
    swept.skewed += straight is None
    return straight

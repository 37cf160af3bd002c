"""Point clouds of a lidar around a scene."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from avdataops.lake.messages import Messages, Place, Source
from avdataops.model.errors import SchemaMismatch

_POINTS = "points_"


@dataclass(frozen=True, slots=True)
class PointCloud:
    """One sweep, columnar as it is stored.

    >>> sweep = scene.point_clouds("/lidar/top/points")[0]
    >>> sweep.frame_id
    'base_link'
    >>> sweep.to_numpy().dtype.names
    ('x', 'y', 'z', 'intensity', 't')
    >>> sweep.xyz.shape == (len(sweep), 3)
    True
    """

    stream: str
    t_ref_ns: int
    """When it was logged, on the reference clock."""
    t_ns: int
    """The same on the recorder's clock."""
    frame_id: str | None
    points: pa.Table
    """A column per field, named as the sensor names it; coordinates in metres."""

    def __len__(self) -> int:
        return int(self.points.num_rows)

    @property
    def xyz(self) -> NDArray[np.float64]:
        """Coordinates (n, 3) in metres, in ``frame_id``; raises ``SchemaMismatch`` without any."""
        if not {"x", "y", "z"} <= set(self.points.schema.names):
            raise SchemaMismatch(f"a point of '{self.stream}' has no x, y, z")
        columns = [self.points.column(axis).to_numpy() for axis in "xyz"]
        return np.column_stack(columns).astype(np.float64)

    def to_numpy(self) -> NDArray[np.void]:
        """Return the points as a structured array with a field per column."""
        columns = {name: self.points.column(name).to_numpy() for name in self.points.schema.names}
        kind = np.dtype([(name, column.dtype) for name, column in columns.items()])
        found = np.empty(len(self), dtype=kind)
        for name, column in columns.items():
            found[name] = column
        return found

    def to_arrow(self) -> pa.Table:
        """Return the points as an Arrow table."""
        return self.points

    def to_polars(self) -> Any:
        """Return the points as a Polars data frame (needs polars)."""
        import polars as pl

        return pl.DataFrame(self.points)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.points.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<{len(self)} points of {self.stream} in {self.frame_id}>"


class PointClouds(Messages[PointCloud]):
    """Sweeps by time, read when they are looked at.

    >>> sweeps = scene.point_clouds("/lidar/top/points", before_s=1)
    >>> sweeps.nearest(scene.t_start_ns).frame_id
    'base_link'
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source, lambda row, place: _cloud(source.name, row, place))


def _cloud(name: str, row: dict[str, Any], place: Place) -> PointCloud:
    columns = {key: value for key, value in row.items() if key.startswith(_POINTS)}
    if not columns:
        raise SchemaMismatch(f"the messages of '{name}' hold no points")
    frame = row["header_frame_id"].as_py() if "header_frame_id" in row else None
    arrays = {_field(key): _values(value) for key, value in columns.items()}
    sizes = {len(array) for array in arrays.values()}
    if len(sizes) > 1:
        raise SchemaMismatch(f"the columns of a sweep of '{name}' have {sizes} points")
    return PointCloud(name, place.t_ref_ns, place.t_ns, frame or None, pa.table(arrays))


def _field(column: str) -> str:
    """Return the sensor's own name of a column: ``points_x_m`` is ``x``."""
    name = column.removeprefix(_POINTS)
    return name.removesuffix("_m") if name in {"x_m", "y_m", "z_m"} else name


def _values(scalar: Any) -> pa.Array:
    return pa.array([], scalar.type.value_type) if scalar.values is None else scalar.values

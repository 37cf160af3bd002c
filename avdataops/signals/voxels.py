"""Point clouds with one point per cell of a grid."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from avdataops.model.errors import InputError
from avdataops.signals.arrays import Floats, Indices, check_positive

_BITS = 21
_HALF = 1 << (_BITS - 1)


class Voxels(NamedTuple):
    """Cells that hold a point, in ascending order of their place (x, then y, then z)."""

    points: Floats
    """Shape (n, 3): mean of the points of the cell, in metres."""
    values: Floats
    """Mean of the known values of its points, such as intensity; NaN where none is known."""
    counts: Indices
    """How many points the cell stands for."""


def voxel_grid(points: Floats, values: Floats, cell_m: float) -> Voxels:
    """Return one point per occupied cell of edge ``cell_m``; ``points`` (n, 3), ``values`` (n,).

    Cells are counted from the origin of the cloud's own frame, so neighbouring sweeps of a sensor
    at rest fall into the same cells.  Points that are not finite are left out.  Raises
    ``InputError`` for a cloud wider than 2,097,152 cells, which no sensor sees.
    """
    check_positive("cell_m", cell_m)
    if points.shape != (len(values), 3):
        raise InputError(f"{len(values)} values do not match points of shape {points.shape}")
    known = np.isfinite(points).all(axis=1)
    points, values = points[known], values[known]
    place = np.floor(points / cell_m)
    if place.size and (place.min() < -_HALF or place.max() >= _HALF):
        raise InputError(f"a point cloud is wider than {2 * _HALF:,} cells of {cell_m:g} m")
    cells, row = np.unique(_packed(place.astype(np.int64)), return_inverse=True)
    counts = np.bincount(row, minlength=cells.size)
    means = [np.bincount(row, points[:, axis], cells.size) / counts for axis in range(3)]
    told = np.isfinite(values)
    sums = np.bincount(row[told], values[told], cells.size)
    many = np.bincount(row[told], minlength=cells.size)
    mean_value = np.where(many > 0, sums / np.maximum(many, 1), np.nan)
    return Voxels(np.column_stack(means), mean_value, counts.astype(np.int64))


def _packed(place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one number per cell, which sorts as x, y, z do."""
    x, y, z = (place + _HALF).T
    return np.asarray((x << (2 * _BITS)) | (y << _BITS) | z, dtype=np.int64)

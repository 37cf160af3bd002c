"""Point clouds with one point per cell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.voxels import voxel_grid


def test_points_of_a_cell_become_their_mean() -> None:
    points = np.array([[0.05, 0.0, 0.0], [0.15, 0.1, 0.0], [0.25, 0.0, 0.0]])
    thin = voxel_grid(points, np.array([1.0, 3.0, 7.0]), 0.2)
    assert np.allclose(thin.points, [[0.1, 0.05, 0.0], [0.25, 0.0, 0.0]])
    assert thin.values.tolist() == [2.0, 7.0]
    assert thin.counts.tolist() == [2, 1]


def test_cells_left_and_right_of_the_origin_are_apart() -> None:
    points = np.array([[-0.01, 0.0, 0.0], [0.01, 0.0, 0.0]])
    thin = voxel_grid(points, np.zeros(2), 0.2)
    assert thin.points[:, 0].tolist() == [-0.01, 0.01]


def test_unknown_points_are_left_out_and_unknown_values_are_not_averaged() -> None:
    points = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, np.nan], [0.1, 0.0, 0.0], [9.0, 0.0, 0.0]])
    thin = voxel_grid(points, np.array([np.nan, 5.0, 4.0, np.nan]), 0.2)
    assert thin.counts.tolist() == [2, 1]
    assert thin.values[0] == 4.0
    assert np.isnan(thin.values[1])


def test_an_empty_cloud_stays_empty() -> None:
    thin = voxel_grid(np.empty((0, 3)), np.empty(0), 0.2)
    assert thin.points.shape == (0, 3)
    assert thin.counts.size == 0


def test_wrong_shapes_and_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="3 values"):
        voxel_grid(np.zeros((2, 3)), np.zeros(3), 0.2)
    with pytest.raises(InputError, match="cell_m"):
        voxel_grid(np.zeros((2, 3)), np.zeros(2), 0.0)
    with pytest.raises(InputError, match="wider than"):
        voxel_grid(np.array([[1e9, 0.0, 0.0]]), np.zeros(1), 0.2)


@given(seed=st.integers(0, 500), cell_m=st.sampled_from([0.1, 0.2, 0.4]))
def test_no_point_is_lost_and_order_does_not_matter(seed: int, cell_m: float) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(0.0, 2.0, (200, 3))
    values = rng.random(200)
    thin = voxel_grid(points, values, cell_m)
    assert thin.counts.sum() == 200
    weighted = (thin.points * thin.counts[:, None]).sum(axis=0)
    assert np.allclose(weighted, points.sum(axis=0))
    cells = np.floor(points / cell_m)
    assert len(thin.counts) == len(np.unique(cells, axis=0))
    order = rng.permutation(200)
    again = voxel_grid(points[order], values[order], cell_m)
    assert np.allclose(again.points, thin.points)
    assert np.array_equal(again.counts, thin.counts)

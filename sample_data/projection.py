"""The front camera as a pinhole, and shapes on the ground or standing as seen by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_data.noise import Floats

WIDTH_PX = 320
HEIGHT_PX = 180
FOCAL_PX = 265.0
CENTRE_PX = (160.0, 82.0)
MOUNT_X_M = 1.6
MOUNT_Z_M = 1.45
"""The camera looks straight ahead from behind the windscreen."""
NEAR_M = 0.6
SUBPIXEL_BITS = 4
"""Pixels are integers in steps of 1/16, as OpenCV takes them."""

Pixels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class View:
    """Pose of the camera in the map's east-north frame."""

    x_m: float
    y_m: float
    heading_rad: float

    def project(self, points_m: Floats) -> tuple[Pixels, Floats]:
        """Return pixels ``(..., 2)`` in 1/16 pixel and depth ``(...)`` [m] of ``(..., 3)`` points.

        Points nearer than ``NEAR_M`` have no meaningful pixel.
        """
        cos, sin = np.cos(self.heading_rad), np.sin(self.heading_rad)
        east, north = points_m[..., 0] - self.x_m, points_m[..., 1] - self.y_m
        depth = cos * east + sin * north - MOUNT_X_M
        left = cos * north - sin * east
        safe = np.maximum(depth, NEAR_M)
        column = CENTRE_PX[0] - FOCAL_PX * left / safe
        row = CENTRE_PX[1] + FOCAL_PX * (MOUNT_Z_M - points_m[..., 2]) / safe
        pixels = np.clip(np.stack((column, row), axis=-1), -4000.0, 4000.0)
        return np.round(pixels * 2.0**SUBPIXEL_BITS).astype(np.int32), depth


def box_corners(centre_m: Floats, heading_rad: float, size_m: tuple[float, float, float]) -> Floats:
    """Return the eight corners ``(8, 3)`` of an upright box standing on the ground.

    ``centre_m`` is east and north; corners 0 to 3 are the rear face, 4 to 7 the front face.
    """
    length, width, height = size_m
    along = np.array([np.cos(heading_rad), np.sin(heading_rad)])
    aside = np.array([-along[1], along[0]])
    corners = np.empty((8, 3))
    for index, (ahead, side, up) in enumerate(
        (
            (-0.5, 0.5, 0.0),
            (-0.5, -0.5, 0.0),
            (-0.5, -0.5, 1.0),
            (-0.5, 0.5, 1.0),
            (0.5, 0.5, 0.0),
            (0.5, -0.5, 0.0),
            (0.5, -0.5, 1.0),
            (0.5, 0.5, 1.0),
        )
    ):
        corners[index, :2] = centre_m + ahead * length * along + side * width * aside
        corners[index, 2] = up * height
    return corners

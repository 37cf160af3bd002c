"""The road ego drives on: its centre line, derived from ego's path and lateral offset."""

from dataclasses import dataclass

import numpy as np

from sample_data.motion import EgoMotion
from sample_data.noise import Floats

SPACING_M = 0.25
BEFORE_M = 250.0
AFTER_M = 400.0


@dataclass(frozen=True, slots=True)
class Road:
    """Centre line as samples over ``s_m``; ``s_m = 0`` is where ego starts."""

    s_m: Floats
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    curvature_1pm: Floats

    def heading(self, s_m: Floats) -> Floats:
        """Return the direction of the road [rad, from east counter-clockwise, unwrapped]."""
        return np.interp(s_m, self.s_m, self.heading_rad)

    def curvature(self, s_m: Floats) -> Floats:
        """Return the curvature [1/m], positive to the left."""
        return np.interp(s_m, self.s_m, self.curvature_1pm)

    def place(self, s_m: Floats, offset_m: Floats) -> tuple[Floats, Floats]:
        """Return east and north [m] of points at ``s_m`` and lateral offset (left positive)."""
        heading = self.heading(s_m)
        x_m = np.interp(s_m, self.s_m, self.x_m) - offset_m * np.sin(heading)
        y_m = np.interp(s_m, self.s_m, self.y_m) + offset_m * np.cos(heading)
        return x_m, y_m


def road_under(motion: EgoMotion) -> Road:
    """Return the centre line that ``motion`` drove beside, with straight ends added."""
    x_m = motion.x_m + motion.offset_m * np.sin(motion.road_heading_rad)
    y_m = motion.y_m - motion.offset_m * np.cos(motion.road_heading_rad)
    keep = np.concatenate(([True], np.diff(np.floor(motion.s_m / SPACING_M)) > 0))
    s, x, y, heading = (column[keep] for column in (motion.s_m, x_m, y_m, motion.road_heading_rad))
    east, north = np.cos(heading), np.sin(heading)
    s = np.concatenate(([s[0] - BEFORE_M], s, [s[-1] + AFTER_M]))
    x = np.concatenate(([x[0] - BEFORE_M * east[0]], x, [x[-1] + AFTER_M * east[-1]]))
    y = np.concatenate(([y[0] - BEFORE_M * north[0]], y, [y[-1] + AFTER_M * north[-1]]))
    heading = np.concatenate((heading[:1], heading, heading[-1:]))
    return Road(s, x, y, heading, np.gradient(heading, s))

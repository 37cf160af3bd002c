"""Dimensions of the ego vehicle and of the road, in metres.

The vehicle frame ``base_link`` is ISO 8855 (x forward, y left, z up) with its origin on the ground
below the middle of the rear axle, where a rolling car moves exactly along its heading.
"""

WHEELBASE_M = 2.85
TRACK_M = 1.58
LENGTH_M = 4.70
WIDTH_M = 1.85
FRONT_M = 3.75
"""Front bumper ahead of ``base_link``."""
STEERING_RATIO = 15.2
WHEEL_RADIUS_M = 0.325

LANE_M = 3.5
"""Two lanes per direction; traffic keeps right, so ego drives at a negative lateral offset."""
LEFT_LANE_M = -0.5 * LANE_M
RIGHT_LANE_M = -1.5 * LANE_M
KERB_M = 2.0 * LANE_M

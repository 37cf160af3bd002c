"""Every detector of the table passes the shipped suite."""

from collections.abc import Callable

import pytest

from avdataops.detectors import DETECTORS
from avdataops.ports.detecting import Drive
from avdataops.testing.detector_suite import DetectorSuite
from avdataops.testing.drives_clocks import stepping_clocks
from avdataops.testing.drives_frames import failing_camera
from avdataops.testing.drives_motion import fast_drive, parking, round_trip, spirited_drive
from avdataops.testing.drives_places import red_light, road_works, swerving, through_town
from avdataops.testing.drives_sky import foggy, into_the_sun, showery, snowing
from avdataops.testing.drives_traffic import (
    braking_lead,
    crossed,
    jam,
    leaving_lead,
    narrow_road,
    nearly_hit,
    overtaking,
    school_run,
    tailing,
)

EXAMPLES: dict[str, Callable[[], Drive]] = {
    "frozen_sensor": failing_camera,
    "black_frame": failing_camera,
    "blurred": failing_camera,
    "drive_off": parking,
    "hard_accel": spirited_drive,
    "high_jerk": spirited_drive,
    "high_lateral_accel": spirited_drive,
    "reversing": parking,
    "speeding": fast_drive,
    "u_turn": round_trip,
    "following": tailing,
    "lead_brake": braking_lead,
    "cut_out": leaving_lead,
    "near_collision": nearly_hit,
    "oncoming_close": narrow_road,
    "crossing_vehicle": crossed,
    "overtake": overtaking,
    "vru_near": school_run,
    "dense_traffic": jam,
    "lane_change": swerving,
    "junction": through_town,
    "roundabout": through_town,
    "tunnel": through_town,
    "bridge": through_town,
    "pedestrian_crossing": through_town,
    "school_zone": through_town,
    "rail_crossing": through_town,
    "traffic_light_stop": red_light,
    "construction": road_works,
    "clock_anomaly": stepping_clocks,
    "low_sun_glare": into_the_sun,
    "wet_road": showery,
    "snow": snowing,
    "fog": foggy,
}
"""Detector -> a drive in which it has something to find; the others are shown the busy drive."""


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
class TestDetectors(DetectorSuite):
    """All rows of the table."""

    examples = EXAMPLES

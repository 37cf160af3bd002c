"""Finders of scenes, one family of scene types per file; adding one is adding a row here."""

from avdataops.detectors.black_frame import BLACK_FRAME
from avdataops.detectors.blurred import BLURRED
from avdataops.detectors.bridge import BRIDGE
from avdataops.detectors.clock_anomaly import CLOCK_ANOMALY
from avdataops.detectors.construction import CONSTRUCTION
from avdataops.detectors.crossing_vehicle import CROSSING_VEHICLE
from avdataops.detectors.cut_in import CUT_IN
from avdataops.detectors.cut_out import CUT_OUT
from avdataops.detectors.dense_traffic import DENSE_TRAFFIC
from avdataops.detectors.drive_off import DRIVE_OFF
from avdataops.detectors.fog import FOG
from avdataops.detectors.following import FOLLOWING
from avdataops.detectors.frozen_sensor import FROZEN_SENSOR
from avdataops.detectors.gnss_outage import GNSS_OUTAGE
from avdataops.detectors.hard_accel import HARD_ACCEL
from avdataops.detectors.hard_brake import HARD_BRAKE
from avdataops.detectors.high_jerk import HIGH_JERK
from avdataops.detectors.high_lateral_accel import HIGH_LATERAL_ACCEL
from avdataops.detectors.junction import JUNCTION
from avdataops.detectors.lane_change import LANE_CHANGE
from avdataops.detectors.lead_brake import LEAD_BRAKE
from avdataops.detectors.light import LIGHT
from avdataops.detectors.low_sun_glare import LOW_SUN_GLARE
from avdataops.detectors.near_collision import NEAR_COLLISION
from avdataops.detectors.oncoming_close import ONCOMING_CLOSE
from avdataops.detectors.overtake import OVERTAKE
from avdataops.detectors.pedestrian_crossing import PEDESTRIAN_CROSSING
from avdataops.detectors.rail_crossing import RAIL_CROSSING
from avdataops.detectors.rain import RAIN
from avdataops.detectors.reversing import REVERSING
from avdataops.detectors.roundabout import ROUNDABOUT
from avdataops.detectors.school_zone import SCHOOL_ZONE
from avdataops.detectors.sensor_dropout import SENSOR_DROPOUT
from avdataops.detectors.snow import SNOW
from avdataops.detectors.speeding import SPEEDING
from avdataops.detectors.standstill import STANDSTILL
from avdataops.detectors.traffic_light_stop import TRAFFIC_LIGHT_STOP
from avdataops.detectors.tunnel import TUNNEL
from avdataops.detectors.turn import TURN
from avdataops.detectors.u_turn import U_TURN
from avdataops.detectors.vru_crossing import VRU_CROSSING
from avdataops.detectors.vru_near import VRU_NEAR
from avdataops.detectors.wet_road import WET_ROAD
from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.ports.detecting import Detector

DETECTORS: tuple[Detector, ...] = (
    HARD_BRAKE,
    HARD_ACCEL,
    HIGH_JERK,
    HIGH_LATERAL_ACCEL,
    STANDSTILL,
    DRIVE_OFF,
    REVERSING,
    TURN,
    U_TURN,
    LANE_CHANGE,
    SPEEDING,
    OVERTAKE,
    FOLLOWING,
    LEAD_BRAKE,
    CUT_IN,
    CUT_OUT,
    NEAR_COLLISION,
    ONCOMING_CLOSE,
    CROSSING_VEHICLE,
    VRU_CROSSING,
    VRU_NEAR,
    DENSE_TRAFFIC,
    JUNCTION,
    ROUNDABOUT,
    TUNNEL,
    BRIDGE,
    PEDESTRIAN_CROSSING,
    SCHOOL_ZONE,
    TRAFFIC_LIGHT_STOP,
    RAIL_CROSSING,
    CONSTRUCTION,
    LIGHT,
    LOW_SUN_GLARE,
    RAIN,
    WET_ROAD,
    SNOW,
    FOG,
    GNSS_OUTAGE,
    SENSOR_DROPOUT,
    FROZEN_SENSOR,
    BLACK_FRAME,
    BLURRED,
    CLOCK_ANOMALY,
)


def detector(name: str) -> Detector:
    """Return one detector; raises ``ConfigError`` with the near miss."""
    known = {one.name: one for one in DETECTORS}
    if name not in known:
        raise ConfigError(f"no detector '{name}'{did_you_mean(name, known)}")
    return known[name]


def scene_types() -> tuple[str, ...]:
    """Return every scene type that some detector may report."""
    return tuple(kind for one in DETECTORS for kind in one.types)

"""Canonical signals: the schema itself, units, and which columns of a stream match."""

import json
import math
import re
from collections.abc import Mapping

import pyarrow as pa
import pytest

from avdataops.model.errors import ConfigError, SchemaMismatch
from avdataops.tables import signals as module
from avdataops.tables.load import load_json, schemas_folder
from avdataops.tables.signals import (
    METHODS,
    Match,
    Source,
    columns_that_fit,
    find_column,
    matches,
    metadata_text,
    signal,
    signals,
    unit_scale,
    unusable_rules,
)

NAMES = [
    "ego_speed_mps",
    "gnss_speed_mps",
    "accel_x_mps2",
    "accel_y_mps2",
    "yaw_rate_radps",
    "heading_rad",
    "lat_deg",
    "lon_deg",
    "alt_m",
    "gnss_fix",
    "gnss_sigma_m",
    "steering_angle_rad",
    "gear",
    "turn_indicator",
    "wiper_status",
    "brake_pedal",
    "lane_left_c0_m",
    "lane_left_c1_rad",
    "lane_left_quality",
    "lane_right_c0_m",
    "lane_right_c1_rad",
    "lane_right_quality",
    "rear_fog_lamp",
    "headlights",
    "ambient_light_lx",
    "rain_intensity",
]


def _schema(columns: Mapping[str, str | None], kinds: Mapping[str, pa.DataType]) -> pa.Schema:
    """Columns by their name in the recording, as readers lay them down."""
    fields = []
    for source, unit in columns.items():
        metadata = {"source": source} | ({"unit": unit} if unit is not None else {})
        name = re.sub(r"[^a-z0-9]+", "_", source.lower())
        fields.append(pa.field(name, kinds.get(source, pa.float64()), metadata=metadata))
    return pa.schema([pa.field("t_ns", pa.int64()), *fields])


def _matches(
    kind: str,
    columns: Mapping[str, str | None],
    *,
    stream: str = "s",
    kinds: Mapping[str, pa.DataType] | None = None,
) -> dict[str, Match]:
    source = Source(stream=stream, type=kind, schema=_schema(columns, kinds or {}))
    return {match.signal.name: match for match in matches(source)}


def test_the_canonical_names_are_the_promised_ones_in_order() -> None:
    assert list(signals()) == NAMES


def test_every_signal_has_a_method_a_unit_and_a_candidate() -> None:
    for one in signals().values():
        assert one.method in METHODS
        assert one.unit
        assert one.candidates
        assert one.doc.endswith(".")


def test_words_belong_to_text_signals_alone() -> None:
    assert [name for name, one in signals().items() if one.is_text] == [
        "gear",
        "turn_indicator",
        "wiper_status",
        "rear_fog_lamp",
        "headlights",
    ]
    for one in signals().values():
        readings = {candidate.reading for candidate in one.candidates}
        assert one.is_text == ("text" in readings)


def test_names_of_numbers_end_with_their_unit() -> None:
    endings = {"m/s": "_mps", "m/s2": "_mps2", "rad/s": "_radps", "rad": "_rad", "deg": "_deg"}
    for one in signals().values():
        assert one.name.endswith(endings.get(one.unit, ""))


def test_an_unknown_signal_is_named_with_its_near_miss() -> None:
    assert signal("gear").name == "gear"
    with pytest.raises(SchemaMismatch, match="'ego_sped_mps'; did you mean 'ego_speed_mps'"):
        signal("ego_sped_mps")


@pytest.mark.parametrize(
    ("unit", "wanted", "scale"),
    [
        ("km/h", "m/s", 1 / 3.6),
        ("KMH", "m/s", 1 / 3.6),
        (" kph ", "m/s", 1 / 3.6),
        ("mph", "m/s", 0.44704),
        ("knots", "m/s", 1852 / 3600),
        ("deg/s", "rad/s", math.pi / 180),
        ("°/s", "rad/s", math.pi / 180),
        ("deg", "rad", math.pi / 180),
        ("rad", "deg", 180 / math.pi),
        ("g", "m/s2", 9.80665),
        ("m/s^2", "m/s2", 1.0),
        ("%", "1", 0.01),
        ("", "1", 1.0),
        (None, "1", 1.0),
        ("cm", "m", 0.01),
        ("klx", "lx", 1000.0),
        ("mm/h", "mm/h", 1.0),
    ],
)
def test_units_are_turned_into_si(unit: str | None, wanted: str, scale: float) -> None:
    assert unit_scale(unit, wanted) == pytest.approx(scale, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "wanted"), [("deg", "m/s"), ("", "m/s"), (None, "m"), ("bananas", "rad"), ("m", "s")]
)
def test_a_unit_of_something_else_has_no_factor(unit: str | None, wanted: str) -> None:
    assert unit_scale(unit, wanted) is None


def test_the_frames_of_a_car_bus_give_their_signals_in_si() -> None:
    found = _matches(
        "can/VehicleDynamics",
        {
            "VehicleSpeed": "km/h",
            "YawRate": "deg/s",
            "LongAcceleration": "m/s2",
            "LatAcceleration": "m/s2",
        },
        stream="CAN1.VehicleDynamics",
    )
    assert set(found) == {"ego_speed_mps", "yaw_rate_radps", "accel_x_mps2", "accel_y_mps2"}
    assert found["ego_speed_mps"].scales["value"] == pytest.approx(1 / 3.6)
    assert found["yaw_rate_radps"].scales["value"] == pytest.approx(math.pi / 180)
    assert found["ego_speed_mps"].columns == {"value": "vehiclespeed"}
    assert found["ego_speed_mps"].rank == 0
    assert found["ego_speed_mps"].stream == "CAN1.VehicleDynamics"


def test_lane_lines_give_offset_slope_and_quality_of_both_sides() -> None:
    columns = {
        "LeftC0": "m",
        "LeftC1": "rad",
        "LeftQuality": "",
        "RightC0": "m",
        "RightC1": "rad",
        "RightQuality": "",
    }
    found = _matches("can/LaneLines", columns)
    assert set(found) == {name for name in NAMES if name.startswith("lane_")}


def test_a_measured_group_gives_light_and_rain() -> None:
    found = _matches("mdf/time", {"AmbientLight": "lx", "RainIntensity": "mm/h"})
    assert set(found) == {"ambient_light_lx", "rain_intensity"}


def test_states_are_read_from_their_labels() -> None:
    schema = pa.schema(
        [
            pa.field("gear", pa.int64(), metadata={"source": "Gear"}),
            pa.field("gear_label", pa.string(), metadata={"source": "Gear"}),
            pa.field("turn_indicator_label", pa.string(), metadata={"source": "TurnIndicator"}),
            pa.field("wiper_status_label", pa.string(), metadata={"source": "WiperStatus"}),
            pa.field("brake_pedal_label", pa.string(), metadata={"source": "BrakePedal"}),
            pa.field("brake_pedal", pa.int64(), metadata={"source": "BrakePedal"}),
        ]
    )
    found = {m.signal.name: m for m in matches(Source(stream="b", type="can/Body", schema=schema))}
    assert found["gear"].columns == {"value": "gear_label"}
    assert found["turn_indicator"].columns == {"value": "turn_indicator_label"}
    assert found["wiper_status"].columns == {"value": "wiper_status_label"}
    assert found["brake_pedal"].columns == {"value": "brake_pedal"}


def test_a_number_without_words_is_no_gear() -> None:
    assert "gear" not in _matches("can/Body", {"Gear": ""}, kinds={"Gear": pa.int64()})


@pytest.mark.parametrize("name", ["S1_PID_0D_VehicleSpeed", "S01PID0D_VehicleSpeed"])
def test_obd_speed_is_taken_and_the_bit_that_says_it_is_supported_is_not(name: str) -> None:
    found = _matches("can/OBD2", {"SUP_S01PID0D_VehicleSpeed": "", name: "km/h"})
    match = found["ego_speed_mps"]
    assert match.columns == {"value": name.lower()}
    assert match.scales["value"] == pytest.approx(1 / 3.6)


def test_each_part_of_a_vector_has_its_own_factor() -> None:
    columns = {"twist.linear.x": "m/s", "twist.linear.y": "km/h"}
    found = _matches("geometry_msgs/msg/TwistStamped", columns, stream="/gnss/vel")
    assert found["gnss_speed_mps"].scales == {"x": 1.0, "y": pytest.approx(1 / 3.6)}


def test_raw_acceleration_of_unknown_mounting_gives_the_vertical_and_no_acceleration() -> None:
    css: dict[str, str | None] = {f"Acceleration{axis}": "m/s^2" for axis in "XYZ"}
    css |= {f"AngularRate{axis}": "deg/s" for axis in "XYZ"}
    match = _matches("can/gnss_imu", css)["yaw_rate_radps"]
    assert match.candidate.reading == "level_rate"
    assert match.scales["x"] == pytest.approx(math.pi / 180)
    assert match.scales["up_x"] == 1.0
    assert set(_matches("can/gnss_imu", css)) == {"yaw_rate_radps"}
    ros: dict[str, str | None] = {f"linear_acceleration.{axis}": "m/s2" for axis in "xyz"}
    ros |= {f"angular_velocity.{axis}": "rad/s" for axis in "xyz"}
    assert set(_matches("sensor_msgs/msg/Imu", ros)) == {"yaw_rate_radps"}


def test_a_single_rate_of_unknown_mounting_is_no_yaw_rate() -> None:
    assert _matches("can/gnss_imu", {"AngularRateZ": "deg/s"}) == {}
    assert _matches("sensor_msgs/msg/Imu", {"angular_velocity.z": "rad/s"}) == {}


def test_a_position_needs_no_unit_where_its_type_defines_it() -> None:
    found = _matches("sensor_msgs/msg/NavSatFix", {"latitude": None, "longitude": None})
    assert set(found) == {"lat_deg", "lon_deg"}


def test_a_pose_is_a_heading_by_its_four_parts_and_its_frame() -> None:
    parts: dict[str, str | None] = {f"pose.pose.orientation.{axis}": None for axis in "xyzw"}
    assert "heading_rad" not in _matches("nav_msgs/msg/Odometry", parts)
    found = _matches(
        "nav_msgs/msg/Odometry",
        parts | {"header.frame_id": None},
        kinds={"header.frame_id": pa.string()},
    )
    match = found["heading_rad"]
    assert match.where == "header_frame_id"
    assert match.needs == (
        "pose_pose_orientation_x",
        "pose_pose_orientation_y",
        "pose_pose_orientation_z",
        "pose_pose_orientation_w",
        "header_frame_id",
    )
    incomplete = dict(list(parts.items())[:3]) | {"header.frame_id": None}
    assert _matches("nav_msgs/msg/Odometry", incomplete) == {}


def test_a_velocity_is_of_the_receiver_only_by_its_stream_name() -> None:
    columns = {"twist.linear.x": "m/s", "twist.linear.y": "m/s"}
    kind = "geometry_msgs/msg/TwistStamped"
    found = _matches(kind, columns, stream="/gnss/vel")
    assert set(found) == {"ego_speed_mps", "gnss_speed_mps", "heading_rad"}
    assert found["ego_speed_mps"].rank > 0
    assert _matches(kind, columns, stream="/cmd_vel") == {}


def test_the_receivers_of_can_loggers_are_known() -> None:
    assert set(_matches("can/gnss_speed", {"Speed": "m/s"})) == {"ego_speed_mps", "gnss_speed_mps"}
    position = {"Latitude": "deg", "Longitude": "deg", "PositionAccuracy": "m", "PositionValid": ""}
    found = _matches("can/gnss_pos", position)
    assert set(found) == {"lat_deg", "lon_deg", "gnss_sigma_m", "gnss_fix"}
    assert _matches("can/gnss_status", {"FixType": ""})["gnss_fix"].rank < found["gnss_fix"].rank


def test_a_column_of_unknown_unit_is_no_match() -> None:
    assert _matches("can/X", {"VehicleSpeed": None}) == {}
    assert _matches("can/X", {"VehicleSpeed": "rpm"}) == {}


def test_texts_and_lists_are_no_numbers() -> None:
    assert _matches("can/X", {"VehicleSpeed": "m/s"}, kinds={"VehicleSpeed": pa.string()}) == {}
    covariance = {"position_covariance": "m2", "position_covariance_type": None}
    listed = {"position_covariance": pa.list_(pa.float64(), 9)}
    kind = "sensor_msgs/msg/NavSatFix"
    assert set(_matches(kind, covariance, kinds=listed)) == {"gnss_sigma_m"}
    assert _matches(kind, covariance) == {}


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("gear", "D", "D"),
        ("gear", "Drive", "D"),
        ("gear", "3", "D"),
        ("gear", "reverse", "R"),
        ("gear", "Park", "P"),
        ("gear", "Limp home", None),
        ("turn_indicator", "LEFT", "left"),
        ("turn_indicator", "Both", "hazard"),
        ("turn_indicator", "", None),
        ("wiper_status", "Slow", "slow"),
        ("wiper_status", "Intermittent", "interval"),
        ("wiper_status", "broken", None),
        ("rear_fog_lamp", "Active", "on"),
        ("rear_fog_lamp", "Off", "off"),
        ("headlights", "Low_Beam", "low"),
        ("headlights", "Position", "parking"),
        ("headlights", "main beam", None),
    ],
)
def test_words_of_recordings_have_one_canonical_word(
    name: str, text: str, word: str | None
) -> None:
    assert signal(name).word(text) == word


def test_no_text_has_two_canonical_words() -> None:
    texts = [*"PRND123456789SB", "off", "on", "left", "right", "both", "auto", "fast", "park", "no"]
    for one in signals().values():
        for text in texts:
            hits = [word for word, known in one.words.items() if known.fullmatch(text)]
            assert len(hits) <= 1, (one.name, text, hits)


def test_columns_are_found_by_either_of_their_names_and_never_by_a_part() -> None:
    schema = _schema({"Wheel.SpeedFL": "km/h", "Wheel.SpeedFR": "km/h"}, {})
    assert find_column(schema, re.compile("wheel.speedfl", re.IGNORECASE)) == "wheel_speedfl"
    assert find_column(schema, re.compile("wheel_speedfr")) == "wheel_speedfr"
    assert find_column(schema, re.compile("wheel")) is None
    assert columns_that_fit(schema, re.compile("wheel_.*")) == ("wheel_speedfl", "wheel_speedfr")


def test_metadata_is_text_or_none() -> None:
    field = pa.field("x", pa.int64(), metadata={"unit": "°"})
    assert metadata_text(field, "unit") == "°"
    assert metadata_text(field, "source") is None
    assert metadata_text(pa.field("x", pa.int64()), "unit") is None


def test_rules_about_unusable_values_are_read() -> None:
    rules = unusable_rules()
    assert any(-64 in rule.values for rule in rules)
    assert all(rule.values or rule.unless for rule in rules)


def test_the_schema_names_only_methods_and_readings_that_it_explains() -> None:
    facts = load_json("signals.json")
    assert set(facts["methods"]) == set(METHODS)
    assert set(facts["readings"]) == set(module.READINGS)
    for one in facts["signals"]:
        assert one["unit"] in facts["units"]
        for rule in one["candidates"]:
            known = {"type", "stream", "columns", "reading", "where", "map", "assume_unit"}
            assert set(rule) <= known


def test_a_mistake_in_the_schema_is_a_mistake_of_configuration() -> None:
    rule = {"type": ".*", "columns": {"value": "x"}, "reading": "valu"}
    facts = {"name": "x", "unit": "1", "method": "hold", "candidates": [rule], "doc": "X."}
    with pytest.raises(ConfigError, match="no reading 'valu'; did you mean 'value'"):
        module._signal(facts)
    with pytest.raises(ConfigError, match="no such method"):
        module._signal(facts | {"method": "guess"})


def test_the_schema_is_plain_json() -> None:
    text = (schemas_folder() / "signals.json").read_text(encoding="utf-8")
    assert json.loads(text)["signals"]

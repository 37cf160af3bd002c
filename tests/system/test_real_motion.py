"""Motion and scenes of a real commute, held against its satellite receiver read by asammdf."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import pytest

from avdataops.lake import FoundScene, Lake
from avdataops.signals.arrays import Bools, Floats, Times

if TYPE_CHECKING:
    from tests.system.conftest import Columns

RECEIVER_LAG_S = 0.35
"""The receiver's filter shows motion this much later than the car's own bus."""
FIX_3D = 3
SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Ego:
    """The ego table as arrays."""

    t_ns: Times
    columns: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Valid speed and heading of the satellite receiver, moved by its lag."""

    speed_t_ns: Times
    speed_mps: Floats
    heading_t_ns: Times
    heading_deg: Floats
    """Counter-clockwise, unwrapped."""
    accuracy_deg: Floats

    def speed(self, t_ns: Times) -> Floats:
        """Return speed, NaN where no two valid fixes within 2.2 s are around."""
        return _between(self.speed_t_ns, self.speed_mps, t_ns)

    def turned_deg(self, scene: FoundScene) -> tuple[float, float]:
        """Return the change of heading over a scene and its accuracy, NaN without fixes."""
        ends = np.array([scene.t_start_ns, scene.t_end_ns])
        start, stop = _between(self.heading_t_ns, self.heading_deg, ends)
        accuracy = _between(self.heading_t_ns, self.accuracy_deg, ends)
        return float(stop - start), float(np.hypot(*accuracy))


def _between(t: Times, x: Floats, ticks: Times) -> Floats:
    after = np.clip(np.searchsorted(t, ticks), 1, t.size - 1)
    near = (t[after] - t[after - 1] < 2.2 * SECOND) & (ticks >= t[0]) & (ticks <= t[-1])
    start = int(t[0])
    return np.where(near, np.interp(ticks - start, t - start, x), np.nan)


@pytest.fixture(scope="module")
def ego(lake: Lake) -> Ego:
    table = lake.table(lake.measurements()[0].id, "ego")
    names = ("ego_speed_mps", "gnss_speed_mps", "yaw_rate_radps", "heading_rad", "lat_deg")
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in names}
    return Ego(table["t_ns"].to_numpy(), columns)


@pytest.fixture(scope="module")
def by_asammdf(by_asammdf: "dict[str, Columns]", lake: Lake) -> "dict[str, Columns]":
    """What the logger has stamped, on the reference clock that sync has chosen for all tables."""
    quality = lake.table(lake.measurements()[0].id, "sync_quality").to_pylist()
    row = next(one for one in quality if one["stream"].endswith("gnss_speed"))

    def placed(t: Times) -> Times:
        since_ms = (t - row["t_ns"]) / 1e6
        return np.asarray(
            t
            + np.rint((row["offset_ms"] + row["drift_ppm"] * 1e-6 * since_ms) * 1e6).astype(
                np.int64
            )
        )

    return {
        name: {**columns, "t_ns": placed(columns["t_ns"])} for name, columns in by_asammdf.items()
    }


@pytest.fixture(scope="module")
def receiver(by_asammdf: "dict[str, Columns]") -> Receiver:
    speed, attitude = by_asammdf["gnss_speed"], by_asammdf["gnss_attitude"]
    # Without a fix the receiver still calls its last speed valid.
    fixed = by_asammdf["gnss_status"]["FixType"] == FIX_3D
    valid = (speed["SpeedValid"] == 1) & fixed
    sure = (attitude["AttitudeValid"] == 1) & fixed
    lag_ns = round(RECEIVER_LAG_S * SECOND)
    heading = -np.unwrap(attitude["Heading"][sure], period=360)
    return Receiver(
        speed["t_ns"][valid] - lag_ns,
        speed["Speed"][valid],
        attitude["t_ns"][sure] - lag_ns,
        heading,
        attitude["HeadingAccuracy"][sure],
    )


def _scenes(lake: Lake, *types: str) -> list[FoundScene]:
    return list(lake.scenes(*types))


def _during(ego: Ego, scene: FoundScene) -> Bools:
    return np.asarray((ego.t_ns >= scene.t_start_ns) & (ego.t_ns < scene.t_end_ns))


def test_speed_of_the_car_agrees_with_the_receiver(ego: Ego) -> None:
    both = np.isfinite(ego["ego_speed_mps"]) & np.isfinite(ego["gnss_speed_mps"])
    assert both.mean() > 0.9
    apart = (ego["ego_speed_mps"] - ego["gnss_speed_mps"])[both]
    assert np.sqrt(np.mean(apart**2)) <= 0.4
    # Speedometers show no less than the truth, and this one at most 1 % more.
    assert 0 <= apart.mean() / ego["gnss_speed_mps"][both].mean() < 0.015


def test_yaw_rate_agrees_with_the_change_of_heading(ego: Ego, receiver: Receiver) -> None:
    t, heading = receiver.heading_t_ns, np.radians(receiver.heading_deg)
    known = np.isfinite(ego["yaw_rate_radps"])
    seconds = (ego.t_ns[known] - ego.t_ns[0]) / 1e9
    rate = ego["yaw_rate_radps"][known]
    steps = np.diff(seconds, prepend=seconds[0])
    turned = np.interp((t - ego.t_ns[0]) / 1e9, seconds, np.cumsum(rate * steps))
    apart_s = np.diff(t) / 1e9
    near = apart_s < 1.2
    theirs, ours = np.diff(heading)[near], np.diff(turned)[near]
    assert near.sum() > 2400
    assert np.corrcoef(theirs, ours)[0, 1] >= 0.9
    # Wheel or gyroscope scale: the same turn in both, left positive.
    assert np.polyfit(ours, theirs, 1)[0] == pytest.approx(1.0, abs=0.07)


def test_yaw_rate_is_that_of_the_gyroscope_about_the_vertical(
    ego: Ego, by_asammdf: "dict[str, Columns]"
) -> None:
    imu = by_asammdf["gnss_imu"]
    fine = imu["ImuValid"] == 1
    axes = [imu[f"AngularRate{axis}"][fine] for axis in "XYZ"]
    up = np.array([np.median(imu[f"Acceleration{axis}"][fine]) for axis in "XYZ"])
    assert np.linalg.norm(up) == pytest.approx(9.81, abs=0.4)
    level = np.radians(up @ np.stack(axes) / np.linalg.norm(up))
    seconds = (imu["t_ns"][fine] - ego.t_ns[0]) / 1e9
    known = np.isfinite(ego["yaw_rate_radps"])
    ours = np.interp(seconds, (ego.t_ns[known] - ego.t_ns[0]) / 1e9, ego["yaw_rate_radps"][known])
    # Means of a second do not see how either was filtered.
    second = np.arange(level.size) // 100
    means = [np.bincount(second, x) / np.bincount(second) for x in (level, ours)]
    assert np.abs(means[0] - means[1])[2:-2].max() < 0.01


def test_invalid_inertial_samples_stay_in_raw_and_reach_nothing_behind(
    lake: Lake, ego: Ego, by_asammdf: "dict[str, Columns]"
) -> None:
    (measurement,) = lake.measurements()
    theirs = by_asammdf["gnss_imu"]["AccelerationX"]
    raw = lake.stream(measurement.id, "CAN2.gnss_imu")["acceleration_x"]
    bad = np.count_nonzero(theirs == -64)
    assert np.count_nonzero(raw.to_numpy() == -64) == bad == 2
    for kind in ("thinned", "synced"):
        table = lake.table(measurement.id, kind)
        names = [name for name in table.column_names if name.startswith("acceleration_")]
        rates = [name for name in table.column_names if name.startswith("angular_rate_")]
        assert {"acceleration_x", "acceleration_y", "acceleration_z"} <= set(names)
        assert min(pc.min(table[name]).as_py() for name in names) > -30
        assert min(pc.min(table[name]).as_py() for name in rates) > -120
    assert np.nanmax(np.abs(ego["yaw_rate_radps"])) < 1.0


def test_no_position_is_made_up_between_distant_fixes(
    ego: Ego, by_asammdf: "dict[str, Columns]"
) -> None:
    position = by_asammdf["gnss_pos"]
    t = position["t_ns"][position["PositionValid"] == 1]
    made = ego.t_ns[np.isfinite(ego["lat_deg"])]
    after = np.clip(np.searchsorted(t, made), 1, t.size - 1)
    assert made.size > 0.9 * ego.t_ns.size
    assert (t[after] - t[after - 1]).max() <= 2.5 * SECOND


def test_the_ego_stands_by_the_receiver_too(lake: Lake, ego: Ego, receiver: Receiver) -> None:
    stops = _scenes(lake, "standstill")
    assert len(stops) >= 8
    checked = 0
    for scene in stops:
        speed = receiver.speed(ego.t_ns[_during(ego, scene)])
        if np.isfinite(speed).mean() < 0.5:
            continue
        checked += 1
        # Braking to the last and starting off are part of the stop.
        assert np.nanmedian(speed) < 0.15, scene.id
        assert np.nanpercentile(speed, 90) < 0.5, scene.id
    assert checked >= 8


def test_every_stop_that_the_receiver_sees_is_found(
    lake: Lake, ego: Ego, receiver: Receiver
) -> None:
    stands = receiver.speed(ego.t_ns) < 0.05
    edges = np.flatnonzero(np.diff(stands.astype(np.int8), prepend=0, append=0))
    stops = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 150]
    assert len(stops) >= 7
    found = np.zeros(ego.t_ns.size, dtype=bool)
    for scene in _scenes(lake, "standstill"):
        found |= _during(ego, scene)
    assert [(a, b) for a, b in stops if found[a:b].mean() < 0.9] == []


def test_turns_turn_as_far_as_the_receiver_says(lake: Lake, receiver: Receiver) -> None:
    turns = _scenes(lake, "turn_left", "turn_right")
    seen = [(one, *receiver.turned_deg(one)) for one in turns]
    known = [one for one in seen if np.isfinite(one[1])]
    assert len(known) >= 10
    for scene, turned, accuracy in known:
        ours = scene.evidence["heading_change_deg"]
        assert (ours > 0) == (scene.type == "turn_left")
        assert ours == pytest.approx(turned, abs=15 + accuracy), scene.id
    # One turn may see the receiver at walking pace; most are close.
    assert (
        np.median([abs(one.evidence["heading_change_deg"] - turned) for one, turned, _ in known])
        < 6
    )


def test_a_hard_brake_slows_as_much_by_the_receiver(
    lake: Lake, ego: Ego, receiver: Receiver
) -> None:
    brakes = _scenes(lake, "hard_brake")
    assert len(brakes) == 1
    for scene in brakes:
        speed = receiver.speed(np.array([scene.t_start_ns, scene.t_end_ns]))
        assert scene.evidence["dv_mps"] == pytest.approx(speed[1] - speed[0], abs=1.0)
        # The receiver's mean over a second is gentler than the peak.
        inside = receiver.speed(ego.t_ns[_during(ego, scene)])
        hardest = np.nanmin(inside[50:] - inside[:-50])
        assert scene.evidence["min_ax_mps2"] - 0.5 < hardest < -2.5


def test_no_braking_as_hard_is_missed(lake: Lake, ego: Ego, receiver: Receiver) -> None:
    speed = receiver.speed(ego.t_ns)
    hard = ego.t_ns[:-50][speed[50:] - speed[:-50] < -3.3]
    for t_ns in hard:
        assert any(
            scene.t_start_ns - SECOND <= t_ns <= scene.t_end_ns + SECOND
            for scene in _scenes(lake, "hard_brake")
        )


def test_no_scene_of_motion_goes_on_where_its_sensor_was_silent(
    lake: Lake, by_asammdf: "dict[str, Columns]"
) -> None:
    (measurement,) = lake.measurements()
    answers = lake.stream(measurement.id, "CAN1.OBD_RX").sort_by("t_ns")
    told = answers.filter(pc.is_valid(answers["s01_pid0_d_vehicle_speed"]))["t_ns"].to_numpy()
    imu = by_asammdf["gnss_imu"]
    sources = {"turn_left": imu["t_ns"], "turn_right": imu["t_ns"], "hard_brake": told}
    for scene in _scenes(lake, *sources):
        t = sources[scene.type]
        inside = t[(t >= scene.t_start_ns) & (t < scene.t_end_ns)]
        around = np.concatenate([[scene.t_start_ns], inside, [scene.t_end_ns]])
        assert np.diff(around).max() < 1.1 * SECOND, scene.id


def test_outages_of_the_receiver_are_where_its_messages_lack(
    lake: Lake, by_asammdf: "dict[str, Columns]"
) -> None:
    position = by_asammdf["gnss_pos"]
    t = position["t_ns"][position["PositionValid"] == 1]
    apart = np.flatnonzero(np.diff(t) > 2.5 * SECOND)
    lacking = [(int(t[row]), int(t[row + 1])) for row in apart]
    assert len(lacking) == 4
    later = [one for one in _scenes(lake, "gnss_outage") if one.t_start_ns > int(t[0])]
    for scene in later:
        near = [abs(a - scene.t_start_ns) + abs(b - scene.t_end_ns) for a, b in lacking]
        assert min(near) < 0.1 * SECOND, scene.id
    # Two messages missed at 1 Hz are about the limit; the clear cases have to be there.
    longest = max(lacking, key=lambda one: one[1] - one[0])
    assert any(abs(longest[0] - scene.t_start_ns) < 0.1 * SECOND for scene in later)


def test_what_the_drive_cannot_tell_is_unknown(lake: Lake) -> None:
    (measurement,) = lake.measurements()
    rows = lake.table(measurement.id, "scene_coverage").to_pylist()
    known = {
        kind: {row["known"] for row in rows if row["type"] == kind}
        for kind in {row["type"] for row in rows}
    }
    for kind in ("cut_in", "vru_crossing", "rain", "lane_change_left", "lane_change_right"):
        assert known[kind] == {False}
        assert len(lake.scenes(kind)) == 0
    # It was early on a summer afternoon.
    assert known["night"] == known["twilight"] == {True}
    assert len(lake.scenes("night", "twilight")) == 0

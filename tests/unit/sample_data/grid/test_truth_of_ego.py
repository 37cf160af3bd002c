"""Truth about the ego and its surroundings at both sides of each level."""

import numpy as np
import pytest

from sample_data.grid.motion import Pulse, change
from sample_data.grid.plan import Faults, Plan, Road, Sky
from sample_data.grid.truth import events
from sample_data.grid.truth.events import TrueEvent
from sample_data.grid.world import simulate


def happens(plan: Plan, kind: str) -> list[TrueEvent]:
    return [one for one in events(simulate(plan)) if one.type == kind]


@pytest.mark.parametrize(("amount", "count"), [(2.3, 0), (2.5, 1)])
def test_a_hard_acceleration(amount: float, count: int) -> None:
    plan = Plan(speed_mps=10.0, accelerate=(Pulse(10.0, 3.0, amount, 0.8),))
    assert len(happens(plan, "hard_accel")) == count


def test_a_brake_from_walking_pace_is_none() -> None:
    assert happens(Plan(speed_mps=2.5, accelerate=(change(5.0, -4.0, -2.5),)), "hard_brake") == []


def test_two_brakes_a_second_apart_are_one() -> None:
    for pause_s, count in ((0.3, 1), (2.5, 2)):
        first = change(5.0, -5.0, -8.0)
        pulses = (first, change(first.stop + pause_s, -5.0, -8.0))
        assert len(happens(Plan(speed_mps=30.0, accelerate=pulses), "hard_brake")) == count


@pytest.mark.parametrize(("across", "count"), [(3.9, 0), (4.1, 1)])
def test_high_lateral_acceleration(across: float, count: int) -> None:
    bend = Pulse(200.0, 150.0, across / 400.0, 30.0)
    plan = Plan(speed_mps=20.0, road=Road(bends=(bend,)), duration_s=25.0)
    assert len(happens(plan, "high_lateral_accel")) == count


@pytest.mark.parametrize(("edge_s", "count"), [(0.3, 2), (3.0, 0)])
def test_jerk_is_a_sudden_change_of_acceleration(edge_s: float, count: int) -> None:
    plan = Plan(speed_mps=30.0, accelerate=(Pulse(10.0, 7.0, -3.0, edge_s),))
    assert len(happens(plan, "high_jerk")) == count


@pytest.mark.parametrize(("degrees", "count"), [(140.0, 0), (170.0, 1)])
def test_a_u_turn_is_150_degrees(degrees: float, count: int) -> None:
    bend = Pulse(50.0, np.radians(degrees) * 7.0 + 2.0, 1 / 7.0, 2.0)
    assert len(happens(Plan(speed_mps=4.0, road=Road(bends=(bend,))), "u_turn")) == count


def test_round_a_roundabout_is_no_u_turn() -> None:
    bend = Pulse(50.0, np.pi * 7.0 + 2.0, 1 / 7.0, 2.0)
    road = Road(bends=(bend,), roundabouts_m=((45.0, 90.0),))
    assert happens(Plan(speed_mps=4.0, road=road), "u_turn") == []
    assert len(happens(Plan(speed_mps=4.0, road=road), "roundabout")) == 1


def test_reversing_is_backwards_for_a_second() -> None:
    for lasts_s, count in ((0.8, 0), (3.0, 1)):
        pulses = (Pulse(5.0, 1.0, -1.0, 0.5), Pulse(5.0 + lasts_s, 1.0, 1.0, 0.5))
        plan = Plan(speed_mps=0.0, accelerate=pulses, reverses=True, duration_s=15.0)
        assert len(happens(plan, "reversing")) == count


@pytest.mark.parametrize(("over_mps", "count"), [(2.0, 0), (2.5, 1)])
def test_speeding_needs_a_known_limit(over_mps: float, count: int) -> None:
    def drive(road: Road) -> Plan:
        return Plan(speed_mps=13.0, accelerate=(change(5.0, 1.0, over_mps + 0.9),), road=road)

    assert len(happens(drive(Road(limit_mps=13.9)), "speeding")) == count
    assert happens(drive(Road()), "speeding") == []
    assert happens(drive(Road(limit_mps=13.9, mapped=False)), "speeding") == []


@pytest.mark.parametrize(("ahead_m", "count"), [(39.0, 1), (41.0, 0), (-1.0, 0)])
def test_a_stop_before_a_signal(ahead_m: float, count: int) -> None:
    down = change(5.0, -2.0, -10.0)
    plan = Plan(speed_mps=10.0, accelerate=(down,), duration_s=20.0)
    stopped_m = float(simulate(plan).ego.s_m[-1])
    road = Road(signals_m=(stopped_m + ahead_m,))
    given = Plan(speed_mps=10.0, accelerate=(down,), duration_s=20.0, road=road)
    assert len(happens(given, "traffic_light_stop")) == count


def test_fog_is_less_than_a_kilometre() -> None:
    for lost, count in ((0.94, 0), (0.96, 1)):
        sky = Sky(fog=(Pulse(10.0, 30.0, lost, 5.0),))
        assert len(happens(Plan(sky=sky), "fog")) == count


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg", "okta", "count"),
    [(90.0, 5.0, 2.0, 1), (114.0, 5.0, 2.0, 1), (116.0, 5.0, 2.0, 0), (90.0, 16.0, 2.0, 0),
     (90.0, -1.0, 2.0, 0), (90.0, 5.0, 6.0, 0), (270.0, 5.0, 2.0, 0)],
)  # fmt: skip
def test_glare_is_a_low_sun_ahead_in_a_clear_sky(
    azimuth_deg: float, elevation_deg: float, okta: float, count: int
) -> None:
    sky = Sky(sun_deg=(elevation_deg, elevation_deg), sun_azimuth_deg=azimuth_deg, cloud_okta=okta)
    assert len(happens(Plan(sky=sky), "low_sun_glare")) == count


def test_a_tunnel_shades() -> None:
    sky = Sky(sun_deg=(5.0, 5.0), sun_azimuth_deg=90.0)
    road = Road(tunnels_m=((300.0, 500.0),))
    glares = happens(Plan(speed_mps=15.0, sky=sky, road=road), "low_sun_glare")
    assert [round(one.start_s) for one in glares] == [0, 33]


@pytest.mark.parametrize(("step_s", "count"), [(0.015, 0), (0.03, 1), (-0.03, 1)])
def test_a_clock_that_steps(step_s: float, count: int) -> None:
    faults = Faults(clock_steps=(("/lidar/top", 10.0, step_s),))
    assert len(happens(Plan(faults=faults), "clock_anomaly")) == count


@pytest.mark.parametrize(("length_s", "count"), [(0.1, 0), (1.0, 1)])
def test_a_frozen_sensor(length_s: float, count: int) -> None:
    faults = Faults(frozen=(("/camera/front", 10.0, 10.0 + length_s),))
    (*found,) = happens(Plan(faults=faults), "frozen_sensor")
    assert len(found) == count


@pytest.mark.parametrize(("length_s", "count"), [(1.9, 0), (2.1, 1)])
def test_a_silent_receiver_is_an_outage_after_two_seconds(length_s: float, count: int) -> None:
    faults = Faults(silent=(("/gnss/fix", 10.0, 10.0 + length_s),))
    assert len(happens(Plan(faults=faults), "gnss_outage")) == count

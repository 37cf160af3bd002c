"""Truth by the definitions: events of plans whose motion is known in closed form."""

import numpy as np
import pytest

from sample_data.grid.motion import Pulse, change, shift
from sample_data.grid.plan import Actor, Faults, Plan, Road, Sky
from sample_data.grid.truth import DEFINITIONS, TYPES, events
from sample_data.grid.truth.alone import BRAKE
from sample_data.grid.truth.events import Level, TrueEvent, lasting, merge, passages, runs
from sample_data.grid.world import simulate

T_S = np.arange(0.0, 10.0, 0.01)


def happens(plan: Plan, kind: str) -> list[TrueEvent]:
    return [one for one in events(simulate(plan)) if one.type == kind]


def only(plan: Plan, kind: str) -> TrueEvent:
    (one,) = happens(plan, kind)
    return one


def crossing_s(start_s: float, edge_s: float, share: float) -> float:
    """When a rising raised cosine reaches a share of its height."""
    return start_s + edge_s * float(np.arccos(1 - 2 * share)) / np.pi


def test_every_type_is_told_once() -> None:
    assert len(set(TYPES)) == len(TYPES)
    assert len(DEFINITIONS) == len({definition for definition, _ in DEFINITIONS})


def test_runs_and_pauses() -> None:
    mask = np.array([1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    assert runs(mask) == [(0, 2), (3, 4), (7, 8)]
    t_s = np.arange(8.0)
    assert merge(t_s, runs(mask), 1.0) == [(0, 4), (7, 8)]
    assert lasting(t_s, mask, 2.0, 1.0) == [(0, 4)]
    assert runs(np.zeros(3, dtype=bool)) == []


def test_a_passage_has_hysteresis_and_goes_back_to_its_onset() -> None:
    x = np.interp(T_S, [0, 2, 4, 5, 6, 8], [0, 4, 4, 2.5, 4, 0])
    level = Level(on=3.0, off=2.0, min_s=1.0, onset=0.5)
    ((start, stop),) = passages(T_S, x, level)
    assert T_S[start] == pytest.approx(0.26, abs=0.011)
    assert T_S[stop] == pytest.approx(7.0, abs=0.011)
    assert passages(T_S, x, Level(on=4.5, off=2.0)) == []
    assert passages(T_S, -x, Level(on=-3.0, off=-2.0, min_s=7.0)) == []


def test_a_hard_brake_begins_and_ends_where_its_pulse_passes_the_levels() -> None:
    brake = Pulse(10.0, 4.0, -6.0, 1.0)
    one = only(Plan(speed_mps=30.0, accelerate=(brake,)), "hard_brake")
    assert one.start_s == pytest.approx(crossing_s(10.0, 1.0, 0.5 / 6), abs=0.02)
    assert one.stop_s == pytest.approx(14.0 - (crossing_s(0, 1.0, 1.5 / 6)), abs=0.02)
    assert one.facts["min_ax_mps2"] == pytest.approx(-6.0, abs=0.01)


@pytest.mark.parametrize(("amount", "count"), [(-2.95, 0), (-3.05, 1)])
def test_the_level_decides_a_hard_brake(amount: float, count: int) -> None:
    plan = Plan(speed_mps=30.0, accelerate=(Pulse(10.0, 4.0, amount, 1.0),))
    assert len(happens(plan, "hard_brake")) == count


@pytest.mark.parametrize(("held_s", "count"), [(1.0, 0), (3.0, 1)])
def test_a_standstill_lasts_two_seconds(held_s: float, count: int) -> None:
    down = change(5.0, -2.0, -10.0)
    plan = Plan(speed_mps=10.0, accelerate=(down, change(down.stop + held_s - 0.3, 1.5, 8.0)))
    assert len(happens(plan, "standstill")) == count
    assert len(happens(plan, "drive_off")) == count


@pytest.mark.parametrize(("degrees", "count"), [(40.0, 0), (60.0, 1)])
@pytest.mark.parametrize("side", [1, -1])
def test_a_turn_is_45_degrees_at_a_junction(degrees: float, count: int, side: int) -> None:
    length = np.radians(degrees) * 15.0
    bend = Pulse(100.0, length + 5.0, side / 15.0, 5.0)
    there = Road(bends=(bend,), junctions_m=(110.0,))
    kind = "turn_left" if side > 0 else "turn_right"
    assert len(happens(Plan(speed_mps=5.0, road=there), kind)) == count
    elsewhere = Road(bends=(bend,), junctions_m=(200.0,))
    assert happens(Plan(speed_mps=5.0, road=elsewhere), kind) == []
    unknown = Road(bends=(bend,), mapped=False)
    assert len(happens(Plan(speed_mps=5.0, road=unknown), kind)) == count


def test_a_lane_change_lasts_while_the_ego_moves_across() -> None:
    plan = Plan(speed_mps=25.0, sideways=(shift(10.0, 5.0, 3.5),))
    one = only(plan, "lane_change_left")
    late_s = crossing_s(0.0, 2.5, 0.1 / 1.4)
    assert one.start_s == pytest.approx(10.0 + late_s, abs=0.02)
    assert one.stop_s == pytest.approx(15.0 - late_s, abs=0.02)
    assert one.facts["crossing_s"] == pytest.approx(12.5, abs=0.02)
    assert happens(plan, "lane_change_right") == []


def test_there_and_back_at_once_is_an_excursion() -> None:
    moves = (shift(10.0, 3.0, 2.1), shift(13.0, 3.0, -2.1))
    plan = Plan(speed_mps=25.0, sideways=moves)
    assert len(happens(plan, "lane_excursion")) == 1
    assert happens(plan, "lane_change_left") == happens(plan, "lane_change_right") == []


def cutter(gap_m: float = 15.0, by_m: float = -3.5, lasts_s: float = 4.0) -> Plan:
    car = Actor(
        name="car",
        at_s=12.0,
        gap_m=gap_m,
        speed_mps=20.0,
        offset_m=3.5,
        sideways=(shift(10.0, lasts_s, by_m),),
    )
    return Plan(speed_mps=20.0, actors=(car,), duration_s=30.0)


def test_a_cut_in_begins_with_the_shift_and_intrudes_by_30_cm() -> None:
    plan = cutter()
    one = only(plan, "cut_in")
    other = simulate(plan).others[0]
    onset, intrusion = round(one.start_s * 100), round(float(one.facts["intrusion_s"]) * 100)
    assert other.aside_m[onset] == pytest.approx(3.5 - 0.375, abs=0.02)
    # Its right edge, 0.9 m from its middle, is 0.3 m inside the line at 1.75 m.
    assert other.aside_m[intrusion] == pytest.approx(1.75 - 0.3 + 0.9, abs=0.02)
    assert one.actor == "car"
    assert one.facts["gap_m"] == pytest.approx(15.0, abs=0.1)


@pytest.mark.parametrize("gap_m", [-15.0, 85.0])
def test_behind_or_far_ahead_is_no_cut_in(gap_m: float) -> None:
    assert happens(cutter(gap_m), "cut_in") == []


def test_a_vehicle_that_stays_out_does_not_cut_in() -> None:
    assert happens(cutter(by_m=-1.0), "cut_in") == []


def test_the_ego_changing_lanes_makes_no_cut_in_or_cut_out() -> None:
    car = Actor(name="car", gap_m=20.0, speed_mps=20.0, offset_m=0.0)
    ahead = Actor(name="ahead", gap_m=20.0, speed_mps=20.0, offset_m=3.5)
    plan = Plan(speed_mps=20.0, sideways=(shift(10.0, 4.0, 3.5),), actors=(car, ahead))
    assert happens(plan, "cut_in") == happens(plan, "cut_out") == []


def test_a_lead_that_leaves_cuts_out() -> None:
    car = Actor(name="car", gap_m=20.0, speed_mps=20.0, sideways=(shift(10.0, 4.0, 3.5),))
    one = only(Plan(speed_mps=20.0, actors=(car,)), "cut_out")
    assert 10.0 < one.start_s < 12.0 < one.stop_s < 14.0


def walker(seen_s: tuple[float, float] = (0.0, 1e9)) -> Plan:
    pace = Pulse(8.0, 10.8, -1.2, 0.8)
    person = Actor(
        name="p", kind="pedestrian", gap_m=10.0, offset_m=6.0, sideways=(pace,), seen_s=seen_s
    )
    return Plan(speed_mps=0.0, actors=(person,), duration_s=30.0)


def test_a_crossing_lasts_from_5_m_to_5_m() -> None:
    one = only(walker(), "vru_crossing")
    assert one.start_s == pytest.approx(8.4 + 1.0 / 1.2, abs=0.05)
    assert one.stop_s == pytest.approx(8.4 + 11.0 / 1.2, abs=0.05)
    assert float(one.facts["enters_s"]) == pytest.approx(8.4 + 4.25 / 1.2, abs=0.05)


def test_who_is_seen_only_inside_has_not_come_in() -> None:
    assert happens(walker(seen_s=(13.0, 30.0)), "vru_crossing") == []


def test_light_changes_where_the_sun_passes_the_levels() -> None:
    plan = Plan(duration_s=100.0, sky=Sky(sun_deg=(0.0, -10.0)))
    assert only(plan, "twilight").start_s == pytest.approx(8.3, abs=0.02)
    assert only(plan, "night").start_s == pytest.approx(60.0, abs=0.02)
    assert only(plan, "day").stop_s == pytest.approx(8.3, abs=0.02)


def test_rain_is_a_tenth_of_a_millimetre_and_snow_is_none() -> None:
    shower = (Pulse(10.0, 40.0, 1.0, 10.0),)
    one = only(Plan(sky=Sky(rain_mmph=shower)), "rain")
    assert one.start_s == pytest.approx(crossing_s(10.0, 10.0, 0.1), abs=0.02)
    snowing = Plan(sky=Sky(rain_mmph=shower, snow=True))
    assert happens(snowing, "rain") == []
    assert len(happens(snowing, "snow")) == 1


def test_places_are_passed_when_the_ego_is_there() -> None:
    road = Road(junctions_m=(200.0,), tunnels_m=((300.0, 400.0), (500.0, 510.0)))
    plan = Plan(speed_mps=10.0, road=road)
    assert only(plan, "junction").start_s == pytest.approx(17.0, abs=0.02)
    assert only(plan, "junction").stop_s == pytest.approx(21.5, abs=0.02)
    assert only(plan, "tunnel").start_s == pytest.approx(30.0, abs=0.02)
    unmapped = Road(junctions_m=(200.0,), mapped=False)
    assert happens(Plan(speed_mps=10.0, road=unmapped), "junction") == []


@pytest.mark.parametrize(
    ("stream", "length_s", "count"),
    [("/imu/data", 0.15, 0), ("/imu/data", 0.25, 1), ("/vehicle/steering_cmd", 9.0, 0)],
)
def test_sensors_drop_out_and_commands_do_not(stream: str, length_s: float, count: int) -> None:
    faults = Faults(silent=((stream, 10.0, 10.0 + length_s),))
    assert len(happens(Plan(faults=faults), "sensor_dropout")) == count


def test_outages_with_less_than_two_good_seconds_between_are_one() -> None:
    faults = Faults(no_fix_s=((10.0, 14.0), (15.5, 18.0)), poor_fix_s=((30.0, 33.0),))
    spans = [(one.start_s, one.stop_s) for one in happens(Plan(faults=faults), "gnss_outage")]
    assert spans == [(10.0, 18.0), (30.0, 33.0)]


def test_a_pass_and_an_overtake() -> None:
    slow = Actor(name="slow", at_s=25.0, gap_m=-4.0, speed_mps=15.0, offset_m=-3.5)
    assert len(happens(Plan(speed_mps=20.0, actors=(slow,)), "pass")) == 1
    slow = Actor(name="slow", at_s=25.0, gap_m=-4.0, speed_mps=15.0)
    moves = (shift(12.0, 4.0, 3.5), shift(33.0, 4.0, -3.5))
    plan = Plan(speed_mps=20.0, sideways=moves, actors=(slow,))
    assert len(happens(plan, "overtake")) == 1
    assert happens(plan, "pass") == []


def test_an_onset_is_no_further_back_than_its_definition_says() -> None:
    t_s = np.arange(0, 30, 0.1)
    x = np.zeros(t_s.size)
    x[50:200], x[200:230] = -0.8, -4.0
    far = Level(on=-3.0, off=-1.5, min_s=0.3, onset=-0.5)
    near = Level(on=-3.0, off=-1.5, min_s=0.3, onset=-0.5, onset_within_s=2.0)
    assert passages(t_s, x, far) == [(50, 230)]
    assert passages(t_s, x, near) == [(180, 230)]
    assert passages(t_s, np.zeros(t_s.size), near) == []


@pytest.mark.parametrize("light_s", [0.0, 1.0, 6.0])
def test_light_braking_long_before_is_no_part_of_a_hard_brake(light_s: float) -> None:
    t_s = np.arange(0, 30, 0.02)
    x = np.zeros(t_s.size)
    x[(t_s >= 15.0 - light_s) & (t_s < 15.0)] = -1.0
    x[(t_s >= 15.0) & (t_s < 17.0)] = -4.0
    ((start, stop),) = passages(t_s, x, BRAKE)
    assert t_s[start] == pytest.approx(15.0 - min(light_s, 2.0), abs=0.03)
    assert t_s[stop] == pytest.approx(17.0, abs=0.03)

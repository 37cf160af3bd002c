"""Recorded columns of grid drives: determinism, rates, noise, drop-out, switches, silence."""

import numpy as np
import pytest

from sample_data.grid import SCENARIOS, drives, grid_drive
from sample_data.grid.drive import GridDrive
from sample_data.grid.ego_columns import MEASURED_BY, ego_columns
from sample_data.grid.object_columns import object_list
from sample_data.grid.plan import Actor, Faults, Plan, Road, Sky
from sample_data.grid.scenarios import Scenario
from sample_data.grid.world import simulate
from sample_data.noise import generator

BY_NAME = {one.name: one for one in SCENARIOS}
RNG = 3


def same(one: GridDrive, other: GridDrive) -> bool:
    tables = (
        (one.ego, other.ego),
        (one.context, other.context),
        (one.objects.columns, other.objects.columns),
        (one.stamps_s, other.stamps_s),
        (one.received_s, other.received_s),
    )
    return one.events == other.events and all(
        a.keys() == b.keys() and all(np.array_equal(a[k], b[k], equal_nan=_floats(a[k])) for k in a)
        for a, b in tables
    )


def _floats(x: np.ndarray) -> bool:
    return x.dtype.kind == "f"


@pytest.mark.parametrize("name", ["cut-in", "rain", "stuttering sensor"])
def test_the_same_seed_gives_the_same_drive(name: str) -> None:
    first = grid_drive(BY_NAME[name], 5, 2)
    assert same(first, grid_drive(BY_NAME[name], 5, 2))
    assert not same(first, grid_drive(BY_NAME[name], 6, 2))
    assert not same(first, grid_drive(BY_NAME[name], 5, 3))


def test_a_new_scenario_leaves_the_others_as_they_were() -> None:
    chosen = (BY_NAME["cut-in"], BY_NAME["turn"])
    extra = Scenario(name="new", make=BY_NAME["drift"].make)
    before = {one.name: one for one in drives(1, 2, chosen)}
    after = {one.name: one for one in drives(1, 2, (extra, *chosen))}
    assert set(after) - set(before) == {"new 0", "new 1"}
    assert all(same(before[name], after[name]) for name in before)


def test_rates_and_lengths() -> None:
    one = grid_drive(BY_NAME["cut-in"], 1, 0)
    assert np.diff(one.ego_t_s) == pytest.approx(0.02)
    assert np.diff(np.unique(one.objects.t_s)).min() == pytest.approx(0.1)
    assert np.diff(one.context_t_s) == pytest.approx(1.0)
    assert {values.size for values in one.ego.values()} == {one.ego_t_s.size}
    assert {values.size for values in one.objects.columns.values()} == {one.objects.t_s.size}
    assert one.ego_t_s[-1] == one.duration_s


def plain(
    *,
    actors: tuple[Actor, ...] = (),
    road: Road | None = None,
    sky: Sky | None = None,
    faults: Faults | None = None,
) -> Plan:
    return Plan(
        speed_mps=20.0,
        actors=actors,
        road=road or Road(),
        sky=sky or Sky(),
        faults=faults or Faults(),
    )


def test_noise_is_what_was_asked_for() -> None:
    spread = []
    for noise in (1.0, 2.0):
        world = simulate(plain(faults=Faults(noise=noise)))
        _, columns = ego_columns(world, generator(RNG, "noise"))
        assert columns["ego_speed_mps"].mean() == pytest.approx(20.0, abs=0.01)
        spread.append(columns["accel_x_mps2"].std())
    assert spread == pytest.approx([0.08, 0.16], rel=0.05)


def test_lane_lines_are_where_the_ego_is_not() -> None:
    world = simulate(plain(road=Road(lane_m=3.4)))
    _, columns = ego_columns(world, generator(RNG, "lines"))
    assert columns["lane_left_c0_m"].mean() == pytest.approx(1.7, abs=0.03)
    assert columns["lane_right_c0_m"].mean() == pytest.approx(-1.7, abs=0.03)


def test_worn_lines_have_quality_0_for_about_their_share() -> None:
    world = simulate(plain(faults=Faults(worn_share=0.3)))
    _, columns = ego_columns(world, generator(RNG, "worn"))
    gone = (columns["lane_left_quality"] == 0) | (columns["lane_right_quality"] == 0)
    assert 0.3 <= gone.mean() < 0.4
    assert not ((columns["lane_left_quality"] == 0) & (columns["lane_right_quality"] == 0)).any()


def test_a_road_without_lines_has_none() -> None:
    _, columns = ego_columns(simulate(plain(road=Road(lines=False))), generator(RNG, "none"))
    assert np.isnan(columns["lane_left_c0_m"]).all()
    assert not columns["lane_left_quality"].any()


@pytest.mark.parametrize("stream", sorted(MEASURED_BY))
def test_what_a_silent_stream_measures_is_unknown_for_so_long(stream: str) -> None:
    world = simulate(plain(faults=Faults(silent=((stream, 10.0, 12.0),))))
    t_s, columns = ego_columns(world, generator(RNG, "silence"))
    inside = (t_s > 10.0) & (t_s < 12.0)
    for name in MEASURED_BY[stream]:
        unknown = np.array([str(one) in {"None", "nan"} for one in columns[name]])
        assert np.array_equal(unknown, inside), name


def test_without_a_fix_there_is_no_position() -> None:
    world = simulate(plain(faults=Faults(no_fix_s=((10.0, 20.0),), poor_fix_s=((30.0, 40.0),))))
    t_s, columns = ego_columns(world, generator(RNG, "fix"))
    lost = (t_s >= 10.0) & (t_s < 20.0)
    assert np.array_equal(np.isnan(columns["lat_deg"]), lost)
    assert np.array_equal(columns["gnss_fix"] < 0, lost)
    assert np.array_equal(columns["gnss_sigma_m"] > 5.0, (t_s >= 30.0) & (t_s < 40.0))


def test_wipers_wash_and_wipe() -> None:
    world = simulate(plain(sky=Sky(washes_s=(10.0,))))
    t_s, columns = ego_columns(world, generator(RNG, "wipers"))
    assert np.array_equal(columns["wiper_status"] == "slow", (t_s >= 10.0) & (t_s < 14.0))


def crowd(count: int) -> tuple[Actor, ...]:
    return tuple(Actor(name=f"{n}", gap_m=10.0 + n, speed_mps=20.0) for n in range(count))


def test_a_twentieth_of_the_rows_drops_out_in_bursts() -> None:
    world = simulate(plain(actors=crowd(30), faults=Faults(switch_share=0.0)))
    rows = object_list(world, generator(RNG, "drop"))
    assert len(rows.actors) == 30
    assert rows.t_s.size / (30 * 601) == pytest.approx(0.95, abs=0.01)
    one = np.sort(rows.t_s[rows.columns["track_id"] == "0001"])
    assert np.diff(one).max() > 0.15


def test_a_track_keeps_its_actor_through_a_change_of_id() -> None:
    faults = Faults(drop_share=0.0, switch_share=1.0)
    world = simulate(plain(actors=crowd(4), faults=faults))
    rows = object_list(world, generator(RNG, "switch"))
    assert sorted(rows.actors.values()) == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert set(rows.columns["track_id"]) == set(rows.actors)
    for name in "0123":
        ids = [track for track, actor in rows.actors.items() if actor == name]
        spans = [rows.t_s[rows.columns["track_id"] == one] for one in ids]
        first, second = sorted(spans, key=lambda t: float(t[0]))
        assert 0.05 < second[0] - first[-1] < 0.45


def test_a_silent_list_has_no_rows() -> None:
    faults = Faults(silent=(("/objects", 10.0, 13.0),))
    rows = object_list(simulate(plain(actors=crowd(2), faults=faults)), generator(RNG, "gap"))
    assert not ((rows.t_s > 10.0) & (rows.t_s < 13.0)).any()


def test_an_empty_road_has_an_empty_list() -> None:
    rows = object_list(simulate(plain()), generator(RNG, "empty"))
    assert (rows.t_s.size, rows.columns, rows.actors) == (0, {}, {})


def test_a_stutter_leaves_a_message_a_second() -> None:
    one = grid_drive(BY_NAME["stuttering sensor"], 1, 0)
    (event,) = [event for event in one.events if event.type == "sensor_dropout"]
    stamps = one.stamps_s[str(event.actor)]
    inside = stamps[(stamps > event.start_s + 0.2) & (stamps < event.stop_s - 0.2)]
    assert np.diff(inside) == pytest.approx(1.0, abs=0.1)


def test_a_stepped_clock_steps_its_stamps() -> None:
    one = grid_drive(BY_NAME["clock step"], 1, 0)
    (event,) = [event for event in one.events if event.type == "clock_anomaly"]
    steps = np.diff(one.stamps_s["/lidar/top"])
    worst = int(np.argmax(np.abs(steps - 0.1)))
    assert one.stamps_s["/lidar/top"][worst] == pytest.approx(event.start_s, abs=0.3)


@pytest.mark.parametrize("name", ["clock step", "cut-in", "stuttering sensor"])
def test_messages_arrive_after_they_were_sent_by_a_clock_that_never_steps(name: str) -> None:
    one = grid_drive(BY_NAME[name], 1, 0)
    assert one.received_s.keys() == one.stamps_s.keys()
    for stream, received in one.received_s.items():
        late = received - one.stamps_s[stream]
        stepped = [event for event in one.events if event.type == "clock_anomaly"]
        if any(event.actor == stream for event in stepped):
            late = late[one.stamps_s[stream] < stepped[0].start_s - 0.2]
        assert 0.002 <= late.min() <= np.median(late) < 0.02
        assert (np.diff(received) >= 0).all()


def test_unknown_weather_and_an_unknown_map_are_nan() -> None:
    given = Scenario(
        name="blind", make=lambda _: Plan(road=Road(mapped=False), sky=Sky(weather_known=False))
    )
    one = grid_drive(given, 1, 0)
    for name in ("rain", "precipitation_mmph", "junction_distance_m", "tunnel", "speed_limit_mps"):
        assert np.isnan(one.context[name]).all()
    assert np.isfinite(one.context["sun_elevation_deg"]).all()

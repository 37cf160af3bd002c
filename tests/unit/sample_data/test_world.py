import numpy as np
import pytest

from sample_data.sun import NIGHT_DEG
from sample_data.world import World, build_world, default_start_ns

NS_PER_S = 1_000_000_000


def test_stamps_are_integer_nanoseconds_after_the_start(world: World) -> None:
    stamps = world.stamps(np.array([0.0, 1.5, 179.999999999]))
    assert stamps.dtype == np.int64
    assert (stamps - world.start_ns).tolist() == [0, 1_500_000_000, 179_999_999_999]


def test_the_logger_clock_is_off_and_drifts(world: World) -> None:
    error = (
        world.logger_stamps(np.array([0.0, 100.0])) - world.stamps(np.array([0.0, 100.0]))
    ) / 1e9
    assert error[0] == pytest.approx(world.clock.offset_s, abs=1e-9)
    assert error[1] - error[0] == pytest.approx(100.0 * world.clock.skew, abs=2e-9)


@pytest.mark.parametrize("seed", range(6))
def test_offset_and_skew_vary_around_their_nominal_values(seed: int) -> None:
    clock = build_world(seed, 20.0).clock
    assert clock.offset_s == pytest.approx(3.7, abs=0.2)
    assert clock.skew == pytest.approx(40e-6, abs=6e-6)


@pytest.mark.parametrize("duration_s", [20.0, 180.0, 3600.0])
def test_by_default_night_begins_in_the_middle(duration_s: float) -> None:
    world = build_world(7, duration_s)
    before, after = world.sun_deg(np.array([duration_s / 2 - 2.0, duration_s / 2 + 2.0]))
    assert before > NIGHT_DEG > after


def test_the_default_start_is_a_whole_second() -> None:
    assert default_start_ns(181.0) % NS_PER_S == 0


def test_a_given_start_is_kept() -> None:
    assert build_world(7, 20.0, 1_700_000_000_123_456_789).start_ns == 1_700_000_000_123_456_789


def test_the_start_changes_nothing_but_time() -> None:
    early, late = build_world(7, 40.0, NS_PER_S), build_world(7, 40.0, 2 * NS_PER_S)
    np.testing.assert_array_equal(early.motion.x_m, late.motion.x_m)
    assert early.plan == late.plan


def test_rain_begins_at_its_moment_and_stays(world: World) -> None:
    assert world.rain(np.array([0.0, 107.9, 108.0])).tolist() == [0.0, 0.0, 0.0]
    assert world.rain(np.array([114.1, 179.0])) == pytest.approx([2.4, 2.4])


def test_daylight_falls_through_the_drive(world: World) -> None:
    light = world.daylight(np.array([0.0, 60.0, 90.0, 120.0, 179.0]))
    assert (np.diff(light) < 0.0).all()
    assert (light > 0.0).all()


def test_the_tunnel_is_half_open(world: World) -> None:
    (span,) = world.tunnels
    places = np.array([span.start - 0.01, span.start, span.stop - 0.01, span.stop])
    assert world.in_tunnel(places).tolist() == [False, True, True, False]


def test_there_is_no_fix_only_in_the_outage(world: World) -> None:
    (span,) = world.gnss_outages
    times = np.array([0.0, span.start - 0.1, span.start, span.stop - 0.1, span.stop])
    assert world.gnss_lost(times).tolist() == [False, False, True, True, False]


def test_a_drive_too_short_for_a_tunnel_has_none() -> None:
    world = build_world(7, 30.0)
    assert world.tunnels == ()
    assert not world.gnss_lost(np.array([0.0, 29.0])).any()

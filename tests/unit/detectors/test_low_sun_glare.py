"""Low sun: every condition at its limit, on hills, in tunnels, and unknown."""

import numpy as np
import pytest

from avdataops.detectors.low_sun_glare import LOW_SUN_GLARE, Params, find
from avdataops.ports.detecting import Detection, Drive
from avdataops.signals.arrays import Floats
from avdataops.steps.detect_scenes import loosened
from avdataops.testing.drives import clock, context_rows, cruise, drive, seconds
from avdataops.testing.drives_sky import into_the_sun

DURATION_S = 60.0
TICKS = clock(DURATION_S, 1)
EAST = {"sun_elevation_deg": 5.0, "sun_azimuth_deg": 90.0, "heading_rad": 0.0, "cloud_okta": 2.0,
        "tunnel": 0.0}  # fmt: skip


def under(**changed: Floats | float) -> Drive:
    columns = cruise(DURATION_S)
    slope_deg = changed.pop("slope_deg", None)
    if slope_deg is not None:
        columns["alt_m"] = np.tan(np.radians(slope_deg)) * columns["ego_speed_mps"] * clock(60.0)
    return drive(columns, context=context_rows(DURATION_S, **{**EAST, **changed}))


def look(given: Drive) -> Detection:
    return find(given, Params())


def happens(**changed: Floats | float) -> bool:
    detection = look(under(**changed))
    assert detection.unknown == ()
    return bool(detection.found)


def test_a_low_sun_ahead_glares() -> None:
    detection = look(into_the_sun())
    (scene,) = detection.found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (100.0, 200.0)
    assert scene.evidence == {
        "min_above_road_deg": 5.0,
        "min_aside_deg": 5.0,
        "min_cloud_okta": 2.0,
        "max_cloud_okta": 2.0,
        "mean_grade_deg": None,
        "grade_known_share": 0.0,
        "tunnel_known_share": 1.0,
        "duration_s": 100.0,
        "severity": "severe",
    }
    assert not scene.truncated
    assert scene.confidence == 0.6
    assert detection.unknown == ()


@pytest.mark.parametrize(
    ("name", "value", "glares"),
    [
        ("sun_elevation_deg", 15.0, True),
        ("sun_elevation_deg", 15.1, False),
        ("sun_elevation_deg", 0.1, True),
        ("sun_elevation_deg", 0.0, False),
        ("sun_elevation_deg", -3.0, False),
        ("sun_azimuth_deg", 114.9, True),
        ("sun_azimuth_deg", 65.1, True),
        ("sun_azimuth_deg", 115.1, False),
        ("sun_azimuth_deg", 270.0, False),
        ("cloud_okta", 4.0, True),
        ("cloud_okta", 5.0, False),
        ("tunnel", 1.0, False),
    ],
)
def test_each_condition_has_its_limit(name: str, value: float, glares: bool) -> None:
    assert happens(**{name: value}) is glares


@pytest.mark.parametrize(
    ("heading_deg", "azimuth_deg"), [(90.0, 355.0), (-90.0, 180.0), (180, 270)]
)
def test_heading_is_from_east_and_the_azimuth_from_north(
    heading_deg: float, azimuth_deg: float
) -> None:
    heading = float(np.radians(heading_deg))
    assert happens(heading_rad=heading, sun_azimuth_deg=azimuth_deg)
    assert not happens(heading_rad=-heading + 1.0, sun_azimuth_deg=azimuth_deg)


def test_up_a_hill_the_sun_stands_lower_and_down_a_hill_higher() -> None:
    assert look(under(sun_elevation_deg=17.0, slope_deg=3.0)).found
    assert not look(under(sun_elevation_deg=17.0, slope_deg=1.0)).found
    assert not look(under(sun_elevation_deg=13.0, slope_deg=-3.0)).found
    assert not look(under(sun_elevation_deg=2.0, slope_deg=3.0)).found
    (scene,) = look(under(sun_elevation_deg=7.0, slope_deg=3.0)).found
    assert scene.evidence["min_above_road_deg"] == pytest.approx(4.0, abs=0.01)
    assert scene.evidence["mean_grade_deg"] == pytest.approx(3.0, abs=0.01)
    assert scene.evidence["grade_known_share"] == 1.0
    assert scene.confidence > 0.9


def test_a_set_sun_does_not_shine_along_a_falling_road() -> None:
    assert not look(under(sun_elevation_deg=-1.0, slope_deg=-4.0)).found


@pytest.mark.parametrize(("elevation", "severity"), [(6.0, "severe"), (9.0, "moderate")])
def test_severity(elevation: float, severity: str) -> None:
    (scene,) = look(under(sun_elevation_deg=elevation)).found
    assert scene.evidence["severity"] == severity


def test_a_moment_is_not_enough() -> None:
    short, enough = (np.where((TICKS >= 20) & (20 + n > TICKS), 90.0, 180.0) for n in (1, 2))
    assert not happens(sun_azimuth_deg=short)
    assert happens(sun_azimuth_deg=enough)


@pytest.mark.parametrize(
    "name", ["sun_elevation_deg", "sun_azimuth_deg", "heading_rad", "cloud_okta"]
)
def test_an_unknown_condition_leaves_it_unknown_unless_another_denies(name: str) -> None:
    detection = look(under(**{name: np.nan}))
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no sun, heading or cloud"]
    other = "cloud_okta" if name != "cloud_okta" else "tunnel"
    denied = look(under(**{name: np.nan, other: 8.0}))
    assert (denied.found, denied.unknown) == ((), ())


def test_an_unknown_tunnel_costs_confidence_alone() -> None:
    (scene,) = look(under(tunnel=np.nan, slope_deg=0.0)).found
    assert scene.confidence == 0.6
    assert scene.evidence["tunnel_known_share"] == 0.0


def test_without_context_all_is_unknown() -> None:
    detection = look(drive(cruise(20.0)))
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no sun, heading or cloud"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("sun_elevation_deg", 20.0), ("sun_azimuth_deg", 123.0), ("cloud_okta", 5.0)],
)
def test_near_misses_are_candidates(name: str, value: float) -> None:
    given = under(**{name: value})
    assert find(given, Params()).found == ()
    assert len(find(given, loosened(LOW_SUN_GLARE, Params())).found) == 1

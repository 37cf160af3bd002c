"""Day, twilight and night: exact boundaries, hysteresis, dawn, and an unknown sun."""

import numpy as np
import pytest

from avdataops.detectors.light import Params, find
from avdataops.ports.detecting import Detection
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import context_rows, cruise, drive, seconds, without_rows


def under(elevation_deg: Floats) -> Detection:
    duration_s = float(elevation_deg.size - 1)
    context = context_rows(duration_s, sun_elevation_deg=elevation_deg)
    return find(drive(cruise(duration_s), context=context), Params())


def spans(detection: Detection) -> list[tuple[str, float, float]]:
    return [(one.type, seconds(one.start_ns), seconds(one.stop_ns)) for one in detection.found]


def test_dusk_is_twilight_then_night() -> None:
    falling = np.linspace(0.0, -8.0, 81)
    detection = under(falling)
    assert spans(detection) == [("day", 0.0, 9.0), ("twilight", 9.0, 60.0), ("night", 60.0, 80.0)]
    assert [one.truncated for one in detection.found] == [True, False, True]
    assert detection.unknown == ()


def test_dawn_is_night_then_twilight_at_the_same_elevations() -> None:
    rising = np.linspace(-8.0, 0.0, 81)
    assert spans(under(rising)) == [
        ("night", 0.0, 21.0),
        ("twilight", 21.0, 72.0),
        ("day", 72.0, 80.0),
    ]


def test_a_day_is_one_scene_that_began_before() -> None:
    detection = under(np.full(61, 12.0))
    (day,) = detection.found
    assert spans(detection) == [("day", 0.0, 60.0)]
    assert day.truncated
    assert day.confidence == 1.0
    assert detection.unknown == ()


def test_a_sun_that_stays_just_above_the_horizon_is_a_day_not_too_sure() -> None:
    (day,) = under(np.full(61, -0.82)).found
    assert day.confidence == pytest.approx(0.52)


def test_the_lights_cover_the_drive_without_overlap_and_exactly_at_the_levels() -> None:
    # A quarter of a degree a minute, as at the equator: each boundary is within its second.
    elevation = np.linspace(0.5, -7.0, 1801)
    found = under(elevation).found
    assert [one.type for one in found] == ["day", "twilight", "night"]
    assert [one.stop_ns for one in found[:-1]] == [one.start_ns for one in found[1:]]
    sunset_s, dusk_s = (float(np.flatnonzero(elevation <= level)[0]) for level in (-0.83, -6.0))
    assert [seconds(one.start_ns) for one in found] == [0.0, sunset_s, dusk_s]


@pytest.mark.parametrize(
    ("elevation", "names"),
    [(-0.82, ["day"]), (-0.84, ["twilight"]), (-5.99, ["twilight"]), (-6.01, ["night"])],
)
def test_the_levels_decide(elevation: float, names: list[str]) -> None:
    assert [one.type for one in under(np.full(61, elevation)).found] == names


def test_a_jumping_position_does_not_chop_the_night() -> None:
    elevation = np.full(61, -6.05)
    elevation[20:40:2] = -5.9
    assert spans(under(elevation)) == [("night", 0.0, 60.0)]
    elevation[20:40] = -5.7
    assert spans(under(elevation)) == [
        ("night", 0.0, 20.0),
        ("twilight", 20.0, 40.0),
        ("night", 40.0, 60.0),
    ]


def test_evidence_holds_the_extremes_and_confidence_the_margin() -> None:
    (deep,) = under(np.full(61, -15.0)).found
    (shallow,) = under(np.full(61, -6.02)).found
    assert deep.evidence == {"min_sun_elevation_deg": -15.0, "max_sun_elevation_deg": -15.0}
    assert shallow.confidence == pytest.approx(0.54)
    assert deep.confidence == 1.0


def test_an_unknown_sun_is_unknown_light() -> None:
    elevation = np.full(61, -10.0)
    elevation[20:30] = np.nan
    detection = under(elevation)
    assert spans(detection) == [("night", 0.0, 19.0), ("night", 30.0, 60.0)]
    assert all(one.truncated for one in detection.found)
    (unknown,) = detection.unknown
    assert (seconds(unknown.start_ns), seconds(unknown.stop_ns)) == (19.0, 30.0)
    assert unknown.reason == "gap in sun elevation"


def test_a_few_missing_seconds_are_bridged() -> None:
    elevation = np.full(61, -10.0)
    elevation[20:22] = np.nan
    assert spans(under(elevation)) == [("night", 0.0, 60.0)]


def test_without_context_all_is_unknown() -> None:
    detection = find(drive(cruise(20.0)), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no sun elevation"]


def test_a_gap_in_the_drive_splits_the_night() -> None:
    context = context_rows(60.0, sun_elevation_deg=-10.0)
    given = without_rows(drive(cruise(60.0), context=context), 20.0, 30.0)
    assert len(find(given, Params()).found) == 2

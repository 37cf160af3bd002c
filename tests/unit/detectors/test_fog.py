"""Fog: visibility, codes, what falls, and the lamp."""

import numpy as np
import pytest

from avdataops.detectors.fog import FOG, Params, find
from avdataops.ports.detecting import Detection, Drive
from avdataops.signals.arrays import Floats
from avdataops.steps.detect_scenes import loosened
from avdataops.testing.drives import clock, context_rows, cruise, drive, seconds

DURATION_S = 300.0
TICKS = clock(DURATION_S, 1)
INSIDE = (TICKS >= 100) & (TICKS < 200)


def under(*, lamp: str | None = None, **context: Floats | float) -> Drive:
    columns = cruise(DURATION_S)
    if lamp is not None:
        columns["rear_fog_lamp"] = np.full(columns["ego_speed_mps"].size, lamp, dtype=object)
    return drive(columns, context=context_rows(DURATION_S, **context))


def seen(metres: float) -> Floats:
    return np.where(INSIDE, metres, 10_000.0)


def spans(detection: Detection) -> list[tuple[float, float]]:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in detection.found]


def test_a_short_view_is_fog() -> None:
    detection = find(under(visibility_m=seen(400.0), weather_age_s=30.0), Params())
    assert spans(detection) == [(100.0, 200.0)]
    (scene,) = detection.found
    assert scene.confidence == 0.6
    assert scene.evidence == {
        "sources": "provider",
        "min_visibility_m": 400.0,
        "named": False,
        "weather_age_s": 30.0,
        "weather_distance_km": None,
        "severity": "fog",
    }
    assert detection.unknown == ()


@pytest.mark.parametrize(
    ("metres", "severity"), [(999.0, "fog"), (200.0, "fog"), (199.0, "dense"), (0.0, "dense")]
)
def test_dense_fog_is_below_200_metres(metres: float, severity: str) -> None:
    (scene,) = find(under(visibility_m=seen(metres)), Params()).found
    assert scene.evidence["severity"] == severity


def test_mist_is_no_fog() -> None:
    assert find(under(visibility_m=seen(1000.0)), Params()).found == ()


def test_a_report_may_name_fog_without_a_view() -> None:
    detection = find(under(fog=INSIDE.astype(float)), Params())
    assert spans(detection) == [(100.0, 200.0)]
    (scene,) = detection.found
    assert scene.evidence["severity"] is None
    assert scene.evidence["named"] is True


def test_fog_that_is_named_beside_a_far_view_is_doubted() -> None:
    (scene,) = find(under(fog=INSIDE.astype(float), visibility_m=4000.0), Params()).found
    assert scene.confidence == 0.4


@pytest.mark.parametrize("falls", ["rain", "snow"])
def test_a_view_hidden_by_what_falls_is_no_fog_unless_named(falls: str) -> None:
    rain, snow = (1.0, 0.0) if falls == "rain" else (0.0, 1.0)

    def hidden(fog: float) -> Detection:
        return find(under(visibility_m=seen(400.0), rain=rain, snow=snow, fog=fog), Params())

    plain = hidden(0.0)
    assert (plain.found, plain.unknown) == ((), ())
    assert spans(hidden(1.0)) == [(0.0, 300.0)]
    untold = hidden(np.nan)
    assert untold.found == ()
    assert [one.reason for one in untold.unknown] == ["gap in visibility"]


def test_a_lit_rear_fog_lamp_makes_it_surer_and_says_nothing_alone() -> None:
    (lit,) = find(under(visibility_m=seen(40.0), lamp="on"), Params()).found
    (dark,) = find(under(visibility_m=seen(40.0), lamp="off"), Params()).found
    assert (lit.confidence, dark.confidence) == (0.9, 0.6)
    assert lit.evidence["sources"] == "provider rear_fog_lamp"
    assert find(under(visibility_m=10_000.0, lamp="on"), Params()).found == ()


def test_no_report_is_unknown() -> None:
    detection = find(under(visibility_m=np.nan), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no visibility"]
    assert [one.reason for one in find(drive(cruise(20.0)), Params()).unknown] == ["no visibility"]


def test_thin_mist_is_a_candidate() -> None:
    loose = loosened(FOG, Params())
    assert len(find(under(visibility_m=seen(1400.0)), loose).found) == 1
    assert find(under(visibility_m=seen(1500.0)), loose).found == ()

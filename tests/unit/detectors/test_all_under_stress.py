"""All detectors over the busy drive, made worse: noise, drop-out and unknown stretches."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.detectors import DETECTORS
from avdataops.ports.detecting import Detector, Drive, Found
from avdataops.testing.drives import at, busy_drive, seconds, unknown_within

NOISE = {
    "ego_speed_mps": 0.03,
    "accel_x_mps2": 0.3,
    "yaw_rate_radps": 0.005,
    "lane_left_c0_m": 0.03,
    "lane_right_c0_m": 0.03,
    "lane_left_c1_rad": 0.003,
    "lane_right_c1_rad": 0.003,
}
"""Standard deviations that series sensors have."""
BY_SILENCE = ("gnss_outage", "sensor_dropout")
"""Detectors whose scenes are missing data."""
WHOLE = busy_drive()


def noisy(seed: int) -> Drive:
    rng = np.random.default_rng(seed)
    columns = dict(WHOLE.ego.columns)
    for name, sigma in NOISE.items():
        columns[name] = columns[name] + rng.normal(0.0, sigma, columns[name].size)
    assert WHOLE.objects is not None
    received = rng.random(WHOLE.objects.t_ns.size) > 0.05
    kept = {name: column[received] for name, column in WHOLE.objects.columns.items()}
    for name in ("x_m", "y_m"):
        kept[name] = kept[name] + rng.normal(0.0, 0.08, kept[name].size)
    objects = replace(WHOLE.objects, t_ns=WHOLE.objects.t_ns[received], columns=kept)
    return replace(WHOLE, ego=replace(WHOLE.ego, columns=columns), objects=objects)


def found(detector: Detector, given_drive: Drive) -> tuple[Found, ...]:
    return detector.find(given_drive, detector.params()).found


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
@pytest.mark.parametrize("seed", range(4))
def test_noise_and_drop_out_change_neither_number_nor_actors_nor_onsets(
    detector: Detector, seed: int
) -> None:
    clean, worse = found(detector, WHOLE), found(detector, noisy(seed))
    assert [(one.type, one.actor) for one in worse] == [(one.type, one.actor) for one in clean]
    for one, other in zip(clean, worse, strict=True):
        assert seconds(other.start_ns) == pytest.approx(seconds(one.start_ns), abs=0.5)


@pytest.mark.parametrize(
    "detector", [d for d in DETECTORS if d.name not in BY_SILENCE], ids=lambda one: one.name
)
@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(sorted(NOISE)),
    start_s=st.floats(0.0, 115.0),
    length_s=st.floats(0.02, 12.0),
)
def test_what_is_unknown_is_never_a_new_scene(
    detector: Detector, name: str, start_s: float, length_s: float
) -> None:
    before = found(detector, WHOLE)
    after = detector.find(
        unknown_within(WHOLE, name, start_s, start_s + length_s), detector.params()
    )
    for scene in after.found:
        assert any(
            scene.type == known.type
            and scene.start_ns < known.stop_ns
            and known.start_ns < scene.stop_ns
            for known in before
        )
        for stretch in after.unknown:
            assert scene.stop_ns <= stretch.start_ns or stretch.stop_ns <= scene.start_ns


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
def test_a_drive_in_two_halves_has_no_scene_that_the_whole_has_not(detector: Detector) -> None:
    before = found(detector, WHOLE)
    for start_s, stop_s in ((0.0, 47.0), (47.0, 120.0)):
        keep = (WHOLE.ego.t_ns >= at(start_s)) & (WHOLE.ego.t_ns < at(stop_s))
        columns = {name: column[keep] for name, column in WHOLE.ego.columns.items()}
        half = replace(WHOLE, ego=replace(WHOLE.ego, t_ns=WHOLE.ego.t_ns[keep], columns=columns))
        for scene in found(detector, half):
            assert any(
                scene.type == known.type and scene.start_ns < known.stop_ns for known in before
            )

"""The commute's figures as lines, its thresholds, and the refusal without its files."""

from pathlib import Path

import numpy as np
import pytest

from avdataops.detectors.hard_brake import Params as HardBrake
from avdataops.model.errors import InputError
from benchmarks.commute.agreement import Agreement, ClockAgreement
from benchmarks.commute.command import clock_line, main, table
from benchmarks.commute.drive import forward_axis, processed
from benchmarks.commute.pictures import thresholds


def test_each_agreement_is_a_row() -> None:
    one = Agreement(
        samples=2666,
        lag_s=0.4,
        bias=0.1177,
        rms=0.2313,
        rms_unshifted=0.2815,
        correlation=0.99966,
        slope=0.989,
    )
    rows = table({"speed": one})
    assert rows[2:] == ["| speed | 2,666 | +0.40 | +0.118 | 0.231 | 0.281 | 0.9997 | 0.989 |"]
    assert len({row.count("|") for row in rows}) == 1


def test_the_clock_is_told_with_signs() -> None:
    one = ClockAgreement(
        messages=2684,
        ahead_first_s=5.487,
        ahead_last_s=5.659,
        drift_ppm=65.19,
        model_drift_ppm=71.08,
        before_p50_ms=5566.6,
        after_p50_ms=39.3,
        after_p95_ms=65.5,
    )
    told = clock_line(one)
    assert "+5.49 s off at the begin and +5.66 s at the end" in told
    assert "off by 5,567 ms and are off by 39 ms with the model (95 %: 66 ms)" in told


def test_thresholds_in_pictures_are_those_of_the_detectors() -> None:
    params = HardBrake()
    assert thresholds("hard_brake") == {"acceleration": (params.on_mps2, params.off_mps2)}
    assert thresholds("turn_right")["yaw rate"] == (-5.0, -3.0)
    assert thresholds("rain") == {}


def test_forward_is_found_in_a_unit_that_is_mounted_askew() -> None:
    rng = np.random.default_rng(1)
    slope = rng.normal(0.0, 1.0, 2000)
    aside = rng.normal(0.0, 0.5, 2000)
    # Gravity along the unit's x, forward along its -y, the left along z.
    axes = np.stack([np.full(2000, 9.81), -slope, aside], axis=1) + rng.normal(0, 0.01, (2000, 3))
    assert forward_axis(axes, slope) == pytest.approx([0.0, -1.0, 0.0], abs=0.01)


def test_without_the_commute_its_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="set AVDATAOPS_TEST_DATA"):
        processed(tmp_path / "nowhere", tmp_path / "workspace")


def test_without_the_commute_the_docs_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "accuracy.md"
    page.write_text("as it was", encoding="utf-8")
    monkeypatch.setattr("benchmarks.commute.command.PAGE", page)
    monkeypatch.setenv("AVDATAOPS_TEST_DATA", str(tmp_path))
    assert main([]) == 65
    assert "no commute below" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "as it was"

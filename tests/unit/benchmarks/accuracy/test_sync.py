"""Figures of the clocks: each is measured, has a bar, and can miss it."""

import pytest

from benchmarks.accuracy import sync


@pytest.mark.parametrize("delay", ["exponential", "gamma", "bursts"])
def test_steps_are_told_once_and_within_a_second(delay: str) -> None:
    figure = sync.step_error(3, delay, runs=3)
    assert (figure["told_once"], figure["runs"], figure["met"]) == (3, 3, True)
    assert float(str(figure["worst_late_s"])) < 1.0


def test_a_bar_that_is_too_high_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "ONE_WAY_MS", 1e-6)
    assert sync.step_error(3, "gamma", runs=2)["met"] is False


def test_a_step_that_is_no_step_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "STEP_MS", 5.0)
    figure = sync.step_error(3, "exponential", runs=2)
    assert (figure["told_once"], figure["met"]) == (0, False)


def test_every_figure_meets_its_bar() -> None:
    found = sync.figures(2, runs=2)
    assert {name for name, one in found.items() if not one["met"]} == set()
    assert {"clock_step_gamma", "one_way_gamma", "straight_drive_refused"} <= found.keys()

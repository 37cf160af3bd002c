"""Clocks tied to a reference, or refused with reasons."""

import numpy as np
import pytest

from avdataops.signals.clocks import ClockModel
from avdataops.signals.mapping import Reading
from avdataops.signals.ties import Tie, reference_tie, tie

MS = 1_000_000
S = 1_000_000_000


def _t(seconds: int) -> np.ndarray:
    return np.arange(seconds * 50, dtype=np.int64) * 20 * MS


def _turns(t: np.ndarray) -> np.ndarray:
    at = t / S
    return np.asarray(0.3 * np.sin(at / 3) * np.sin(at / 11 + 1) + 0.1 * np.sin(at * 1.3))


def _moves(t: np.ndarray) -> np.ndarray:
    at = t / S
    return np.asarray(12 + 6 * np.sin(at / 5) * np.cos(at / 17) + 2 * np.sin(at * 0.9))


def _model(offset_ns: int, skew_ppm: float) -> ClockModel:
    return ClockModel(
        t0_ns=10 * S,
        offset_ns=offset_ns,
        skew_ppm=skew_ppm,
        residual_p50_ms=0.0,
        residual_p95_ms=0.0,
        sigma_ms=1.0,
        points=3,
    )


def test_the_reference_is_tied_to_itself_without_an_offset() -> None:
    found = reference_tie("ros")
    assert found.usable
    assert found.offset_ms(5) == 0.0
    assert found.to_reference(np.array([1, 2])).tolist() == [1, 2]


def test_an_offset_drifts() -> None:
    found = Tie(clock="mdf", method="yaw_rate", model=_model(-5 * MS, 100.0))
    assert found.offset_ms(10 * S) == -5.0
    assert found.offset_ms(20 * S) == pytest.approx(-4.0)
    assert found.to_reference(np.array([10 * S, 20 * S])).tolist() == [
        10 * S - 5 * MS,
        20 * S - 4 * MS,
    ]


def test_a_refused_clock_has_no_offset_unless_it_is_assumed() -> None:
    refused = Tie(clock="mdf", method="none", refused="why")
    assert not refused.usable
    assert refused.offset_ms(0) is None
    assumed = Tie(clock="mdf", method="none", refused="why", assumed=True)
    assert assumed.usable
    assert assumed.offset_ms(0) == 0.0


def test_yaw_rate_ties_two_clocks() -> None:
    t = _t(120)
    ours = {"yaw_rate_radps": Reading(t, _turns(t))}
    theirs = {"yaw_rate_radps": Reading(t + 1500 * MS, _turns(t))}
    found = tie("mdf", ours, theirs, max_lag_s=10)
    assert (found.clock, found.method, found.refused) == ("mdf", "yaw_rate", None)
    assert found.offset_ms(60 * S) == pytest.approx(-1500, abs=2)


def test_speed_is_compared_when_yaw_rate_is_refused() -> None:
    t = _t(180)
    straight = Reading(t, np.zeros(t.size))
    ours = {"yaw_rate_radps": straight, "ego_speed_mps": Reading(t, _moves(t))}
    theirs = {"yaw_rate_radps": straight, "ego_speed_mps": Reading(t + 700 * MS, _moves(t))}
    found = tie("mdf", ours, theirs, max_lag_s=10)
    assert found.method == "speed"
    assert found.offset_ms(60 * S) == pytest.approx(-700, abs=25)


def test_all_refusals_are_named() -> None:
    t = _t(60)
    even = Reading(t, np.zeros(t.size))
    found = tie("mdf", {"yaw_rate_radps": even}, {"yaw_rate_radps": even}, max_lag_s=10)
    assert found.method == "none"
    assert found.model is None
    assert found.refused is not None
    assert found.refused.startswith("yaw_rate: no_excitation (")
    assert found.refused.endswith("; speed: not on both clocks")


def test_a_lag_beyond_the_search_is_refused() -> None:
    t = _t(120)
    ours = {"yaw_rate_radps": Reading(t, _turns(t))}
    theirs = {"yaw_rate_radps": Reading(t + 20 * S, _turns(t))}
    assert not tie("mdf", ours, theirs, max_lag_s=2).usable

"""Figures of map matching as lines, their bars, and what stays without map extracts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.accuracy import map_match
from benchmarks.accuracy.command import with_stored
from benchmarks.accuracy.map_lines import map_bars, map_lines


def roads(at_5_m: float = 0.99, points_per_s: float = 28_000.0) -> dict[str, Any]:
    return {
        "way_accuracy": {"monaco": {"1_m": 0.995, "5_m": at_5_m}},
        "way_accuracy_positions_only": {"monaco": {"1_m": 0.99, "5_m": 0.96}},
        "wrong_within_10_m_of_a_way_end": {"monaco": 0.85},
        "points_per_s": {"1_hz": {"monaco": points_per_s}, "10_hz": {"monaco": 330_000.0}},
        "boundaries": 454,
        "boundaries_within_10_m": 0.967,
        "boundary_p50_m": 1.46,
        "bar": {"way_accuracy_5_m": 0.98, "points_per_s": 10_000.0},
        "met": True,
    }


def test_every_extract_and_rate_has_a_line() -> None:
    lines = map_lines(roads(), "")
    assert lines[1] == "monaco         1 m 0.995 (0.990), 5 m 0.990 (0.960)"
    assert lines[2:4] == ["points/s 1 hz   monaco 28,000", "points/s 10 hz  monaco 330,000"]
    assert "454, 96.7% within 10 m, half within 1.5 m" in lines[4]


def test_an_extract_without_tunnels_bridges_and_roundabouts_has_no_line_for_them() -> None:
    none = {"boundaries": 0, "boundaries_within_10_m": None, "boundary_p50_m": None}
    assert len(map_lines(roads() | none, "")) == 4


@pytest.mark.parametrize(("at_5_m", "met"), [(0.98, True), (0.9799, False)])
def test_a_missed_bar_says_where_the_wrong_points_are(at_5_m: float, met: bool) -> None:
    told = map_bars(roads(at_5_m))[0]
    assert told.startswith("right way monaco 0.98 at 5 m ")
    assert told.endswith(" met") == met
    assert met or "85% of the wrong points are within 10 m" in told


def test_a_missed_bar_of_earlier_figures_without_a_cause_tells_the_figure_only() -> None:
    earlier = roads(0.9) | {"wrong_within_10_m_of_a_way_end": {}}
    assert map_bars(earlier)[0].endswith("missed: 0.900")


def test_the_slowest_extract_is_judged() -> None:
    assert map_bars(roads())[-1].endswith(" met")
    assert map_bars(roads(points_per_s=9_999.0))[-1].endswith("missed: 9,999")


def test_nothing_measured_is_said_and_judges_nothing() -> None:
    assert map_lines({}, "") == ["map matching: not measured"]
    assert map_lines({}, "not measured (why)") == ["map matching: not measured (why)"]
    assert map_bars({}) == []


def test_measured_figures_replace_stored_ones(tmp_path: Path) -> None:
    assert with_stored(roads(), tmp_path / "none.json") == (roads(), "")


def test_without_extracts_earlier_figures_stay_and_it_is_said(tmp_path: Path) -> None:
    stored = tmp_path / "accuracy.json"
    stored.write_text(json.dumps({"map_match": roads()}), encoding="utf-8")
    found, note = with_stored({"missing": "no extracts", "met": False}, stored)
    assert found == roads()
    assert note == "these are earlier figures (no extracts)"
    assert map_lines(found, note)[0] == "map matching: these are earlier figures (no extracts)"


def test_without_extracts_and_earlier_figures_nothing_is_made_up(tmp_path: Path) -> None:
    stored = tmp_path / "accuracy.json"
    stored.write_text('{"map_match": {}}', encoding="utf-8")
    missing = {"missing": "no extracts", "met": False}
    for path in (stored, tmp_path / "none.json"):
        assert with_stored(missing, path) == ({}, "not measured (no extracts)")


def test_points_are_measured_from_the_nearest_change_of_ways() -> None:
    s_m = np.array([0.0, 45.0, 50.0, 60.0, 95.0])
    drive = map_match.TrueDrive(
        np.arange(5, dtype=np.int64),
        s_m,
        np.zeros(5),
        np.zeros(5, dtype=np.int64),
        s_m,
        np.array([0, 2, 4], dtype=np.int64),
        np.array([0.0, 30.0, 50.0]),
    )
    ways = np.array([7, 7, 8], dtype=np.int64)
    assert map_match._from_way_end(drive, ways).tolist() == [50.0, 5.0, 0.0, 10.0, 45.0]
    assert np.isinf(map_match._from_way_end(drive, np.array([7, 7, 7]))).all()

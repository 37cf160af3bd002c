"""Random drives over a small map, and the figures."""

from pathlib import Path

import numpy as np
import pytest

from avdataops.signals.road_graph import RoadGraph
from avdataops.testing.maps import cut, graph_about_origin, ways
from benchmarks.accuracy import map_match


def town() -> RoadGraph:
    """Streets of 400 m in both directions, every 400 m."""
    nodes = {(i, j): (100 * i + j, 400.0 * i, 400.0 * j) for i in range(8) for j in range(8)}
    rows = [[nodes[i, j] for i in range(8)] for j in range(8)]
    columns = [[nodes[i, j] for j in range(8)] for i in range(8)]
    return graph_about_origin(cut(ways(*rows, *columns)))


def drive(seed: int = 1, rate_hz: float = 1.0) -> map_match.TrueDrive:
    rng = np.random.default_rng(seed)
    return map_match.random_drive(town(), rng, length_m=5_000.0, rate_hz=rate_hz)


def test_a_drive_follows_arcs_that_meet() -> None:
    graph, found = town(), drive()
    assert np.array_equal(graph.head[found.arc[:-1]], graph.tail[found.arc[1:]])
    assert graph.open[found.arc].all()
    assert not np.any(found.arc[1:] == found.arc[:-1] ^ 1), "nobody turns back on the spot"


def test_its_points_lie_on_the_edges_that_it_tells() -> None:
    graph, found = town(), drive()
    number = np.searchsorted(found.begin_m, found.s_m, side="right") - 1
    x, y, _ = graph.place(found.arc[number], found.s_m - found.begin_m[number])
    assert np.array_equal(found.edge, found.arc[number] // 2)
    assert np.allclose(x, found.x_m)
    assert np.allclose(y, found.y_m)


@pytest.mark.parametrize("rate_hz", [1.0, 10.0])
def test_it_drives_at_8_to_22_mps(rate_hz: float) -> None:
    found = drive(rate_hz=rate_hz)
    speed = np.diff(found.s_m) * rate_hz
    assert speed.min() > 7.9
    assert speed.max() < 22.1
    assert np.diff(found.t_ns) == pytest.approx(np.full(found.t_ns.size - 1, 1e9 / rate_hz))


def test_the_same_seed_gives_the_same_drive() -> None:
    assert np.array_equal(drive(3).x_m, drive(3).x_m)
    assert not np.array_equal(drive(3).x_m[:50], drive(4).x_m[:50])


def test_noise_has_its_size_and_stays_alike() -> None:
    long = map_match.TrueDrive(
        np.arange(40_000, dtype=np.int64) * 10**9,
        np.zeros(40_000),
        np.zeros(40_000),
        np.zeros(40_000, dtype=np.int64),
        np.zeros(40_000),
        np.zeros(1, dtype=np.int64),
        np.zeros(1),
    )
    noisy = map_match.noisy(long, np.random.default_rng(1), 5.0)
    assert np.std(noisy.x_m) == pytest.approx(5.0, rel=0.1)
    alike = np.corrcoef(noisy.x_m[:-30], noisy.x_m[30:])[0, 1]
    assert alike == pytest.approx(np.exp(-1.0), abs=0.08)


def test_a_drive_in_a_plain_town_is_matched_all_along() -> None:
    found = drive()
    trace = map_match.noisy(found, np.random.default_rng(2), 1.0)
    assert np.mean(map_match.matched_edges(town(), trace) == found.edge) > 0.99


def test_without_the_extracts_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AVDATAOPS_TEST_DATA", str(tmp_path))
    assert map_match.folder() is None
    figures = map_match.figures(1)
    assert figures["met"] is False
    assert "AVDATAOPS_TEST_DATA" in str(figures["missing"])


def test_figures_are_told_by_map_noise_and_rate(
    monkeypatch: pytest.MonkeyPatch, real_data: Path
) -> None:
    monkeypatch.setenv("AVDATAOPS_TEST_DATA", str(real_data))
    monkeypatch.setattr(map_match, "EXTRACTS", ("gh_monaco.osm.gz",))
    monkeypatch.setattr(map_match, "DRIVE_M", 3_000.0)
    figures = map_match.figures(1, drives=1)
    accuracy = figures["way_accuracy"]
    assert isinstance(accuracy, dict)
    assert set(accuracy["monaco"]) == {"1_m", "3_m", "5_m", "10_m"}
    assert accuracy["monaco"]["1_m"] > 0.95
    speed = figures["points_per_s"]
    assert isinstance(speed, dict)
    assert set(speed) == {"1_hz", "10_hz"}
    assert isinstance(figures["boundaries"], int)


def test_ends_of_stretches_are_told_where_they_are() -> None:
    graph, found = town(), drive()
    holds = np.zeros(graph.length_m.size, dtype=np.bool_)
    holds[found.arc[3:5] // 2] = True
    matched = map_match.matched_routes(graph, map_match.noisy(found, np.random.default_rng(2), 0.1))
    errors = map_match.boundary_errors(found, matched, holds)
    assert len(errors) >= 2
    assert max(errors) < 2.0
    assert map_match.boundary_errors(found, [], holds) == [np.inf] * len(errors)
    nothing = np.zeros(graph.length_m.size, dtype=np.bool_)
    assert map_match.boundary_errors(found, matched, nothing) == []


def test_the_share_within_a_limit() -> None:
    assert map_match.boundaries_within(10.0, [1.0, 10.0, 11.0, float("inf")]) == 0.5
    assert map_match.boundaries_within(10.0, []) is None

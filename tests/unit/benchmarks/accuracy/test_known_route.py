"""What noise alone costs when the route is known."""

import numpy as np
import pytest

from avdataops.signals.road_graph import RoadGraph
from avdataops.signals.roads import Edges
from avdataops.testing.maps import cut, graph_about_origin, ways
from benchmarks.accuracy import known_route, map_match
from benchmarks.accuracy.map_lines import map_bars
from tests.unit.benchmarks.accuracy.test_map_lines import roads


def town(block_m: float) -> tuple[RoadGraph, Edges]:
    """Streets in both directions; every block is a way of its own."""
    nodes = {(i, j): (100 * i + j, block_m * i, block_m * j) for i in range(9) for j in range(9)}
    rows = [[nodes[i, j], nodes[i + 1, j]] for i in range(8) for j in range(9)]
    columns = [[nodes[i, j], nodes[i, j + 1]] for i in range(9) for j in range(8)]
    edges = cut(ways(*rows, *columns))
    return graph_about_origin(edges), edges


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_match, "DRIVE_M", 6_000.0)


def test_without_noise_every_point_is_on_its_way() -> None:
    assert known_route.accuracy(town(400.0), 1, 0.0, 1) > 0.99


def test_shorter_ways_and_more_noise_cost_more() -> None:
    long, short = (known_route.accuracy(town(block), 1, 5.0, 2) for block in (400.0, 250.0))
    loud = known_route.accuracy(town(250.0), 1, 12.0, 2)
    assert 0.9 < loud < short < long < 1.0


def test_the_same_seed_gives_the_same_figure() -> None:
    assert known_route.accuracy(town(300.0), 4, 5.0, 1) == known_route.accuracy(
        town(300.0), 4, 5.0, 1
    )


def test_a_missed_bar_tells_what_could_be_reached() -> None:
    measured = roads(0.97) | {"way_accuracy_route_known": {"monaco": 0.9871}}
    assert "0.970 (0.987 with the route known beforehand); 85%" in map_bars(measured)[0]
    assert "beforehand" not in map_bars(roads(0.97))[0]


def test_wheels_read_more_by_their_wear() -> None:
    graph, _ = town(400.0)
    rng = np.random.default_rng(1)
    drive = map_match.random_drive(graph, rng, length_m=3_000.0, rate_hz=1.0)
    wheels = map_match.wheel_speed(drive, rng)
    assert np.mean(wheels / np.gradient(drive.s_m)) == pytest.approx(1.005, abs=0.002)

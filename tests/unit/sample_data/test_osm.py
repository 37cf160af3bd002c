from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import osmium
import pytest

from sample_data import SampleDrive
from sample_data.geodesy import to_local
from sample_data.osm import osm_text
from sample_data.world import World, build_world


@pytest.fixture(scope="module")
def root(world: World) -> ET.Element:
    return ET.fromstring(osm_text(world))  # noqa: S314 - made a line above by the project itself


def tags(element: ET.Element) -> dict[str, str]:
    return {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}


def places(root: ET.Element) -> dict[str, np.ndarray]:
    found = {}
    for node in root.iter("node"):
        x_m, y_m = to_local(
            np.array([float(node.attrib["lat"])]), np.array([float(node.attrib["lon"])])
        )
        found[node.attrib["id"]] = np.array([x_m[0], y_m[0]])
    return found


def segments(root: ET.Element, **wanted: str) -> list[tuple[np.ndarray, np.ndarray]]:
    where = places(root)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for way in root.iter("way"):
        if wanted.items() <= tags(way).items():
            nodes = [where[nd.attrib["ref"]] for nd in way.iter("nd")]
            found.extend(pairwise(nodes))
    return found


def distance(point: np.ndarray, ends: tuple[np.ndarray, np.ndarray]) -> float:
    along = ends[1] - ends[0]
    part = np.clip((point - ends[0]) @ along / (along @ along), 0.0, 1.0)
    return float(np.linalg.norm(point - ends[0] - part * along))


def test_ways_refer_to_nodes_that_exist(root: ET.Element) -> None:
    known = {node.attrib["id"] for node in root.iter("node")}
    used = {nd.attrib["ref"] for nd in root.iter("nd")}
    assert used == known
    assert all(len(list(way.iter("nd"))) >= 2 for way in root.iter("way"))


def test_ego_drives_on_the_main_road(root: ET.Element, world: World) -> None:
    road = segments(root, highway="secondary")
    ego = world.ego(np.arange(0.0, 180.0, 0.5))
    for x_m, y_m in zip(ego.x_m, ego.y_m, strict=True):
        nearest = min(distance(np.array([x_m, y_m]), ends) for ends in road)
        # Lane centres are at most 5.25 m off; inside a corner the path cuts to the node.
        assert nearest < 9.0


def test_the_tunnel_way_is_where_the_truth_has_the_tunnel(root: ET.Element, world: World) -> None:
    roofed = segments(root, tunnel="yes")
    length = sum(float(np.linalg.norm(b - a)) for a, b in roofed)
    (span,) = world.tunnels
    assert length == pytest.approx(span.stop - span.start, abs=0.05)
    beat = world.plan.named("tunnel")[0]
    ego = world.ego(np.array([0.5 * (beat.start_s + beat.end_s)]))
    assert min(distance(np.array([ego.x_m[0], ego.y_m[0]]), ends) for ends in roofed) < 5.5


def test_crossing_and_signals_are_nodes_of_the_main_road(root: ET.Element, world: World) -> None:
    kinds = [tags(node).get("highway") for node in root.iter("node")]
    assert kinds.count("crossing") == 1
    assert kinds.count("traffic_signals") == 1
    where = places(root)
    signal = next(n for n in root.iter("node") if tags(n).get("highway") == "traffic_signals")
    wait = world.plan.named("wait_at_light")[0]
    ego = world.ego(np.array([wait.end_s]))
    assert np.linalg.norm(where[signal.attrib["id"]] - (ego.x_m[0], ego.y_m[0])) < 12.0


def test_ego_turns_at_nodes_with_four_legs(root: ET.Element, world: World) -> None:
    legs: dict[str, int] = {}
    for way in root.iter("way"):
        nodes = [nd.attrib["ref"] for nd in way.iter("nd")]
        for index, node in enumerate(nodes):
            legs[node] = legs.get(node, 0) + (1 if index in (0, len(nodes) - 1) else 2)
    where = places(root)
    junctions = [where[node] for node, count in legs.items() if count == 4]
    for label in ("turn_right", "turn_left"):
        beat = world.plan.named(label)[0]
        ego = world.ego(np.array([0.5 * (beat.start_s + beat.end_s)]))
        here = np.array([ego.x_m[0], ego.y_m[0]])
        assert min(float(np.linalg.norm(here - node)) for node in junctions) < 14.0


def test_main_ways_carry_limits_and_lanes(root: ET.Element) -> None:
    main = [tags(way) for way in root.iter("way") if tags(way)["highway"] == "secondary"]
    assert {(t["maxspeed"], t["lanes"]) for t in main} == {("50", "4")}


def test_there_is_a_closed_roundabout(root: ET.Element) -> None:
    rings = [way for way in root.iter("way") if tags(way).get("junction") == "roundabout"]
    assert len(rings) == 1
    nodes = [nd.attrib["ref"] for nd in rings[0].iter("nd")]
    assert nodes[0] == nodes[-1]
    where = places(root)
    ring = np.array([where[node] for node in nodes[:-1]])
    radius = np.linalg.norm(ring - ring.mean(axis=0), axis=1)
    assert np.ptp(radius) < 0.01


def test_an_independent_parser_reads_the_file(written: SampleDrive) -> None:
    found = {"n": 0, "w": 0}
    for item in osmium.FileProcessor(str(written.osm)):
        found[item.type_str()] += 1
    assert found["n"] > 5
    assert found["w"] >= 4


def test_a_drive_without_turns_has_one_road() -> None:
    root = ET.fromstring(osm_text(build_world(7, 20.0)))  # noqa: S314 - as above
    assert len(list(root.iter("way"))) == 1


@pytest.mark.parametrize(("duration_s", "more"), [(180.0, 0), (330.0, 1)])
def test_a_second_lap_is_cut_in_on_near_a_side_street(duration_s: float, more: int) -> None:
    """So that the question for cut-ins in rain at night near a junction has an answer."""
    world = build_world(7, duration_s)
    ways = ET.fromstring(osm_text(world)).iter("way")  # noqa: S314 - as above
    streets = sum(tags(way).get("name") == "Tværgade" for way in ways)
    assert streets == len(world.signals_m) + more

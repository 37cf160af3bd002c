"""The road network as OpenStreetMap XML: the road ego drives on, side streets, one roundabout."""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import numpy as np

from sample_data.geodesy import to_wgs84
from sample_data.plan import Beat
from sample_data.scenery import straight_spans
from sample_data.world import World

Place = tuple[float, float]
"""East and north [m]."""
Tags = dict[str, str]

_SIDE_M = 160.0
_ROUNDABOUT_RADIUS_M = 16.0
_AHEAD_M = 40.0
MAIN: Tags = {
    "highway": "secondary",
    "maxspeed": "50",
    "lanes": "4",
    "lit": "yes",
    "surface": "asphalt",
}
SIDE: Tags = {"highway": "residential", "maxspeed": "30", "lanes": "2", "surface": "asphalt"}


@dataclass(frozen=True, slots=True)
class _Map:
    """Nodes and ways collected so far; ids are positions in the lists, from 1."""

    nodes: list[tuple[Place, Tags]]
    ways: list[tuple[list[int], Tags]]

    def node(self, place: Place, tags: Tags | None = None) -> int:
        self.nodes.append((place, tags or {}))
        return len(self.nodes)

    def way(self, nodes: list[int], tags: Tags) -> None:
        self.ways.append((nodes, tags))


def osm_text(world: World) -> str:
    """Return the map of a drive; straight legs meet at the corner nodes of junctions."""
    network = _Map([], [])
    spans = straight_spans(world)
    corners = [_corner(world, beat) for beat in _turns(world)]
    ends = [_on_line(world, spans[0][0]), *corners, _on_line(world, spans[-1][1])]
    nodes = [network.node(place) for place in ends]
    for index, (start, stop) in enumerate(spans):
        _add_leg(network, world, (start, stop), (nodes[index], nodes[index + 1]), index)
    for index, (corner, place) in enumerate(zip(nodes[1:-1], corners, strict=True)):
        _add_side_streets(network, (ends[index], place, ends[index + 2]), corner, index)
    return _xml(network)


def _later_cut_ins(world: World) -> tuple[float, ...]:
    """Return places on ego's road where a side street crosses: where later laps are cut in on.

    So that a drive of two laps or more holds a cut-in near a junction, and the first lap's is none.
    """
    later = [beat.start_s for beat in world.plan.named("other:cut_in")[1:]]
    return tuple(float(s_m) + _AHEAD_M for s_m in world.ego(np.array(later)).s_m)


def _turns(world: World) -> list[Beat]:
    beats = (*world.plan.named("turn_left"), *world.plan.named("turn_right"))
    return sorted(beats, key=lambda beat: beat.start_s)


def _on_line(world: World, s_m: float) -> Place:
    x_m, y_m = world.road.place(np.array([s_m]), np.zeros(1))
    return float(x_m[0]), float(y_m[0])


def _corner(world: World, beat: Beat) -> Place:
    """Return where the centre lines before and after a turn meet."""
    ego = world.ego(np.array([beat.start_s, beat.end_s]))
    x_m, y_m = world.road.place(ego.s_m, np.zeros(2))
    along = np.stack((np.cos(ego.road_heading_rad), np.sin(ego.road_heading_rad)))
    there = np.array([x_m[1] - x_m[0], y_m[1] - y_m[0]])
    ahead_m = np.linalg.solve(np.column_stack((along[:, 0], along[:, 1])), there)[0]
    return float(x_m[0] + ahead_m * along[0, 0]), float(y_m[0] + ahead_m * along[1, 0])


def _add_leg(
    network: _Map, world: World, span: tuple[float, float], ends: tuple[int, int], index: int
) -> None:
    """Add one straight leg, split into ways where a tunnel begins or ends."""
    start, stop = span
    stops: list[tuple[float, str]] = []
    for kind, places in (
        ("crossing", world.crossings_m),
        ("signals", world.signals_m),
        ("side", _later_cut_ins(world)),
    ):
        stops.extend((s_m, kind) for s_m in places if start < s_m < stop)
    for tunnel in world.tunnels:
        if start < tunnel.start < stop:
            stops.extend(((tunnel.start, "portal"), (tunnel.stop, "exit")))
    tags = {**MAIN, "name": f"Ringgade {index + 1}"}
    current = [ends[0]]
    for s_m, kind in sorted(stops):
        node = network.node(_on_line(world, s_m), _NODE_TAGS[kind])
        current.append(node)
        if kind in {"signals", "side"}:
            _add_cross_street(network, world, s_m, node)
        elif kind != "crossing":
            roofed = {"tunnel": "yes", "layer": "-1"} if kind == "exit" else {}
            network.way(current, {**tags, **roofed})
            current = [node]
    network.way([*current, ends[1]], tags)


_NODE_TAGS: dict[str, Tags] = {
    "crossing": {"highway": "crossing", "crossing": "zebra"},
    "signals": {"highway": "traffic_signals"},
    "side": {},
    "portal": {},
    "exit": {},
}


def _add_cross_street(network: _Map, world: World, s_m: float, node: int) -> None:
    place = np.full(2, s_m)
    x_m, y_m = world.road.place(place, np.array([_SIDE_M, -_SIDE_M]))
    left, right = (network.node((float(x), float(y))) for x, y in zip(x_m, y_m, strict=True))
    network.way([left, node, right], {**SIDE, "name": "Tværgade"})


def _add_side_streets(
    network: _Map, places: tuple[Place, Place, Place], corner: int, index: int
) -> None:
    """Add the two arms of a crossroads that ego does not use; the first has a roundabout."""
    before, middle, after = (np.array(place) for place in places)
    onward = (middle - before) / np.linalg.norm(middle - before)
    opposite = (middle - after) / np.linalg.norm(middle - after)
    far = middle + _SIDE_M * onward
    back = network.node(_place(middle + _SIDE_M * opposite))
    network.way([corner, back], {**SIDE, "name": f"Sidevej {2 * index + 2}"})
    end = network.node(_place(far))
    network.way([corner, end], {**SIDE, "name": f"Sidevej {2 * index + 1}"})
    if index == 0:
        centre = far + _ROUNDABOUT_RADIUS_M * onward
        first = np.arctan2(*(far - centre)[::-1])
        angles = first + np.arange(1, 12) * np.pi / 6.0
        ring = [
            network.node(
                _place(centre + _ROUNDABOUT_RADIUS_M * np.array([np.cos(angle), np.sin(angle)]))
            )
            for angle in angles
        ]
        tags = {**SIDE, "lanes": "1", "junction": "roundabout", "oneway": "yes"}
        network.way([end, *ring, end], tags)


def _place(point: np.ndarray) -> Place:
    return float(point[0]), float(point[1])


def _xml(network: _Map) -> str:
    places = np.array([place for place, _ in network.nodes])
    lat, lon = to_wgs84(places[:, 0], places[:, 1])
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="sample">']
    for number, (_, tags) in enumerate(network.nodes, start=1):
        head = f'  <node id="{number}" version="1" lat="{lat[number - 1]:.8f}"'
        lines.extend(_element("node", f'{head} lon="{lon[number - 1]:.8f}"', _tag_lines(tags)))
    for number, (nodes, tags) in enumerate(network.ways, start=1):
        inner = [f'    <nd ref="{node}"/>' for node in nodes] + _tag_lines(tags)
        lines.extend(_element("way", f'  <way id="{number}" version="1"', inner))
    return "\n".join([*lines, "</osm>", ""])


def _element(name: str, head: str, inner: list[str]) -> list[str]:
    return [f"{head}>", *inner, f"  </{name}>"] if inner else [f"{head}/>"]


def _tag_lines(tags: Tags) -> list[str]:
    return [f"    <tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]

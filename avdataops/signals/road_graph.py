"""Edges of a road network as a directed graph in local metres, and short distances on it."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.geo import wrap_pi
from avdataops.signals.roads import Edges, Plane

Place = tuple[Floats, Floats]
"""Metres east and north."""


@dataclass(frozen=True, slots=True)
class RoadGraph:
    """Arc 2 i runs along the vertices of edge i, arc 2 i + 1 against them."""

    first: Indices
    """Vertices of edge i are first[i] to first[i + 1]."""
    x_m: Floats
    y_m: Floats
    along_m: Floats
    """Of each vertex: lengths of all edges before, and of its own edge up to it."""
    length_m: Floats
    """Of each edge."""
    tail: Indices
    """Node at which each arc begins."""
    head: Indices
    open: Bools
    """Whether each arc may be driven: one-way edges are open in one direction."""
    node_x_m: Floats
    node_y_m: Floats
    links: Indices
    """Open arcs, only the shortest from one node to another."""

    def place(self, arc: Indices, offset_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Return place and heading [rad] at distances along arcs; offsets are cut to the arc."""
        edge, back = arc // 2, arc % 2 == 1
        length = self.length_m[edge]
        offset = np.clip(np.where(back, length - offset_m, offset_m), 0.0, length)
        at = self.along_m[self.first[edge]] + offset
        # The segment that begins before the place: never the last vertex, which begins none.
        low = np.searchsorted(self.along_m, at, side="right") - 1
        low = np.clip(low, self.first[edge], self.first[edge + 1] - 2)
        step = self.along_m[low + 1] - self.along_m[low]
        share = (at - self.along_m[low]) / np.where(step > 0, step, 1.0)
        dx, dy = (v[low + 1] - v[low] for v in (self.x_m, self.y_m))
        heading = np.arctan2(dy, dx) + np.where(back, np.pi, 0.0)
        return self.x_m[low] + share * dx, self.y_m[low] + share * dy, wrap_pi(heading)

    def segments(self) -> tuple[Indices, Indices]:
        """Return edge and first vertex of each straight piece."""
        count = np.diff(self.first) - 1
        edge = np.repeat(np.arange(count.size), count)
        return edge, np.arange(edge.size) + edge


def road_graph(edges: Edges, plane: Plane) -> RoadGraph:
    """Return the graph of the edges on a plane."""
    x, y = plane.metres(edges.vertices)
    node_x, node_y = plane.metres(edges.nodes)
    step = np.hypot(np.diff(x), np.diff(y))
    between = edges.first[1:-1] - 1
    step[between] = 0.0
    along = np.append(0.0, np.cumsum(step))[: x.size]
    length = along[edges.first[1:] - 1] - along[edges.first[:-1]]
    tail = np.column_stack((edges.start, edges.stop)).ravel()
    head = np.column_stack((edges.stop, edges.start)).ravel()
    allowed = np.column_stack((edges.oneway >= 0, edges.oneway <= 0)).ravel()
    arcs = np.flatnonzero(allowed & (tail != head))
    order = arcs[np.lexsort((length[arcs // 2], head[arcs], tail[arcs]))]
    new = np.append(True, (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0))
    return RoadGraph(
        edges.first, x, y, along, length, tail, head, allowed, node_x, node_y,
        order[new[: order.size]],
    )  # fmt: skip


def arc_tree(graph: RoadGraph) -> tuple[shapely.STRtree, Indices, Indices]:
    """Return a tree of all straight pieces with the edge and first vertex of each."""
    edge, low = graph.segments()
    ends = np.stack(
        [np.stack((graph.x_m[row], graph.y_m[row]), axis=1) for row in (low, low + 1)], axis=1
    )
    return shapely.STRtree(shapely.linestrings(ends)), edge, low


@dataclass(frozen=True, slots=True)
class Near:
    """Distances from some nodes, in a part of the graph."""

    number: Indices
    """Of every node of the graph its number in the part, -1 outside."""
    nodes: Indices
    """Of the part."""
    row: Indices
    """Of every node of the part its row in the distances, -1 where it was no source."""
    distance_m: Floats
    """Shape (sources, nodes of the part); infinite beyond the limit."""
    before: Indices | None
    """The node before each on the way there, negative for none."""

    def between(self, tail: Indices, head: Indices) -> Floats:
        """Return the distances from sources to nodes, infinite where unknown."""
        row = np.where(self.number[tail] >= 0, self.row[self.number[tail]], -1)
        column = self.number[head]
        found = self.distance_m[row, column]
        return np.where((row >= 0) & (column >= 0), found, np.inf)

    def nodes_between(self, tail: int, head: int) -> list[int]:
        """Return the nodes from a source to a node, both included."""
        row, at = int(self.row[self.number[tail]]), int(self.number[head])
        found = [head]
        while self.before is not None and (at := int(self.before[row, at])) >= 0:
            found.append(int(self.nodes[at]))
        return found[::-1]


def distances(graph: RoadGraph, sources: Indices, limit_m: float, *, paths: bool = False) -> Near:
    """Return the shortest distances from nodes up to a limit (Dijkstra), near those nodes only.

    ``paths`` keeps the nodes before as well.  Memory is sources times nodes near them.
    """
    x, y = graph.node_x_m, graph.node_y_m
    sx, sy = x[sources], y[sources]
    inside = (
        (x >= sx.min() - limit_m) & (x <= sx.max() + limit_m)
        & (y >= sy.min() - limit_m) & (y <= sy.max() + limit_m)
    )  # fmt: skip
    nodes = np.flatnonzero(inside)
    number = np.full(x.size, -1, dtype=np.int64)
    number[nodes] = np.arange(nodes.size)
    tail, head = graph.tail[graph.links], graph.head[graph.links]
    links = graph.links[inside[tail] & inside[head]]
    # Zero would mean no link at all.
    cost = np.maximum(graph.length_m[links // 2], 1e-6)
    matrix = csr_array(
        (cost, (number[graph.tail[links]], number[graph.head[links]])),
        shape=(nodes.size, nodes.size),
    )
    once = np.unique(sources)
    row = np.full(nodes.size, -1, dtype=np.int64)
    row[number[once]] = np.arange(once.size)
    found = dijkstra(matrix, indices=number[once], limit=limit_m, return_predecessors=paths)
    far, before = found if paths else (found, None)
    return Near(number, nodes, row, far, before)

"""What stands still beside and on the road: markings, houses, cross streets, tunnels, lights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_data.noise import Floats, generator
from sample_data.projection import box_corners
from sample_data.road import Road
from sample_data.vehicle import KERB_M, LANE_M
from sample_data.world import World

Colour = tuple[int, int, int]
ASPHALT: Colour = (78, 78, 80)
PAVEMENT: Colour = (112, 116, 120)
PAINT: Colour = (225, 228, 230)
_STEP_M = 4.0
_COLUMNS = 4
_LIT_SHARE = 0.35
_JUNCTION_M = 22.0


@dataclass(frozen=True, slots=True)
class Patches:
    """Flat quadrilaterals of one colour, ordered by their place along the road."""

    colour: Colour
    s_m: Floats
    corners_m: Floats
    """Shape ``(n, 4, 3)``."""


@dataclass(frozen=True, slots=True)
class Block:
    """A building: corners ``(8, 3)``, place along the road and colour."""

    s_m: float
    corners_m: Floats
    colour: Colour
    windows_m: Floats
    """Windows of the wall that faces the road, ``(n, 4, 3)``."""
    lit: NDArray[np.bool_]
    """Which of the windows are lit."""


@dataclass(frozen=True, slots=True)
class Scenery:
    """All that stands still; patches are in painting order."""

    patches: tuple[Patches, ...]
    blocks: tuple[Block, ...]


def straight_spans(world: World) -> list[tuple[float, float]]:
    """Return the straight parts of the road by ``s_m``, from its first to its last metre."""
    turns = sorted(
        (beat for label in ("turn_left", "turn_right") for beat in world.plan.named(label)),
        key=lambda beat: beat.start_s,
    )
    edges = [float(world.road.s_m[0])]
    for beat in turns:
        edges.extend(world.ego(np.array([beat.start_s, beat.end_s])).s_m.tolist())
    edges.append(float(world.road.s_m[-1]))
    return list(zip(edges[::2], edges[1::2], strict=True))


def make_scenery(world: World) -> Scenery:
    """Return the scenery of a drive."""
    road = world.road
    s_all = np.arange(road.s_m[0], road.s_m[-1] - _STEP_M, _STEP_M)
    dashes = np.arange(road.s_m[0], road.s_m[-1] - 3.0, 9.0)
    patches = [
        _bands(road, PAVEMENT, s_all, _STEP_M, (-KERB_M - 3.0, -KERB_M)),
        _bands(road, PAVEMENT, s_all, _STEP_M, (KERB_M, KERB_M + 3.0)),
        _cross_streets(world),
        _bands(road, ASPHALT, s_all, _STEP_M, (-KERB_M, KERB_M)),
        *(_bands(road, PAINT, dashes, 3.0, (d - 0.08, d + 0.08)) for d in (-LANE_M, LANE_M)),
        *(
            _bands(road, PAINT, _open_road(world, s_all), _STEP_M, (d - 0.07, d + 0.07))
            for d in (-KERB_M + 0.25, -0.15, 0.15, KERB_M - 0.25)
        ),
        _zebras(world),
        _stop_lines(world),
    ]
    return Scenery(tuple(patches), tuple(_blocks(world)))


def _open_road(world: World, s_m: Floats) -> Floats:
    """Return the places outside junctions, where solid lines are painted."""
    keep = np.zeros(s_m.size, dtype=bool)
    for start, stop in straight_spans(world):
        keep |= (s_m > start) & (s_m < stop - _STEP_M)
    for signal in world.signals_m:
        keep &= (s_m < signal - 2.0) | (s_m > signal + 14.0)
    return s_m[keep]


def _bands(
    road: Road, colour: Colour, s_m: Floats, length_m: float, sides_m: tuple[float, float]
) -> Patches:
    """Return strips of ``length_m`` from each ``s_m`` on, between two lateral offsets."""
    corners = np.zeros((s_m.size, 4, 3))
    for index, (ahead, side) in enumerate(
        ((0.0, sides_m[0]), (0.0, sides_m[1]), (length_m, sides_m[1]), (length_m, sides_m[0]))
    ):
        x_m, y_m = road.place(s_m + ahead, np.full_like(s_m, side))
        corners[:, index, 0], corners[:, index, 1] = x_m, y_m
    return Patches(colour, s_m, corners)


def _zebras(world: World) -> Patches:
    offsets = np.arange(-KERB_M + 0.5, KERB_M - 0.4, 1.0)
    bands = [
        _bands(world.road, PAINT, np.array([s_m - 1.5]), 3.0, (float(d), float(d) + 0.5))
        for s_m in world.crossings_m
        for d in offsets
    ]
    return _joined(PAINT, bands)


def _stop_lines(world: World) -> Patches:
    bands = [
        _bands(world.road, PAINT, np.array([s_m - 1.6]), 0.5, (-KERB_M, 0.0))
        for s_m in world.signals_m
    ]
    return _joined(PAINT, bands)


def _cross_streets(world: World) -> Patches:
    """Return the side streets at the traffic lights, as strips leading away on both sides."""
    bands = []
    for s_m in world.signals_m:
        for side in np.arange(KERB_M, 70.0, 6.0):
            for near, far in ((side, side + 6.0), (-side - 6.0, -side)):
                bands.append(_bands(world.road, ASPHALT, np.array([s_m + 4.0]), 7.0, (near, far)))
    return _joined(ASPHALT, bands)


def _joined(colour: Colour, parts: list[Patches]) -> Patches:
    if not parts:
        return Patches(colour, np.zeros(0), np.zeros((0, 4, 3)))
    s_m = np.concatenate([part.s_m for part in parts])
    order = np.argsort(s_m, kind="stable")
    return Patches(colour, s_m[order], np.concatenate([part.corners_m for part in parts])[order])


def _blocks(world: World) -> list[Block]:
    """Return houses along the straights, away from junctions and tunnels."""
    rng = generator(world.seed, "houses")
    found = []
    for start, stop in straight_spans(world):
        for s_m in np.arange(start + 26.0, stop - 26.0, 24.0):
            for side in (-1.0, 1.0):
                size = (rng.uniform(12.0, 19.0), 9.0, rng.uniform(5.0, 13.0))
                shade = int(rng.integers(70, 150))
                tint = rng.integers(-25, 25, 2).tolist()
                lit = rng.random(max(int(size[2] // 3.0), 1) * _COLUMNS) < _LIT_SHARE
                free = all(abs(s_m - signal - 7.0) > _JUNCTION_M for signal in world.signals_m)
                if not free or any(t.start - 20.0 < s_m < t.stop + 20.0 for t in world.tunnels):
                    continue
                place = np.array([s_m])
                x_m, y_m = world.road.place(place, np.array([side * (KERB_M + 10.0)]))
                corners = box_corners(
                    np.array([x_m[0], y_m[0]]), float(world.road.heading(place)[0]), size
                )
                colour = (shade, shade + tint[0] // 2, shade + tint[1])
                wall = corners[[1, 5] if side > 0.0 else [0, 4]]
                found.append(Block(float(s_m), corners, colour, _windows(wall, lit.size), lit))
    return found


def _windows(wall_m: Floats, count: int) -> Floats:
    """Return ``count`` windows, storey by storey, on the wall over two ground points."""
    along = wall_m[1] - wall_m[0]
    found = np.empty((count, 4, 3))
    for index in range(count):
        floor, column = divmod(index, _COLUMNS)
        for corner, (part, up_m) in enumerate(((0.3, 0.0), (0.7, 0.0), (0.7, 1.4), (0.3, 1.4))):
            found[index, corner] = wall_m[0] + along * (column + part) / _COLUMNS
            found[index, corner, 2] = 1.0 + 3.0 * floor + up_m
    return found

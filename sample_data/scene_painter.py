"""Paints what the front camera sees at one moment: road, houses, road users, light and weather."""

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.actors import Actor
from sample_data.figures import (
    Canvas,
    Lamp,
    fill,
    paint_box,
    paint_lamps,
    paint_pedestrian,
    paint_vehicle,
    vehicle_lamps,
)
from sample_data.noise import Floats
from sample_data.projection import (
    CENTRE_PX,
    HEIGHT_PX,
    NEAR_M,
    SUBPIXEL_BITS,
    WIDTH_PX,
    View,
    box_corners,
)
from sample_data.road import Road
from sample_data.scenery import Block, Colour, Scenery, make_scenery
from sample_data.vehicle import KERB_M
from sample_data.world import World

_SIGHT_M = 110.0
_ROOFED_LIGHT = 0.30
_VISIBLE_RAIN_MMPH = 0.05
_HORIZON = int(CENTRE_PX[1])
_COATS: tuple[Colour, ...] = ((150, 60, 40), (60, 60, 170), (170, 170, 165), (60, 110, 60))


class ScenePainter:
    """Draws pictures of one drive; holds its scenery and light maps, and nothing that changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._scenery: Scenery = make_scenery(world)
        self._headlight = _headlight_map()
        down = np.linspace(0.0, 1.0, _HORIZON)[:, None, None]
        sky = (
            np.array([222.0, 190.0, 158.0]) * (1.0 - down) + np.array([205.0, 205.0, 215.0]) * down
        )
        self._sky = np.broadcast_to(sky, (_HORIZON, WIDTH_PX, 3)).astype(np.uint8)

    def paint(self, t_s: float, rng: np.random.Generator) -> Canvas:
        """Return the BGR picture ``(180, 320, 3)`` at time ``t_s`` [s]."""
        time = np.array([t_s])
        ego = self._world.ego(time)
        s_m = float(ego.s_m[0])
        view = View(float(ego.x_m[0]), float(ego.y_m[0]), float(ego.heading_rad[0]))
        roofed = bool(self._world.in_tunnel(np.array([s_m + 2.0]))[0])
        canvas = np.empty((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
        canvas[:_HORIZON] = (52, 54, 58) if roofed else self._sky
        canvas[_HORIZON:] = (60, 62, 64) if roofed else (72, 104, 92)
        lamps: list[Lamp] = []
        light = float(self._world.daylight(time)[0])
        self._paint_tunnels(canvas, view, s_m, lamps, outside=0.10 + 0.90 * light)
        self._paint_ground(canvas, view, s_m)
        if not roofed:
            self._paint_blocks(canvas, view, s_m)
        self._paint_signals(canvas, view, s_m, t_s, lamps)
        self._paint_actors(canvas, view, time, lamps)
        ambient = _ROOFED_LIGHT if roofed else 0.10 + 0.90 * light
        lit = np.minimum(ambient + self._headlight, 1.15)
        shown: Canvas = np.asarray(
            cv2.multiply(canvas, np.repeat(lit, 3, axis=2), dtype=cv2.CV_8U), dtype=np.uint8
        )
        paint_lamps(shown, view, lamps)
        rain = float(self._world.rain(time)[0])
        return shown if roofed else _rained(shown, rain, rng)

    def _paint_ground(self, canvas: Canvas, view: View, s_m: float) -> None:
        for patches in self._scenery.patches:
            low, high = np.searchsorted(patches.s_m, (s_m - 8.0, s_m + _SIGHT_M))
            if low == high:
                continue
            pixels, depth = view.project(patches.corners_m[low:high])
            visible = (depth > NEAR_M).any(axis=1)
            for quad in pixels[visible][::-1]:
                cv2.fillConvexPoly(canvas, quad, patches.colour, cv2.LINE_AA, SUBPIXEL_BITS)

    def _paint_blocks(self, canvas: Canvas, view: View, s_m: float) -> None:
        near = [b for b in self._scenery.blocks if s_m - 10.0 < b.s_m < s_m + _SIGHT_M + 20.0]
        for block in sorted(near, key=lambda block: -block.s_m):
            pixels, depth = view.project(block.corners_m)
            if (depth > NEAR_M).all():
                paint_box(canvas, pixels, block.colour)
                _paint_windows(canvas, view, block)

    def _paint_tunnels(
        self, canvas: Canvas, view: View, s_m: float, lamps: list[Lamp], *, outside: float
    ) -> None:
        road = self._world.road
        for span in self._world.tunnels:
            if not s_m - 5.0 < span.stop or not span.start < s_m + _SIGHT_M:
                continue
            inside = span.start - 2.0 <= s_m
            mouth = span.stop if inside else span.start
            if not inside:
                hill = _gate(road, mouth, KERB_M + 14.0, 9.5)
                fill(canvas, view, hill, (70, 92, 84))
                fill(canvas, view, _gate(road, mouth, KERB_M + 2.0, 6.6), (120, 122, 124))
            opening = _gate(road, mouth, KERB_M + 0.8, 5.2)
            sky = int(min(195.0 * outside / _ROOFED_LIGHT, 255.0))
            fill(canvas, view, opening, (sky, sky, sky) if inside else (34, 35, 38))
            places = np.arange(span.start + 4.0, span.stop, 12.0)
            for place in places[(places > s_m + 3.0) & (places < s_m + 70.0)]:
                for side in (-KERB_M, KERB_M):
                    x_m, y_m = road.place(np.array([place]), np.array([side]))
                    lamps.append((np.array([x_m[0], y_m[0], 4.6]), 0.16, (150, 215, 245)))

    def _paint_signals(
        self, canvas: Canvas, view: View, s_m: float, t_s: float, lamps: list[Lamp]
    ) -> None:
        for place, red in zip(self._world.signals_m, self._world.reds, strict=True):
            if not s_m - 2.0 < place < s_m + _SIGHT_M:
                continue
            x_m, y_m = self._world.road.place(np.array([place]), np.array([-KERB_M - 0.6]))
            centre = np.array([x_m[0], y_m[0]])
            heading = float(self._world.road.heading(np.array([place]))[0])
            for size, base in (((0.14, 0.14, 3.2), 0.0), ((0.4, 0.45, 1.1), 2.7)):
                corners = box_corners(centre, heading, size)
                corners[:, 2] += base
                pixels, depth = view.project(corners)
                if (depth > NEAR_M).all():
                    paint_box(canvas, pixels, (40, 42, 40))
            yellow = red.start - 3.0 <= t_s < red.start
            colour, up = ((60, 230, 90), 2.9) if not yellow else ((40, 190, 250), 3.25)
            if red.start <= t_s < red.stop:
                colour, up = (50, 50, 245), 3.6
            lamps.append((np.array([*centre, up]), 0.2, colour))

    def _paint_actors(self, canvas: Canvas, view: View, time: Floats, lamps: list[Lamp]) -> None:
        seen: list[tuple[float, int, Actor, Floats, float]] = []
        for index, actor in enumerate(self._world.actors):
            if not actor.present(time)[0]:
                continue
            state = actor.at(time)
            centre = np.array([state.x_m[0], state.y_m[0]])
            away = float(np.hypot(centre[0] - view.x_m, centre[1] - view.y_m))
            if away < _SIGHT_M:
                seen.append((away, index, actor, centre, float(state.heading_rad[0])))
        for _, index, actor, centre, heading in sorted(seen, key=lambda item: -item[0]):
            size = actor.size
            corners = box_corners(centre, heading, (size.length_m, size.width_m, size.height_m))
            pixels, depth = view.project(corners)
            if not (depth > NEAR_M).all():
                continue
            coat = _COATS[index % len(_COATS)]
            if actor.kind == "pedestrian":
                paint_pedestrian(canvas, pixels, coat)
            else:
                paint_vehicle(canvas, view, corners, coat)
                lamps.extend(vehicle_lamps(actor, corners, view, time))


def _gate(road: Road, s_m: float, half_width_m: float, height_m: float) -> Floats:
    """Return the four corners of an upright rectangle across the road."""
    x_m, y_m = road.place(np.full(2, s_m), np.array([half_width_m, -half_width_m]))
    low, high = 0.0, height_m
    return np.array(
        [
            (x_m[0], y_m[0], low),
            (x_m[1], y_m[1], low),
            (x_m[1], y_m[1], high),
            (x_m[0], y_m[0], high),
        ]
    )


def _headlight_map() -> NDArray[np.float32]:
    """Return how much ego's low beam adds per pixel ``(180, 320, 1)``."""
    rows, columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float64)
    below = np.clip((rows - _HORIZON + 6.0) / 14.0, 0.0, 1.0)
    reach = np.exp(-(((rows - _HORIZON - 28.0) / 42.0) ** 2))
    spread = 60.0 + 1.1 * np.clip(rows - _HORIZON, 0.0, None)
    aside = np.exp(-(((columns - CENTRE_PX[0]) / spread) ** 2))
    return np.asarray(0.42 * below * reach * aside, dtype=np.float32)[:, :, None]


def _rained(canvas: Canvas, rain_mmph: float, rng: np.random.Generator) -> Canvas:
    """Return the picture with streaks and less contrast, as strong as the rain."""
    if rain_mmph <= _VISIBLE_RAIN_MMPH:
        return canvas
    soft = cv2.addWeighted(canvas, 0.94, cv2.GaussianBlur(canvas, (7, 7), 0), 0.12, 2.0)
    veil = soft.copy()
    for x, y, length in rng.integers(
        (0, 0, 6), (WIDTH_PX, HEIGHT_PX, 15), (int(26 * rain_mmph), 3)
    ):
        cv2.line(veil, (int(x), int(y)), (int(x) - 2, int(y + length)), (190, 190, 185), 1)
    return np.asarray(cv2.addWeighted(soft, 0.72, veil, 0.28, 0.0), dtype=np.uint8)


def _paint_windows(canvas: Canvas, view: View, block: Block) -> None:
    pixels, depth = view.project(block.windows_m)
    for quad, lit in zip(pixels[(depth > NEAR_M).all(axis=1)], block.lit, strict=False):
        colour = (120, 200, 230) if lit else (58, 52, 48)
        cv2.fillConvexPoly(canvas, quad, colour, cv2.LINE_8, SUBPIXEL_BITS)

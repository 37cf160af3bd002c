"""How road users and lamps look to the front camera."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.actors import Actor
from sample_data.noise import Floats
from sample_data.projection import FOCAL_PX, NEAR_M, SUBPIXEL_BITS, Pixels, View
from sample_data.scenery import Colour

Canvas = NDArray[np.uint8]
Lamp = tuple[Floats, float, Colour]
"""Place ``(3,)``, radius [m] and colour of something that shines by itself."""

_BRAKE_LAMPS_MPS2 = -0.8


def fill(canvas: Canvas, view: View, corners_m: Floats, colour: Colour) -> None:
    """Paint a flat convex shape, unless part of it lies behind the camera."""
    pixels, depth = view.project(corners_m)
    if (depth > NEAR_M).all():
        cv2.fillConvexPoly(canvas, pixels, colour, cv2.LINE_AA, SUBPIXEL_BITS)


def paint_box(canvas: Canvas, pixels: Pixels, colour: Colour) -> None:
    """Paint a box darker as a whole and its rear face, which looks at ego, in full colour."""
    dark = (int(colour[0] * 0.7), int(colour[1] * 0.7), int(colour[2] * 0.7))
    cv2.fillConvexPoly(canvas, cv2.convexHull(pixels), dark, cv2.LINE_AA, SUBPIXEL_BITS)
    cv2.fillConvexPoly(canvas, np.ascontiguousarray(pixels[:4]), colour, cv2.LINE_AA, SUBPIXEL_BITS)


def paint_vehicle(canvas: Canvas, view: View, corners: Floats, coat: Colour) -> None:
    """Paint body and cabin, with the windscreen on the face that looks at ego."""
    body = corners.copy()
    body[[2, 3, 6, 7], 2] *= 0.62
    cabin = corners.copy()
    middle = corners[:, :2].mean(axis=0)
    cabin[:, :2] = middle + 0.72 * (cabin[:, :2] - middle)
    cabin[[0, 1, 4, 5], 2] = body[2, 2]
    rear_looks_at_ego = _distance(view, corners[:4]) < _distance(view, corners[4:])
    face = [0, 1, 2, 3] if rear_looks_at_ego else [5, 4, 7, 6]
    other = [4, 5, 6, 7] if rear_looks_at_ego else [1, 0, 3, 2]
    for part, colour in ((cabin, (52, 46, 42)), (body, coat)):
        pixels, _ = view.project(part[face + other])
        paint_box(canvas, pixels, colour)


def _distance(view: View, corners: Floats) -> float:
    centre = corners[:, :2].mean(axis=0)
    return float(np.hypot(centre[0] - view.x_m, centre[1] - view.y_m))


def paint_pedestrian(canvas: Canvas, pixels: Pixels, coat: Colour) -> None:
    """Paint legs, torso and head into the outline of the box."""
    left, top = pixels.min(axis=0)
    right, bottom = pixels.max(axis=0)
    middle, height = (left + right) // 2, bottom - top
    half = max(int(height * 0.13), 8)
    hip = int(bottom - height * 0.45)
    for x in (middle - half // 2, middle + half // 2):
        leg = np.array([(x - half // 3, hip), (x + half // 3, hip), (x, bottom)], dtype=np.int32)
        cv2.fillConvexPoly(canvas, leg, (50, 45, 45), cv2.LINE_AA, SUBPIXEL_BITS)
    torso = np.array(
        [
            (middle - half, hip),
            (middle + half, hip),
            (middle + half, int(top + height * 0.18)),
            (middle - half, int(top + height * 0.18)),
        ],
        dtype=np.int32,
    )
    cv2.fillConvexPoly(canvas, torso, coat, cv2.LINE_AA, SUBPIXEL_BITS)
    head = (int(middle), int(top + height * 0.1))
    cv2.circle(
        canvas, head, max(int(height * 0.09), 8), (150, 170, 205), -1, cv2.LINE_AA, SUBPIXEL_BITS
    )


def vehicle_lamps(actor: Actor, corners: Floats, view: View, time: Floats) -> Iterable[Lamp]:
    """Return tail lamps or headlights, whichever end looks at ego; brake lamps are larger."""
    state = actor.at(time)
    slowing = float(
        np.cos(state.heading_rad[0]) * state.ax_mps2[0]
        + np.sin(state.heading_rad[0]) * state.ay_mps2[0]
    )
    if _distance(view, corners[:4]) < _distance(view, corners[4:]):
        pair, radius, colour = (
            corners[:2],
            0.2 if slowing < _BRAKE_LAMPS_MPS2 else 0.11,
            (50, 40, 235),
        )
    else:
        pair, radius, colour = corners[4:6], 0.16, (225, 245, 250)
    middle = pair.mean(axis=0)
    for lamp in pair:
        place = middle + 0.8 * (lamp - middle)
        place[2] = 0.75
        yield place, radius, colour


def paint_lamps(canvas: Canvas, view: View, lamps: list[Lamp]) -> None:
    """Paint lamps in full brightness."""
    for place, radius_m, colour in lamps:
        pixel, depth = view.project(place)
        if depth > NEAR_M:
            radius = max(int(16.0 * FOCAL_PX * radius_m / float(depth)), 14)
            cv2.circle(
                canvas,
                (int(pixel[0]), int(pixel[1])),
                radius,
                colour,
                -1,
                cv2.LINE_AA,
                SUBPIXEL_BITS,
            )

"""A point cloud seen from above, with the boxes of objects, as a picture.

Vehicle frame, ISO 8855: x forward is up in the picture, y left is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avdataops.signals.arrays import Floats

Pixels = npt.NDArray[np.uint8]
"""(rows, columns, 3): red, green, blue."""

AHEAD_M, BEHIND_M, ASIDE_M = 60.0, 20.0, 40.0
"""How far the picture reaches."""
PX_PER_M = 7.0
_RING_M = 20.0
_LOW_M, _HIGH_M = -0.3, 3.0
"""Heights between which colours change: road to lorry."""

_GROUND = (13, 17, 23)
_RING = (48, 54, 61)
_EGO = (230, 237, 243)
_BOX = (88, 166, 255)
_ACTOR = (255, 166, 87)
# After the colour map viridis (matplotlib, CC0), low to high, its dark end made brighter.
_HEIGHTS = np.array(
    [
        (94, 129, 172),
        (62, 142, 160),
        (33, 145, 140),
        (59, 173, 112),
        (140, 206, 66),
        (253, 231, 37),
    ],
    dtype=np.float64,
)
_UNKNOWN_SIZE_M = 0.5


@dataclass(frozen=True, slots=True)
class Box:
    """An object's footprint: centre and size in m, yaw in rad; NaN is unknown."""

    x_m: float
    y_m: float
    yaw_rad: float
    length_m: float
    width_m: float
    is_actor: bool = False


def birds_eye(x_m: Floats, y_m: Floats, z_m: Floats, boxes: Sequence[Box] = ()) -> Pixels:
    """Return the picture; points outside of it, and points that are not finite, are left out.

    Of several points in one place the highest counts.
    """
    height, width = round((AHEAD_M + BEHIND_M) * PX_PER_M), round(2 * ASIDE_M * PX_PER_M)
    picture = np.empty((height, width, 3), dtype=np.uint8)
    picture[:] = _GROUND
    _draw_rings(picture)
    _draw_points(picture, x_m, y_m, z_m)
    for box in boxes:
        _draw_box(picture, box)
    _draw_ego(picture)
    return picture


def _draw_points(picture: Pixels, x_m: Floats, y_m: Floats, z_m: Floats) -> None:
    with np.errstate(invalid="ignore"):
        inside = (x_m > -BEHIND_M) & (x_m < AHEAD_M) & (np.abs(y_m) < ASIDE_M) & np.isfinite(z_m)
    x, y, z = x_m[inside], y_m[inside], z_m[inside]
    order = np.argsort(z, kind="stable")
    rows, columns = _pixel(x[order], y[order])
    place = np.clip((z[order] - _LOW_M) / (_HIGH_M - _LOW_M), 0, 1) * (len(_HEIGHTS) - 1)
    low = np.minimum(place.astype(np.int64), len(_HEIGHTS) - 2)
    share = (place - low)[:, None]
    colours = (_HEIGHTS[low] * (1 - share) + _HEIGHTS[low + 1] * share).astype(np.uint8)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            at = (
                np.clip(rows + down, 0, picture.shape[0] - 1),
                np.clip(columns + right, 0, picture.shape[1] - 1),
            )
            picture[at] = colours


def _pixel(x_m: Floats, y_m: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    rows = np.floor((AHEAD_M - x_m) * PX_PER_M).astype(np.int64)
    return rows, np.floor((ASIDE_M - y_m) * PX_PER_M).astype(np.int64)


def _draw_rings(picture: Pixels) -> None:
    import cv2

    rows, columns = _pixel(np.zeros(1), np.zeros(1))
    centre = (int(columns[0]), int(rows[0]))
    for ring in range(1, int(max(AHEAD_M, ASIDE_M) / _RING_M) + 1):
        cv2.circle(picture, centre, round(ring * _RING_M * PX_PER_M), _RING, 1, cv2.LINE_AA)
        at = (centre[0] + 4, centre[1] - round(ring * _RING_M * PX_PER_M) - 4)
        told = f"{ring * _RING_M:.0f} m"
        cv2.putText(picture, told, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (139, 148, 158), 1)


def _draw_box(picture: Pixels, box: Box) -> None:
    import cv2

    if not np.isfinite([box.x_m, box.y_m]).all() or max(abs(box.x_m), abs(box.y_m)) > 2 * AHEAD_M:
        return
    colour, thick = (_ACTOR, 3) if box.is_actor else (_BOX, 2)
    size = [one if np.isfinite(one) else _UNKNOWN_SIZE_M for one in (box.length_m, box.width_m)]
    yaw = box.yaw_rad if np.isfinite(box.yaw_rad) else 0.0
    corners = _corners(box.x_m, box.y_m, yaw, np.minimum(size, AHEAD_M))
    cv2.polylines(picture, [corners], isClosed=True, color=colour, thickness=thick)


def _corners(x_m: float, y_m: float, yaw_rad: float, size_m: Floats) -> npt.NDArray[np.int32]:
    along = np.array([1, 1, -1, -1]) * size_m[0] / 2
    across = np.array([1, -1, -1, 1]) * size_m[1] / 2
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    rows, columns = _pixel(x_m + along * cos - across * sin, y_m + along * sin + across * cos)
    return np.stack((columns, rows), axis=-1).astype(np.int32)


def _draw_ego(picture: Pixels) -> None:
    """Draw an arrow at the origin: how long the vehicle is, nobody has said."""
    import cv2

    rows, columns = _pixel(np.array([1.5, -1.5, -0.7, -1.5]), np.array([0.0, 1.0, 0.0, -1.0]))
    cv2.fillPoly(picture, [np.stack((columns, rows), axis=-1).astype(np.int32)], _EGO)

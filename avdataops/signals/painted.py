"""Parts of pictures painted over so that nobody can bring them back."""

import math
from collections.abc import Iterable

import numpy as np

from avdataops.ports.seeing import Picture
from avdataops.signals.covered import Region

CELLS = 2
"""A region becomes at most 2 x 2 mean colours: 12 bytes of a face, whatever its size.  Mosaics of a
few dozen cells are not enough: networks still tell the faces of a known few apart by them
(McPherson et al. 2016, "Defeating image obfuscation with deep learning")."""
_MIN_CELL_PX = 4
_QUALITY = 95


def painted(picture: Picture, regions: Iterable[Region]) -> Picture:
    """Return the picture with each region as a few cells of their mean colour."""
    import cv2

    found = picture.copy()
    height, width = picture.shape[:2]
    for one in regions:
        left, top = max(0, math.floor(one.x_px)), max(0, math.floor(one.y_px))
        right = min(width, math.ceil(one.x_px + one.width_px))
        bottom = min(height, math.ceil(one.y_px + one.height_px))
        if right <= left or bottom <= top:
            continue
        size = (right - left, bottom - top)
        cells = tuple(max(1, min(CELLS, side // _MIN_CELL_PX)) for side in size)
        # From the picture as it was: regions that overlap add nothing to each other.
        part = picture[top:bottom, left:right]
        means = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
        found[top:bottom, left:right] = cv2.resize(means, size, interpolation=cv2.INTER_NEAREST)
    return found


def encoded(picture: Picture, original: bytes) -> bytes:
    """Return the picture as JPEG where the original is one, else as PNG.

    Made anew from pixels: thumbnails, places and makers in the original's head do not come along.
    """
    import cv2

    is_jpeg = original.startswith(b"\xff\xd8\xff")
    kind, how = (".jpg", [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]) if is_jpeg else (".png", [])
    return bytes(np.asarray(cv2.imencode(kind, picture, how)[1]).tobytes())

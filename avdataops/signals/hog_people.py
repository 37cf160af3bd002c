"""People in pictures by histograms of gradients: weak, but needs no weights."""

from collections.abc import Sequence

import numpy as np

from avdataops.ports.seeing import Picture, Seen, Seer

_WIDTH_PX = 640
"""Pictures are looked at in this width at most: a quarter of a second per frame is enough."""
_SMALLEST = (128, 64)
"""The window of the method, height and width."""


def hog_seer(min_score: float) -> Seer:
    """Return OpenCV's detector of upright people (Dalal & Triggs 2005), a declared fallback.

    It misses about half of all people on the road and sees some in trees and posts, so its
    ``confidence_class`` is weak.  The score is the distance to the plane of its linear classifier,
    not a probability; 0.5 and more is fair.
    """
    import cv2

    hog = cv2.HOGDescriptor()
    plane = cv2.HOGDescriptor.getDefaultPeopleDetector()
    hog.setSVMDetector(np.asarray(plane, dtype=np.float32))

    def see(picture: Picture) -> tuple[Seen, ...]:
        scale = min(1.0, _WIDTH_PX / picture.shape[1])
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        if size[1] < _SMALLEST[0] or size[0] < _SMALLEST[1]:
            return ()
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        found, scores = hog.detectMultiScale(small, winStride=(8, 8), padding=(8, 8), scale=1.05)
        rows = zip(found, np.ravel(scores), strict=True)
        return tuple(_seen(box, float(s), scale) for box, s in rows if s >= min_score)

    return Seer(name="hog_people", weights_sha256=None, confidence_class="weak", see=see)


def _seen(box: Sequence[int], score: float, scale: float) -> Seen:
    x, y, width, height = (float(side) / scale for side in box)
    return Seen(
        object_class="pedestrian",
        score=score,
        x_px=x,
        y_px=y,
        width_px=width,
        height_px=height,
    )

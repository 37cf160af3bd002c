"""Messages of a camera as pictures in colour."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from avdataops.ports.seeing import Picture

_TO_BLUE_GREEN_RED = {"bgr8": (0, 1, 2), "rgb8": (2, 1, 0), "mono8": (0, 0, 0)}
"""Encodings of sensor_msgs/Image that are looked into -> which channel is blue, green, red."""


def colour_picture(message: Mapping[str, Any]) -> Picture | None:
    """Return the picture of one message, encoded (JPEG, PNG) or raw; None where it cannot be read.

    ``message`` has ``data``, and for raw pictures height, width, step (bytes per line), encoding.
    """
    data = message.get("data")
    if not isinstance(data, bytes) or not data:
        return None
    order = _TO_BLUE_GREEN_RED.get(str(message.get("encoding")))
    return _decoded(data) if order is None else _unpacked(data, message, order)


def _decoded(data: bytes) -> Picture | None:
    import cv2

    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, dtype=np.uint8)


def _unpacked(data: bytes, facts: Mapping[str, Any], order: tuple[int, ...]) -> Picture | None:
    height, width, step = (int(facts.get(name) or 0) for name in ("height", "width", "step"))
    many = max(order) + 1
    if min(height, width) < 1 or step < width * many or len(data) < height * step:
        return None
    lines = np.frombuffer(data, np.uint8, count=height * step).reshape(height, step)
    pixels = lines[:, : width * many].reshape(height, width, many)
    return np.ascontiguousarray(pixels[:, :, list(order)])

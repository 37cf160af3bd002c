"""What a picture tells without anyone looking at it: perceptual hash, brightness, sharpness."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

_HASH_SIDE = 32
_HASH_BITS_SIDE = 8
_COLOUR_BYTES = {"mono8": 1, "8UC1": 1, "rgb8": 3, "bgr8": 3, "8UC3": 3, "rgba8": 4, "bgra8": 4}
"""Bytes per pixel of the encodings of sensor_msgs/Image that are looked into."""
_REDUCED = 4
"""Pictures are looked at in a quarter of their size, which a JPEG decoder gets to for free."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What one picture tells."""

    phash: int
    """64 bits as a signed number."""
    luma: float
    """Mean brightness, 0 to 255."""
    sharpness: float
    """Variance of the Laplacian of the brightness, at a quarter of the picture's size."""


def decoded(data: bytes) -> Grey | None:
    """Return an encoded picture (JPEG, PNG) in grey at a quarter of its size, None if broken."""
    import cv2

    if not data:
        return None
    try:
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_4)
    except cv2.error:
        return None
    return None if grey is None else np.asarray(grey, dtype=np.uint8)


def unpacked(data: bytes, height: int, width: int, step: int, encoding: str) -> Grey | None:
    """Return a raw picture of 8 bits a channel in grey at a quarter of its size.

    Colour becomes the plain mean of its first three channels.  None for other encodings, and for
    data that do not hold what ``height``, ``step`` (bytes per line) and ``width`` promise.
    """
    import cv2

    many = _COLOUR_BYTES.get(encoding)
    if many is None or min(height, width) < 1 or step < width * many or len(data) < height * step:
        return None
    lines = np.frombuffer(data, np.uint8, count=height * step).reshape(height, step)
    pixels = lines[:, : width * many].reshape(height, width, many)[:, :, :3]
    grey = pixels.mean(axis=2).astype(np.uint8)
    size = (max(1, width // _REDUCED), max(1, height // _REDUCED))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def facts_of(grey: Grey) -> PictureFacts:
    """Return what a grey picture of any size tells."""
    import cv2

    edges = cv2.Laplacian(grey, cv2.CV_32F)
    return PictureFacts(
        phash=perceptual_hash(grey),
        luma=float(grey.mean()),
        sharpness=float(np.var(edges, dtype=np.float64)),
    )


def perceptual_hash(grey: Grey) -> int:
    """Return the 64-bit hash of a picture's coarse structure; near pictures have near hashes.

    One bit per coefficient of the 8 x 8 lowest frequencies of the cosine transform of the picture
    at 32 x 32: set where it is above their median.  Source: Zauner, "Implementation and
    benchmarking of perceptual image hash functions", 2010.
    """
    import cv2

    size = (_HASH_SIDE, _HASH_SIDE)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:_HASH_BITS_SIDE, :_HASH_BITS_SIDE]
    bits = np.packbits((low > np.median(low)).ravel())
    return int.from_bytes(bits.tobytes(), "big", signed=True)


def distance_bits(one: int, other: int) -> int:
    """Return in how many of their 64 bits two hashes differ (Hamming distance).

    Six to eight is the habitual limit below which two pictures are near duplicates.
    """
    return ((one ^ other) & (2**64 - 1)).bit_count()

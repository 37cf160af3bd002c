"""What finds objects in pictures: weights that the user brings, or a weak fallback."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Shape (height, width, 3), blue, green, red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One object in one picture; the box in pixels from its top-left corner."""

    object_class: str
    score: float
    x_px: float
    y_px: float
    width_px: float
    height_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seer:
    """Finds objects in pictures."""

    name: str
    weights_sha256: str | None
    """Of the weights file; None where the method needs none."""
    confidence_class: Literal["normal", "weak"]
    """Weak results are hints for people and never the only reason for a scene."""
    see: Callable[[Picture], tuple[Seen, ...]]

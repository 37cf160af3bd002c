"""One colour for each scene type, the same on every page and in every session."""

import functools
import hashlib

from avdataops.tables.ontology import meanings

_GOLDEN_DEG = 137.508
"""Steps of the golden angle keep neighbours in the list apart in hue."""
_SATURATION, _LIGHTNESS = (72, 58, 80), (46, 54, 40)
"""Taken in turn, so that hues that come close differ in something else."""


def colour_of(scene_type: str) -> str:
    """Return a colour that is seen on white and on black."""
    place = _places().get(scene_type)
    if place is None:
        place = int.from_bytes(hashlib.sha256(scene_type.encode()).digest()[:2], "big")
    hue = round(place * _GOLDEN_DEG) % 360
    turn = place % len(_SATURATION)
    return f"hsl({hue}, {_SATURATION[turn]}%, {_LIGHTNESS[turn]}%)"


@functools.cache
def _places() -> dict[str, int]:
    return {name: place for place, name in enumerate(meanings())}

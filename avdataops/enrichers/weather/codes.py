"""What codes of present weather speak of: WMO-No. 306, code tables 4677 and 4680."""

from itertools import chain
from typing import NamedTuple


class Phases(NamedTuple):
    """Codes by what they speak of; drizzle and freezing rain are liquid."""

    liquid: frozenset[int]
    solid: frozenset[int]
    either: frozenset[int]
    """Something falls, but the code does not tell what."""
    fog: frozenset[int]
    """Visibility below 1000 m in fog or ice fog at the place itself."""

    def kinds(self, code: int) -> set[str]:
        """Return what a code speaks of, ``other`` if it is none of these."""
        return {name for name in self._fields if code in getattr(self, name)} or {"other"}


def _codes(*parts: range | int) -> frozenset[int]:
    return frozenset(chain.from_iterable([p] if isinstance(p, int) else p for p in parts))


WMO_4680 = Phases(
    liquid=_codes(43, 44, 47, 48, range(50, 59), range(60, 69), range(81, 85)),
    solid=_codes(45, 46, 67, 68, range(70, 78), range(85, 88)),
    either=_codes(40, 41, 42, 80, 92, 95),
    fog=_codes(range(30, 36)),
)
"""Automatic stations."""
WMO_4677 = Phases(
    liquid=_codes(range(50, 70), range(80, 85), 91, 92),
    solid=_codes(range(68, 76), 77, 79, range(83, 87)),
    either=_codes(87, 88, 93, 94, 95, 97),
    fog=_codes(range(41, 50)),
)
"""Manned stations, and the models that speak like them."""

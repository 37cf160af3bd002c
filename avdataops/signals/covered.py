"""Which parts of each picture are painted over: what was seen, enlarged, and held over time.

A face that the network misses in one frame is a face in that frame all the same.  So every box is
enlarged, held for a while before and after, and between two boxes of one thing all that both
span is covered: whatever straight way it took lies inside.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from avdataops.ports.seeing import Seen

MAX_BOXES = 500
"""A network that sees more in one picture is not to be trusted with it: all of it is covered."""
_MIN_MARGIN_PX = 2.0
_REACH = 2.0
"""Boxes are of one thing if their centres are within so many of their sizes."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a network saw in one picture."""

    t_ns: int
    seen: tuple[Seen, ...]
    """Empty for a picture that cannot be read."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture to be painted over, in pixels; it may stand out of the picture."""

    x_px: float
    y_px: float
    width_px: float
    height_px: float
    object_class: str
    score: float
    held: bool = False
    """Not seen in this picture, but before or after."""

    def holds(self, other: "Region") -> bool:
        """Say whether all of ``other`` lies inside."""
        return (
            self.x_px <= other.x_px
            and self.y_px <= other.y_px
            and self.x_px + self.width_px >= other.x_px + other.width_px
            and self.y_px + self.height_px >= other.y_px + other.height_px
        )


def covered(
    looks: Sequence[Look], enlarge: float, hold_ns: int, bridge_ns: int
) -> Iterator[tuple[Region, ...]]:
    """Yield the regions of each picture; ``looks`` are in order of time.

    Every side grows by ``enlarge`` of the box's size.  A box is held for ``hold_ns`` before and
    after; two boxes of one class that are near each other and at most ``bridge_ns`` apart cover,
    in the pictures between, the rectangle around both.
    """
    own = [tuple(enlarged(seen, enlarge) for seen in look.seen) for look in looks]
    stamps = [look.t_ns for look in looks]
    extra: dict[int, list[Region]] = {}
    ahead = 0
    for index, regions in enumerate(own):
        # What comes later reaches back by the hold alone, so no more than that is kept.
        while ahead < len(own) and stamps[ahead] <= stamps[index] + hold_ns:
            for region in own[ahead]:
                _hold(region, (ahead, index), stamps, hold_ns, extra)
                _bridge(region, (ahead, own), stamps, bridge_ns, extra)
            ahead += 1
        yield _without_doubles((*regions, *extra.pop(index, ())))


def enlarged(seen: Seen, share: float) -> Region:
    """Return the box with a margin on every side."""
    across = max(seen.width_px * share, _MIN_MARGIN_PX)
    down = max(seen.height_px * share, _MIN_MARGIN_PX)
    return Region(
        x_px=seen.x_px - across,
        y_px=seen.y_px - down,
        width_px=seen.width_px + 2 * across,
        height_px=seen.height_px + 2 * down,
        object_class=seen.object_class,
        score=seen.score,
    )


def _hold(
    region: Region,
    at: tuple[int, int],
    stamps: Sequence[int],
    hold_ns: int,
    extra: dict[int, list[Region]],
) -> None:
    """Cover the pictures before and after, from the first that is still to be told."""
    index, told = at
    first = max(told, bisect_left(stamps, stamps[index] - hold_ns))
    last = bisect_right(stamps, stamps[index] + hold_ns)
    for other in range(first, last):
        if other != index:
            extra.setdefault(other, []).append(replace(region, held=True))


def _bridge(
    region: Region,
    at: tuple[int, Sequence[tuple[Region, ...]]],
    stamps: Sequence[int],
    bridge_ns: int,
    extra: dict[int, list[Region]],
) -> None:
    """Cover the pictures between a box and where it is seen next."""
    index, own = at
    last = bisect_right(stamps, stamps[index] + bridge_ns)
    for later in range(index + 1, last):
        same = [one for one in own[later] if _is_same(region, one)]
        if same:
            for between in range(index + 1, later):
                extra.setdefault(between, []).extend(_around(region, one) for one in same)
            return


def _is_same(one: Region, other: Region) -> bool:
    if one.object_class != other.object_class:
        return False
    reach = _REACH * max(one.width_px, one.height_px, other.width_px, other.height_px)
    across = (one.x_px + one.width_px / 2) - (other.x_px + other.width_px / 2)
    down = (one.y_px + one.height_px / 2) - (other.y_px + other.height_px / 2)
    return max(abs(across), abs(down)) <= reach


def _around(one: Region, other: Region) -> Region:
    left, top = min(one.x_px, other.x_px), min(one.y_px, other.y_px)
    right = max(one.x_px + one.width_px, other.x_px + other.width_px)
    bottom = max(one.y_px + one.height_px, other.y_px + other.height_px)
    score = min(one.score, other.score)
    return Region(left, top, right - left, bottom - top, one.object_class, score, held=True)


def _without_doubles(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return the regions that no other holds; what was seen stays."""
    kept: list[Region] = [one for one in regions if not one.held]
    held = sorted((one for one in regions if one.held), key=lambda r: -r.width_px * r.height_px)
    for one in held:
        if not any(other.holds(one) for other in kept):
            kept.append(one)
    return tuple(kept)

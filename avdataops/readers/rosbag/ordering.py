"""Loaded chunks become one sequence by log time, with bounded memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from avdataops.model.stream import Problem
from avdataops.readers.rosbag.container import Lost
from avdataops.readers.rosbag.messages import Messages

MAX_PENDING_BYTES = 1 << 27
"""Messages held back because chunks overlap in time; beyond it the oldest go out."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The messages of neighbouring chunks, in file order."""

    until_ns: int | None
    """First time of the next chunk by its index; None behind the last one."""
    messages: Messages


@dataclass(frozen=True, slots=True)
class LostChunk:
    """A chunk that cannot be read."""

    until_ns: int | None
    problem: Problem
    lost: tuple[Lost, ...]


Unit = Loaded | LostChunk


def in_time_order(
    units: Iterable[Unit], on_disorder: Callable[[int], None]
) -> Iterator[Messages | LostChunk]:
    """Yield the messages of all units by log time, and by place in the file where times tie.

    Units come in the order of their times.  A message is held back until no later unit can come
    before it.  ``on_disorder`` is called with the offset of a chunk whose messages come too late
    to be put in order.
    """
    pending: Messages | None = None
    passed: int | None = None
    for unit in units:
        if isinstance(unit, LostChunk):
            yield unit
        else:
            pending = _joined(pending, unit.messages)
        if pending is None:
            continue
        if passed is not None and int(pending.t_ns[0]) < passed:
            on_disorder(int(pending.at[0]))
        place = len(pending)
        if unit.until_ns is not None:
            place = int(pending.t_ns.searchsorted(unit.until_ns))
        while True:
            ready, pending = _split(pending, place)
            if ready is not None:
                yield ready
                passed = int(ready.t_ns[-1])
            if pending is None or pending.nbytes <= MAX_PENDING_BYTES:
                break
            place = (len(pending) + 1) // 2


def _joined(pending: Messages | None, more: Messages) -> Messages | None:
    if not len(more):
        return pending
    if pending is None:
        return more.in_order()
    return Messages.together([pending, more]).in_order()


def _split(some: Messages, place: int) -> tuple[Messages | None, Messages | None]:
    """Return the messages before and from a place on, None for none.

    What stays must not keep the buffer of what goes.
    """
    before = some.pick(slice(0, place)) if place else None
    after = some.pick(slice(place, None)).alone() if place < len(some) else None
    return before, after

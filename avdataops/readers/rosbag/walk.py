"""Finds where every field of many messages stands, field by field for all of them at once.

Only counts are read on the way; values follow later, whole columns at a time.  Every message has
one position, and each step moves the positions of all messages that it concerns.  Elements of
lists are passed in lockstep: the first of every message, then the second of those that have one.
Where few messages are left to go on, :mod:`narrow` goes through the rest one by one.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag.gather import Places, offsets_of, values_at
from avdataops.readers.rosbag.narrow import Narrow
from avdataops.readers.rosbag.places import Block, Found
from avdataops.readers.rosbag.program import (
    FillerStep,
    ListStep,
    Program,
    RunStep,
    Step,
    TextsStep,
    TextStep,
)
from avdataops.readers.rosbag.wire import MAX_PADDING, Wire

NARROW = 6
"""Messages up to which going one by one is faster than in lockstep (measured)."""


class Walk:
    """One pass over the messages of a block, all of one wire format."""

    def __init__(self, programs: tuple[Program, ...], wire: Wire, block: Block) -> None:
        count = len(block.starts)
        self.data = block.data
        self.wire = wire
        self.base = block.starts
        self.end = block.starts + block.sizes
        self.position = block.starts + wire.origin
        self.faults: list[tuple[int, str]] = []
        """First message of each fault, and what is wrong with it."""
        self.is_bad = np.zeros(count, np.bool_)
        self.found = [Found() for _ in programs]
        self.texts: dict[tuple[int, int], Found] = {}
        """(Table, slot) -> the elements of a list of texts."""
        self._elements = [np.zeros(count, np.int64) for _ in programs]
        self._current = [np.zeros(count, np.int64) for _ in programs]
        self._text_elements: dict[tuple[int, int], Places] = {}
        self._count_kind = np.dtype(wire.order + "u4")
        self._root(programs[0])

    def _root(self, program: Program) -> None:
        everyone = np.arange(len(self.base), dtype=np.int64)
        nothing = np.zeros(0, np.int64)
        self.found[0].begin(everyone, nothing, nothing)
        some = self._steps(program, everyone)
        slack = MAX_PADDING if self.wire.align > 1 else 0
        left = self.end[some] - self.position[some]
        self._keep(
            some,
            left <= slack,
            lambda m: (
                f"{self.end[m] - self.position[m]} of {self._size(m)} bytes are not in "
                "the definition"
            ),
        )

    def _size(self, message: int) -> int:
        return int(self.end[message] - self.base[message])

    def _keep(self, some: Places, good: npt.NDArray[np.bool_], why: Callable[[int], str]) -> Places:
        """Return the messages that are good; the others are told and left where they are."""
        if good.all():
            return some
        bad = some[~good]
        self.is_bad[bad] = True
        first = int(bad.min())
        self.faults.append((first, why(first)))
        return some[good]

    def _steps(self, program: Program, some: Places) -> Places:
        for step in program.steps:
            if not len(some):
                break
            some = self._step(program, step, some)
        return some

    def _step(self, program: Program, step: Step, some: Places) -> Places:
        if isinstance(step, RunStep):
            return self._run(program, step, some)
        if isinstance(step, TextStep):
            some, starts, sizes = self._text(some)
            self.found[program.number].add(step.slot, starts, sizes)
            return some
        if isinstance(step, ListStep):
            return self._list(program, step, some)
        if isinstance(step, TextsStep):
            return self._texts(program, step, some)
        if isinstance(step, FillerStep):
            stops = self.position[some] + step.size
            return self._move(some, stops, "an empty field goes")
        return self._children(program, step, some)

    def _move(self, some: Places, stops: Places, what: str) -> Places:
        """Move on to ``stops``, if they are inside the messages."""
        good = stops <= self.end[some]
        if not good.all():
            ends = dict(zip(some.tolist(), stops.tolist(), strict=True))
            some = self._keep(
                some,
                good,
                lambda m: (
                    f"the message ends at {self._size(m)}, {what} to {ends[m] - int(self.base[m])}"
                ),
            )
            stops = stops[good]
        self.position[some] = stops
        return some

    def _phases(self, some: Places) -> Places:
        wire = self.wire
        return (self.position[some] - self.base[some] - wire.origin) % wire.align

    def _run(self, program: Program, step: RunStep, some: Places) -> Places:
        starts = self.position[some]
        self.found[program.number].add(step.slot, starts)
        return self._move(some, starts + step.sizes[self._phases(some)], "fields go")

    def _pad(self, some: Places, size: int) -> Places:
        size = min(size, self.wire.align)
        at = self.position[some]
        return at + (self.wire.origin + self.base[some] - at) % size

    def _counts(self, some: Places, element_bytes: int) -> tuple[Places, Places]:
        """Read a count that the rest of the message can hold."""
        starts = self._pad(some, 4)
        some = self._move(some, starts + 4, "a count goes")
        counts = values_at(self.data, self.position[some] - 4, self._count_kind).astype(np.int64)
        good = counts * element_bytes <= self.end[some] - self.position[some]
        if not good.all():
            told = dict(zip(some.tolist(), counts.tolist(), strict=True))
            some = self._keep(
                some,
                good,
                lambda m: (
                    f"{told[m]} elements at {int(self.position[m] - self.base[m]) - 4} "
                    f"cannot be in {self._size(m)} bytes"
                ),
            )
            counts = counts[good]
        return some, counts

    def _text(self, some: Places) -> tuple[Places, Places, Places]:
        """Return the messages that go on, and where their text begins and how long it is."""
        some, sizes = self._counts(some, 1)
        starts = self.position[some]
        stops = starts + sizes
        self.position[some] = stops
        if self.wire.trailing_nul:
            # CDR counts the final NUL; some writers leave it out of an empty string.
            last = np.maximum(stops - 1, 0)
            sizes = sizes - ((sizes > 0) & (self.data[last] == 0))
        return some, starts, sizes

    def _list(self, program: Program, step: ListStep, some: Places) -> Places:
        size = step.kind.itemsize
        some, counts = self._counts(some, size)
        starts = np.where(counts > 0, self._pad(some, step.align), self.position[some])
        self.found[program.number].add(step.slot, starts, counts)
        return self._move(some, starts + counts * size, "a list goes")

    def _texts(self, program: Program, step: TextsStep, some: Places) -> Places:
        if step.leaf.length is None:
            some, counts = self._counts(some, 1)
        else:
            counts = np.full(len(some), step.leaf.length, np.int64)
        self.found[program.number].add(step.slot, counts)
        key = (program.number, step.slot)
        inside = self.texts.setdefault(key, Found())
        elements = self._text_elements.setdefault(key, np.zeros(len(self.base), np.int64))
        left = np.zeros(len(self.base), np.int64)
        left[some] = counts
        waiting = some[counts > 0]
        while len(waiting) > NARROW:
            waiting, starts, sizes = self._text(waiting)
            inside.begin(waiting, elements[waiting], waiting)
            inside.add(0, starts, sizes)
            elements[waiting] += 1
            left[waiting] -= 1
            waiting = waiting[left[waiting] > 0]
        for message in waiting.tolist():
            count = int(left[message])
            self._narrowly(message, partial(Narrow.text_list, key=key, count=count))
        return some[~self.is_bad[some]]

    def _children(self, program: Program, child: Program, some: Places) -> Places:
        length = child.table.length
        if length is None:
            some, counts = self._counts(some, 1)
        else:
            counts = np.full(len(some), length, np.int64)
        parents = self._current[program.number]
        run = child.only_run
        if run is not None and run.repeats[self._phases(some)].all():
            return self._repeated(child, run, some, counts, parents)
        left = np.zeros(len(self.base), np.int64)
        left[some] = counts
        waiting = some[counts > 0]
        while len(waiting) > NARROW:
            self._begin(child, waiting, parents)
            waiting = self._steps(child, waiting)
            left[waiting] -= 1
            waiting = waiting[left[waiting] > 0]
        for message in waiting.tolist():
            count, parent = int(left[message]), int(parents[message])
            take = partial(Narrow.children, child=child, count=count, parent=parent)
            self._narrowly(message, take)
        return some[~self.is_bad[some]]

    def _begin(self, child: Program, some: Places, parents: Places) -> None:
        elements = self._elements[child.number]
        numbers = elements[some]
        self._current[child.number][some] = numbers
        self.found[child.number].begin(some, numbers, parents[some])
        elements[some] += 1

    def _repeated(
        self, child: Program, run: RunStep, some: Places, counts: Places, parents: Places
    ) -> Places:
        """Take lists whose elements have one size."""
        sizes = run.sizes[self._phases(some)]
        firsts = self.position[some]
        kept = self._move(some, firsts + counts * sizes, "fields go")
        if len(kept) < len(some):
            return kept
        within = np.arange(int(counts.sum())) - np.repeat(offsets_of(counts)[:-1], counts)
        elements = self._elements[child.number]
        numbers = np.repeat(elements[some], counts) + within
        found = self.found[child.number]
        found.begin(np.repeat(some, counts), numbers, np.repeat(parents[some], counts))
        found.add(run.slot, np.repeat(firsts, counts) + within * np.repeat(sizes, counts))
        elements[some] += counts
        return some

    def _narrowly(self, message: int, take: Callable[[Narrow], None]) -> None:
        """Take the rest of one message's list by itself."""
        numbers = [int(elements[message]) for elements in self._elements]
        one = Narrow(self.data, self.wire, int(self.base[message]), self._size(message), numbers)
        one.at = int(self.position[message]) - one.base
        try:
            take(one)
        except SchemaMismatch as error:
            self.is_bad[message] = True
            self.faults.append((message, error.message))
            return
        self.position[message] = one.base + one.at
        for program, rows in one.rows.items():
            places = np.full(len(rows.parent), message, np.int64)
            elements = self._elements[program]
            first = int(elements[message])
            found = self.found[program]
            found.begin(places, first + np.arange(len(places)), np.array(rows.parent, np.int64))
            for slot, values in rows.slots.items():
                found.add(slot, *np.array(values, np.int64).T)
            elements[message] += len(places)
        for key, texts in one.texts.items():
            counter = self._text_elements.setdefault(key, np.zeros(len(self.base), np.int64))
            places = np.full(len(texts), message, np.int64)
            inside = self.texts.setdefault(key, Found())
            inside.begin(places, int(counter[message]) + np.arange(len(texts)), places)
            inside.add(0, *np.array(texts, np.int64).reshape(-1, 2).T)
            counter[message] += len(texts)

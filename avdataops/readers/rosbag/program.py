"""A table compiled for one encoding: where its steps stand at every phase of the alignment."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from avdataops.readers.rosbag.layout import Filler, Leaf, Run, Table
from avdataops.readers.rosbag.wire import Wire, element_type, run_layout


@dataclass(frozen=True, slots=True, eq=False)
class RunStep:
    """Neighbouring fields of fixed size; their place depends on where the first one begins."""

    slot: int
    leaves: tuple[Leaf, ...]
    sizes: npt.NDArray[np.int64]
    """Bytes by phase."""
    shifts: npt.NDArray[np.int64]
    """Padding before the first field by phase."""
    forms: tuple[np.dtype[np.void], ...]
    """What stands behind that padding by phase; the same object where it is the same."""
    repeats: npt.NDArray[np.bool_]
    """By phase: whether another one right behind begins at the same phase."""


@dataclass(frozen=True, slots=True, eq=False)
class TextStep:
    """One text."""

    slot: int
    leaf: Leaf


@dataclass(frozen=True, slots=True, eq=False)
class TextsStep:
    """A list of texts, of any length or a fixed one."""

    slot: int
    leaf: Leaf


@dataclass(frozen=True, slots=True, eq=False)
class ListStep:
    """A list of numbers or times, or opaque bytes."""

    slot: int
    leaf: Leaf
    kind: np.dtype[Any]
    align: int


@dataclass(frozen=True, slots=True, eq=False)
class FillerStep:
    """Nothing, in one byte where the encoding has no empty structs."""

    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The steps of one table; a step that is a program itself is a list of messages.

    ``number`` counts tables in the order of ``layout.tables``: parents first.
    """

    number: int
    parent: int
    """Number of the table whose rows the elements hang on; 0 for the messages."""
    table: Table
    steps: tuple["RunStep | TextStep | TextsStep | ListStep | FillerStep | Program", ...]

    @property
    def only_run(self) -> RunStep | None:
        """The run that an element consists of, if it is nothing else."""
        only = self.steps[0] if len(self.steps) == 1 else None
        return only if isinstance(only, RunStep) else None


Step = RunStep | TextStep | TextsStep | ListStep | FillerStep | Program


@functools.lru_cache(maxsize=4096)
def compiled(table: Table, wire: Wire) -> tuple[Program, ...]:
    """Return the programs of a table and all below it, parents first."""
    found: list[Program | None] = []
    _compile(table, wire, found, 0)
    return tuple(one for one in found if one is not None)


def _compile(table: Table, wire: Wire, found: list[Program | None], parent: int) -> Program:
    number = len(found)
    found.append(None)
    steps: list[Step] = []
    for slot, step in enumerate(table.steps):
        if isinstance(step, Table):
            steps.append(_compile(step, wire, found, number))
        elif isinstance(step, Run):
            steps.append(_run_step(slot, step, wire))
        elif isinstance(step, Filler):
            steps.append(FillerStep(int(wire.align > 1)))
        elif step.leaf.base != "string":
            kind = element_type(step.leaf.base, wire)
            align = 4 if kind.names else kind.itemsize
            steps.append(ListStep(slot, step.leaf, kind, align))
        else:
            steps.append((TextsStep if step.leaf.is_list else TextStep)(slot, step.leaf))
    program = found[number] = Program(number, parent, table, tuple(steps))
    return program


def _run_step(slot: int, run: Run, wire: Wire) -> RunStep:
    layouts = tuple(run_layout(run, wire, phase) for phase in range(wire.align))
    shifts = [min(_offsets(one.dtype), default=0) for one in layouts]
    forms: list[np.dtype[np.void]] = []
    for layout, shift in zip(layouts, shifts, strict=True):
        form = _without_padding(layout.dtype, shift)
        forms.append(next((known for known in forms if known == form), form))
    return RunStep(
        slot,
        run.leaves,
        np.array([one.size for one in layouts], np.int64),
        np.array(shifts, np.int64),
        tuple(forms),
        np.array([one.repeats for one in layouts], np.bool_),
    )


def _offsets(kind: np.dtype[np.void]) -> list[int]:
    return [place[1] for place in (kind.fields or {}).values()]


def _without_padding(kind: np.dtype[np.void], shift: int) -> np.dtype[np.void]:
    places: Mapping[str, tuple[Any, ...]] = kind.fields or {}
    return np.dtype(
        {
            "names": list(places),
            "formats": [place[0] for place in places.values()],
            "offsets": [place[1] - shift for place in places.values()],
            "itemsize": kind.itemsize - shift,
        }
    )

"""Layouts: a message type as tables of flat columns and the steps that read them off the wire."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.readers.names import RESERVED, UniqueNames, snake_case, with_unit
from avdataops.readers.rosbag.definitions import DURATION, TIME, Field, Types, is_primitive
from avdataops.readers.rosbag.units import field_unit

MAX_DEPTH = 32
MAX_COLUMNS = 10_000
MAX_FIXED_BYTES = 1 << 26
MAX_FIXED_ELEMENTS = 1 << 16
"""Messages in lists of fixed length, one inside the other, which no bytes need to back."""

NUMBERS = {
    "bool": "u1",
    "byte": "u1",
    "char": "u1",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "int64": "i8",
    "uint64": "u8",
    "float32": "f4",
    "float64": "f8",
}
_OCTETS = frozenset({"byte", "char", "uint8"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One column of a table."""

    column: str
    source: str
    unit: str | None
    base: str
    """Key of ``NUMBERS``, ``string``, ``time`` or ``duration``."""
    is_list: bool = False
    length: int | None = None

    @property
    def is_octets(self) -> bool:
        """Say whether the column holds opaque bytes rather than a list of numbers."""
        return self.is_list and self.base in _OCTETS

    @property
    def is_fixed(self) -> bool:
        """Say whether every message spends the same number of bytes on it."""
        return self.base != "string" and (not self.is_list or self.length is not None)


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring fields of fixed size."""

    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """One field whose size differs from message to message: text, or a list."""

    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Filler:
    """The byte that stands for an empty message where the encoding has no zero-size structs."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of a message, or of the elements of one list of messages in it."""

    path: str
    """Dotted field names from the root message; empty for the root."""
    steps: tuple["Run | Variable | Filler | Table", ...]
    length: int | None = None
    """Elements of a fixed list; None for a list of any length."""

    @property
    def children(self) -> tuple["Table", ...]:
        """Tables of the lists of messages directly inside."""
        return tuple(step for step in self.steps if isinstance(step, Table))

    @property
    def leaves(self) -> Iterator[Leaf]:
        """Columns in the order of the message."""
        for step in self.steps:
            if isinstance(step, Run):
                yield from step.leaves
            elif isinstance(step, Variable):
                yield step.leaf


def tables(root: Table) -> Iterator[Table]:
    """Yield ``root`` and all tables below it, parents first."""
    yield root
    for child in root.children:
        yield from tables(child)


def layout_of(type_name: str, types: Types) -> Table:
    """Return the tables of a message type.

    Raises ``SchemaMismatch`` where a type is missing or has no columnar form here (wide strings,
    128-bit floats), and ``HostileInput`` for types without end or with too many columns.
    """
    budget = _Budget()
    return Table("", _Builder(types, budget).table_steps(type_name, "", (), 0))


@dataclass(slots=True)
class _Budget:
    columns: int = 0

    def spend(self, type_name: str) -> None:
        self.columns += 1
        if self.columns > MAX_COLUMNS:
            raise HostileInput(f"message type '{type_name}' has over {MAX_COLUMNS} columns")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the message a field is."""

    names: tuple[str, ...] = ()
    trail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Builder:
    types: Types
    budget: _Budget
    many: int = 1
    """Rows that fixed lists of messages make of one message, whatever its bytes say."""
    unique: UniqueNames = field(default_factory=lambda: UniqueNames(RESERVED))

    def table_steps(
        self,
        type_name: str,
        path: str,
        trail: tuple[tuple[str, str], ...],
        depth: int,
    ) -> tuple[Run | Variable | Filler | Table, ...]:
        flat = self._flat(type_name, path, _Place((), trail), depth)
        steps: list[Run | Variable | Filler | Table] = []
        run: list[Leaf] = []
        for item in flat:
            if isinstance(item, Leaf) and item.is_fixed:
                run.append(item)
                continue
            if run:
                steps.append(Run(tuple(run)))
                run = []
            steps.append(Variable(item) if isinstance(item, Leaf) else item)
        if run:
            steps.append(Run(tuple(run)))
        return tuple(steps)

    def _flat(
        self, type_name: str, path: str, place: _Place, depth: int
    ) -> Iterator[Leaf | Filler | Table]:
        if depth > MAX_DEPTH:
            raise HostileInput(f"message type '{type_name}' is nested over {MAX_DEPTH} levels deep")
        fields = self.types.get(type_name)
        if fields is None:
            raise SchemaMismatch(f"message type '{type_name}' is nowhere defined")
        if not fields:
            yield Filler()
        for one in fields:
            here = _Place((*place.names, one.name), (*place.trail, (type_name, one.name)))
            if is_primitive(one.base) or one.base in (TIME, DURATION):
                yield self._leaf(one, type_name, here)
            elif one.is_list:
                yield self._child(one, path, here, depth)
            else:
                yield from self._flat(one.base, path, here, depth + 1)

    def _child(self, one: Field, path: str, here: _Place, depth: int) -> Table:
        name = ".".join(here.names)
        child_path = f"{path}.{name}" if path else name
        many = self.many * (one.length or 1)
        if many > MAX_FIXED_ELEMENTS:
            raise HostileInput(f"'{one.name}' has {many} messages inside")
        builder = _Builder(self.types, self.budget, many)
        steps = builder.table_steps(one.base, child_path, here.trail, depth + 1)
        return Table(child_path, steps, one.length)

    def _leaf(self, one: Field, type_name: str, here: _Place) -> Leaf:
        self.budget.spend(type_name)
        base = {TIME: "time", DURATION: "duration"}.get(one.base, one.base)
        if base not in NUMBERS and base not in ("time", "duration", "string"):
            raise SchemaMismatch(f"'{one.name}' of '{type_name}' is a {base}, which has no column")
        if one.length is not None and one.length * 8 > MAX_FIXED_BYTES:
            raise HostileInput(f"'{one.name}' of '{type_name}' has {one.length} elements")
        unit = "ns" if base in ("time", "duration") else field_unit(here.trail)
        return Leaf(
            column=self.unique.claim(with_unit(snake_case("_".join(here.names)), unit)),
            source=".".join(here.names),
            unit=unit,
            base=base,
            is_list=one.is_list,
            length=one.length,
        )

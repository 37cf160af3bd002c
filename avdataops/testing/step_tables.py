"""Tables in memory and a context that remembers, for trying a step without an engine."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from avdataops.model.artifact import Artifact
from avdataops.model.ids import path_part
from avdataops.model.location import Location, Zone
from avdataops.model.stream import Account, Problem
from avdataops.ports.step import Bytes, Output, Rows, Table


@dataclass(frozen=True, slots=True)
class MemoryTable:
    """A stored table that is all in memory; remembers which columns were asked for."""

    artifact: Artifact
    data: pa.Table
    max_rows: int = 1000
    """Rows of a batch."""
    asked: list[tuple[str, ...]] = field(default_factory=list)
    """Columns of each call, in order; empty for all."""

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""
        return self.data.schema

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield its rows, ``max_rows`` at a time."""
        self.asked.append(tuple(columns or ()))
        yield from self._selected(columns).to_batches(max_chunksize=self.max_rows)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Return all rows."""
        self.asked.append(tuple(columns or ()))
        return self._selected(columns)

    def _selected(self, columns: list[str] | None) -> pa.Table:
        return self.data if columns is None else self.data.select(columns)


def memory_table(
    data: pa.Table,
    *,
    kind: str,
    name: str,
    part: str = "",
    attributes: Mapping[str, str] | None = None,
) -> MemoryTable:
    """Return ``data`` as an artifact of measurement ``m_1``, with its rows and times stated."""
    stamps = data["t_ns"].to_pylist() if "t_ns" in data.schema.names else []
    artifact = Artifact(
        id=f"art_{path_part(name)}_{path_part(part or 'whole')}",
        kind=kind,
        measurement="m_1",
        name=name,
        location=Location(Zone.DERIVED, f"{kind}/m_1/{path_part(name)}"),
        bytes=data.nbytes,
        sha256="0" * 64,
        rows=data.num_rows,
        start_ns=min(stamps, default=None),
        stop_ns=max(stamps) + 1 if stamps else None,
        part=part,
        attributes=dict(attributes or {}),
    )
    return MemoryTable(artifact, data)


@dataclass(slots=True)
class RecordingContext:
    """A StepContext that keeps what it is told."""

    measurement: str = "m_1"
    vehicle: str = "test car"
    part: str = ""
    caveats: list[Problem] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    done: float = 0.0

    def caveat(self, problem: Problem) -> None:
        """Keep a caveat."""
        self.caveats.append(problem)

    def account(self, account: Account) -> None:
        """Keep an account."""
        self.accounts.append(account)

    def fact(self, name: str, value: object) -> None:
        """Keep a fact."""
        self.facts[name] = value

    def progress(self, done: float) -> None:
        """Keep the progress."""
        self.done = done


def made_tables(rows: Iterable[Rows | Bytes]) -> dict[Output, pa.Table]:
    """Return the tables that a step yielded, batches of one output joined.

    Raises ``ArrowInvalid`` when batches of one output differ in their schema.
    """
    batches: dict[Output, list[pa.RecordBatch]] = {}
    for item in rows:
        if isinstance(item, Rows):
            batches.setdefault(item.output, []).append(item.batch)
    return {output: pa.Table.from_batches(parts) for output, parts in batches.items()}


def as_inputs(made: Mapping[Output, pa.Table], kind: str) -> tuple[Table, ...]:
    """Return the made tables of one kind as the next step would see them, by name and part."""
    outputs = sorted((o for o in made if o.kind == kind), key=lambda o: (o.name, o.part))
    return tuple(
        memory_table(
            made[output],
            kind=kind,
            name=output.name,
            part=output.part,
            attributes=dict(output.attributes),
        )
        for output in outputs
    )

"""Kinds: what tables and files the pipeline makes, with their columns, units and places."""

import functools
from dataclasses import dataclass

import pyarrow as pa

from avdataops.model.errors import SchemaMismatch, did_you_mean
from avdataops.model.location import Zone
from avdataops.tables.load import load_json, schemas_folder

TYPES = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "double": pa.float64(),
    "float": pa.float32(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "binary": pa.binary(),
    "list<float>": pa.list_(pa.float32()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One promised column."""

    name: str
    type: str
    unit: str
    nullable: bool
    doc: str

    @property
    def field(self) -> pa.Field:
        """The Arrow field, with its unit in the metadata."""
        return pa.field(
            self.name, TYPES[self.type], nullable=self.nullable, metadata={"unit": self.unit}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A table or file type of the pipeline."""

    name: str
    zone: Zone
    container: str
    """First part of the key; ``*`` means the topic class of the stream."""
    is_table: bool
    open: bool = False
    """True if columns beyond the promised ones may follow."""
    columns: tuple[Column, ...] = ()
    sort: tuple[str, ...] = ()
    doc: str = ""

    @property
    def schema(self) -> pa.Schema:
        """Promised columns as an Arrow schema."""
        return pa.schema([column.field for column in self.columns])

    def check(self, schema: pa.Schema) -> None:
        """Raise ``SchemaMismatch`` unless ``schema`` keeps the promise of this kind."""
        names = set(schema.names)
        for column in self.columns:
            if column.name not in names:
                if column.nullable and self.open:
                    continue
                raise SchemaMismatch(
                    f"{self.name}: column '{column.name}' is missing"
                    f"{did_you_mean(column.name, names)}"
                )
            got = schema.field(column.name).type
            if got != TYPES[column.type]:
                raise SchemaMismatch(
                    f"{self.name}: column '{column.name}' is {got}, promised {column.type}"
                )
        extra = [name for name in schema.names if name not in {c.name for c in self.columns}]
        if extra and not self.open:
            raise SchemaMismatch(f"{self.name}: column '{extra[0]}' is not promised")


@functools.cache
def kinds() -> dict[str, Kind]:
    """Return every kind by name."""
    found = (_kind(f"tables/{path.name}") for path in schemas_folder().glob("tables/*.json"))
    return {kind.name: kind for kind in found}


def kind(name: str) -> Kind:
    """Return one kind; raises ``SchemaMismatch`` with the near miss."""
    known = kinds()
    if name not in known:
        raise SchemaMismatch(f"no kind '{name}'{did_you_mean(name, known)}")
    return known[name]


def _kind(file: str) -> Kind:
    facts = load_json(file)
    return Kind(
        name=facts["kind"],
        zone=Zone(facts["zone"]),
        container=facts["container"],
        is_table=facts["format"] == "table",
        open=facts.get("open", False),
        columns=tuple(Column(**column) for column in facts.get("columns", ())),
        sort=tuple(facts.get("sort", ())),
        doc=facts["doc"],
    )

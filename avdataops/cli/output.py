"""Results on stdout or into a file, everything else on stderr."""

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_MS, format_time
from avdataops.ports.lineage_views import printable

STYLES = ("table", "json", "ndjson", "csv", "parquet")
BRIEF_LENGTH = 60
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sink:
    """Where a result goes, and in what style."""

    style: str
    file: Path | None = None

    def rows(self, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Write rows; ``columns`` are those of the table, the other styles hold every field."""
        if self.style == "parquet":
            _write_parquet(rows, self.file)
        elif self.style == "table":
            self._write(_table(rows, columns))
        elif self.style == "csv":
            self._write(_csv(rows, columns))
        elif self.style == "ndjson":
            self._write("".join(f"{json.dumps(dict(row))}\n" for row in rows))
        else:
            self._write(f"{json.dumps([dict(row) for row in rows], indent=2)}\n")

    def document(self, document: Row, text: str) -> None:
        """Write one document as JSON, or ``text`` for people."""
        if self.style == "json":
            self._write(f"{json.dumps(dict(document), indent=2)}\n")
        else:
            self._write(text if text.endswith("\n") else f"{text}\n")

    def _write(self, text: str) -> None:
        if self.file is None:
            click.echo(text, nl=False)
        else:
            _save(self.file, text.encode())


def with_sink(*styles: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``--format`` and ``-o`` to a command, which gets them as ``sink``."""
    choices = styles or STYLES

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--format",
            "style",
            type=click.Choice(choices),
            default=choices[0],
            show_default=True,
            help="How the result is written.",
        )
        @click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write the result to this file.",
        )
        @wraps(command)
        def sinking(*args: Any, style: str, output: Path | None, **options: Any) -> Any:
            return command(*args, sink=Sink(style, output), **options)

        return sinking

    return decorate


def _write_parquet(rows: Sequence[Row], output: Path | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([{k: _flat(v) for k, v in row.items()} for row in rows])
    sink = io.BytesIO()
    pq.write_table(table, sink)
    if output is not None:
        _save(output, sink.getvalue())
    elif sys.stdout.isatty():
        raise InputError("Parquet is not for terminals", hint="add -o FILE")
    else:
        sys.stdout.buffer.write(sink.getvalue())


def _save(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise InputError(f"cannot write '{file}': {error.strerror}") from error


def _flat(value: object) -> object:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list | tuple) else value


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row)) or columns
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _flat(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _table(rows: Sequence[Row], columns: Sequence[str]) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(column, row.get(column)) for column in columns))
    sink = io.StringIO()
    width = Console().width if sys.stdout.isatty() else 400
    Console(file=sink, width=width, no_color=not sys.stdout.isatty()).print(table, markup=False)
    return "".join(f"{line.rstrip()}\n" for line in sink.getvalue().splitlines())


def _cell(column: str, value: object) -> str:
    if value is None:
        return ""
    if column.endswith("_ns") and isinstance(value, int):
        # Milliseconds are enough to look at; the other styles keep every nanosecond.
        return format_time(value // NS_PER_MS * NS_PER_MS)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return printable(_brief(value))
    # Names come from recordings: none may move the cursor or colour the screen.
    return printable(str(value))


def _brief(facts: dict[str, object]) -> str:
    """Return the peaks first, and no more than fits beside the other columns."""
    peaks_first = sorted(facts, key=lambda name: (not name.startswith(("min_", "max_")), name))
    shown: list[str] = []
    for name in peaks_first:
        value = facts[name]
        told = f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        if sum(map(len, shown)) + len(told) > BRIEF_LENGTH:
            return " ".join([*shown, "…"])
        shown.append(told)
    return " ".join(shown)


def say(message: str) -> None:
    """Tell the person something that is not the result."""
    click.echo(message, err=True)

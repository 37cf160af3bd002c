"""Recordings to change: those of the behaviour suites, and real ones where they are at hand."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from avdataops.readers.formats import FORMATS, recognise
from avdataops.testing.can_log_cases import can_log_cases
from avdataops.testing.reader_cases import mdf_cases, ros_cases
from avdataops.testing.reader_suite import Case
from avdataops.testing.tdms_cases import tdms_cases

MAX_BYTES = 1 << 20
"""Of a recording: changes of larger ones seldom meet anything but payload."""
READERS = tuple(one.name for one in FORMATS)


@dataclass(frozen=True, slots=True)
class Seed:
    """A recording that is sound."""

    name: str
    data: bytes


@functools.cache
def _made() -> tuple[Case, ...]:
    """Return the cases of the suites; some writers put the time of day into their files."""
    return (*mdf_cases(), *ros_cases(), *can_log_cases(), *tdms_cases())


def seeds(reader: str, real: Path | None = None) -> list[Seed]:
    """Return the recordings of a format, from the suites and from a folder of real ones."""
    made = [
        Seed(case.name, case.data)
        for case in _made()
        if case.format.name == reader and len(case.data) <= MAX_BYTES
    ]
    return made + (list(_real(reader, real)) if real is not None else [])


def _real(reader: str, folder: Path) -> Iterator[Seed]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in (".csv", ".json", ".osm", ".gz"):
            continue
        with path.open("rb") as file:
            head = file.read(MAX_BYTES)
        found = recognise(head[:4096])
        if found is not None and found.name == reader:
            yield Seed(path.name, head)


def by_reader(readers: tuple[str, ...], real: Path | None) -> Mapping[str, list[Seed]]:
    """Return the recordings of several formats."""
    return {reader: found for reader in readers if (found := seeds(reader, real))}

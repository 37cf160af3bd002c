"""A measurement, its files and the recordings among them."""

from dataclasses import dataclass, field
from enum import StrEnum

from avdataops.model.stream import Problem, Stream


class State(StrEnum):
    """Every measurement is in exactly one state."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETE = "complete"
    QUARANTINED = "quarantined"


class Role(StrEnum):
    """What an uploaded file is for."""

    RECORDING = "recording"
    DBC = "dbc"
    NOTES = "notes"
    SIDECAR = "sidecar"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFile:
    """One uploaded file as the manifest promises it."""

    name: str
    """Relative to the measurement's folder, ``/`` between parts."""
    bytes: int
    sha256: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was uploaded; written last, so its presence says that the upload is complete."""

    schema_version: int
    measurement: str
    vehicle: str
    created_ns: int
    files: tuple[ManifestFile, ...]
    driver_notes: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a measurement was rejected, and what mends it."""

    code: str
    message: str
    fix: str
    """A command, or what to do before one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording file of a measurement."""

    id: str
    measurement: str
    name: str
    bytes: int
    sha256: str
    format: str | None = None
    start_ns: int | None = None
    stop_ns: int | None = None
    streams: tuple[Stream, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One recording session of one vehicle."""

    id: str
    vehicle: str
    state: State
    created_ns: int
    reason: Reason | None = None
    start_ns: int | None = None
    stop_ns: int | None = None
    driver_notes: dict[str, object] | None = None
    attributes: dict[str, str] = field(default_factory=dict)

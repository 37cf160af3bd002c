"""Where bytes lie: a zone and a key inside it that cannot leave it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from avdataops.model.errors import UnsafeName

_MAX_KEY_BYTES = 1024
_MAX_PART_BYTES = 255
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\:*?\"<>|%]")

DEVICE_NAMES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)}
)
"""Names that Windows takes for a device, whatever follows their first dot."""


class Zone(StrEnum):
    """A storage account; locally a sub-folder of the workspace."""

    LANDING = "landing"
    RAW = "raw"
    DERIVED = "derived"
    LABELED = "labeled"
    ARCHIVE = "archive"
    QUARANTINE = "quarantine"


def check_key(key: str) -> str:
    """Return ``key`` if every part of it is harmless on every storage, else raise ``UnsafeName``.

    Refused: absolute, empty, ``.``, ``..`` and hidden parts (leading ``.``), trailing dot or
    space, control characters, backslash, colon, percent, Windows device names, and lengths that
    some storage would cut.  A leading ``_``, which Spark takes for hidden, is left to uploaded
    files with such names; tables never have it (``model.ids.path_part``).
    """
    if not key or len(key.encode("utf-8", "surrogatepass")) > _MAX_KEY_BYTES:
        raise UnsafeName(f"a path of {len(key)} characters cannot be stored (1 to 1024 bytes)")
    for part in key.split("/"):
        _check_part(part, key)
    return key


def _check_part(part: str, key: str) -> None:
    shown = ascii(key[:120])
    if not part or part in {".", ".."}:
        raise UnsafeName(f"path {shown} has an empty, '.' or '..' part")
    if part[0] == "." or part[-1] in ". ":
        raise UnsafeName(f"path {shown}: a part starts with '.' or ends with '.' or ' '")
    if _FORBIDDEN.search(part) or part != part.encode("utf-8", "replace").decode():
        raise UnsafeName(f"path {shown} holds a character that some storages refuse")
    if (
        part.split(".", maxsplit=1)[0].lower() in DEVICE_NAMES
        or len(part.encode()) > _MAX_PART_BYTES
    ):
        raise UnsafeName(f"path {shown}: a part is a device name or longer than 255 bytes")


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """One stored object.

    ``key`` uses ``/``; in the zones raw, derived and labeled its first part is the container
    (topic class or kind), in the others the first part is the measurement.
    """

    zone: Zone
    key: str

    def __post_init__(self) -> None:
        """Refuse a key that could leave the zone or hide in it."""
        check_key(self.key)

    def __str__(self) -> str:
        return f"{self.zone}/{self.key}"

    def __truediv__(self, part: str) -> "Location":
        return Location(self.zone, f"{self.key}/{part}")

    @property
    def name(self) -> str:
        """Last part of the key."""
        return self.key.rsplit("/", 1)[-1]


def run_folder(measurement: str, run: str) -> Location:
    """Return where everything about one run lies: its tasks, their records and what it published.

    Those who start tasks, run them and take in their results agree on these places.
    """
    return Location(Zone.DERIVED, f"runs/{measurement}/{run}")


def task_at(measurement: str, run: str, attempt: int) -> Location:
    """Return where an attempt's task lies for a worker that gets no more than this name."""
    return run_folder(measurement, run) / f"task-{attempt}.json"


def attempt_at(measurement: str, run: str, attempt: int) -> Location:
    """Return where a worker leaves the record of one attempt."""
    return run_folder(measurement, run) / f"attempt-{attempt}.json"

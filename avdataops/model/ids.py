"""Ids and fingerprints: the same facts give the same id on every machine."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable

from avdataops.model.errors import InputError, UnsafeName
from avdataops.model.location import DEVICE_NAMES

_ID = re.compile(r"[a-z]{1,4}_[0-9a-f]{16,40}")
_VEHICLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_SLUG_LENGTH = 80
_HASH_LENGTH = 8
_FINGERPRINT_LENGTH = 24
_MAX_NAME_BYTES = 1024


def canonical_json(value: object) -> str:
    """Return JSON that does not depend on the order of keys; NaN is refused."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def fingerprint(value: object) -> str:
    """Return 24 hex digits that identify ``value`` (96 bits of SHA-256 over canonical JSON)."""
    digest = hashlib.sha256(canonical_json(value).encode()).hexdigest()
    return digest[:_FINGERPRINT_LENGTH]


def measurement_id(vehicle: str, files: Iterable[tuple[str, str]]) -> str:
    """Return the id of a measurement from its vehicle and its files' (name, sha256)."""
    return f"m_{fingerprint({'vehicle': vehicle, 'files': sorted(files)})}"


def recording_id(measurement: str, name: str, sha256: str) -> str:
    """Return the id of one recording file of a measurement."""
    return f"rec_{fingerprint([measurement, name, sha256])}"


def run_id(task_fingerprint: str) -> str:
    """Return the id of the run that executes the task with this fingerprint."""
    return f"run_{task_fingerprint}"


def artifact_id(task_fingerprint: str, kind: str, name: str) -> str:
    """Return the id of one artifact that a task makes."""
    return f"art_{fingerprint([task_fingerprint, kind, name])}"


def scene_id(measurement: str, scene_type: str, facts: object) -> str:
    """Return the id of a scene from what makes it this scene and no other."""
    return f"scn_{fingerprint([measurement, scene_type, facts])}"


def check_id(text: str) -> str:
    """Return ``text`` if it has the shape of an id, else raise ``InputError``."""
    if not _ID.fullmatch(text):
        raise InputError(f"'{text[:60]}' is not an id (like m_3f9a1c20…, run_…, art_…, scn_…)")
    return text


def check_vehicle(text: str) -> str:
    """Return ``text`` if it can name a vehicle, else raise ``InputError``."""
    if not _VEHICLE.fullmatch(text):
        raise InputError(
            f"'{text[:60]}' cannot name a vehicle; use 1 to 64 of A-Z a-z 0-9 space . _ -"
        )
    return text


def path_part(name: str) -> str:
    """Return ``slug~hash`` for any stream or file name: safe in every file system and for Spark.

    The slug is lower case ``[a-z0-9.-]``, never starts with ``_``, ``.`` or ``-`` and never names
    a device; the hash keeps ``/a/b`` and ``/a_b``, or ``/A`` and ``/a``, apart.  Raises
    ``UnsafeName`` for an empty or absurdly long name.
    """
    encoded = name.encode("utf-8", "surrogatepass")
    if not encoded or len(encoded) > _MAX_NAME_BYTES:
        raise UnsafeName(f"a name of {len(encoded)} bytes cannot name a stream (1 to 1024)")
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9-]+", ".", plain).strip(".-")[:_SLUG_LENGTH].rstrip(".-") or "x"
    if slug.split(".", maxsplit=1)[0] in DEVICE_NAMES:
        slug = f"x.{slug}"
    return f"{slug}~{hashlib.sha256(encoded).hexdigest()[:_HASH_LENGTH]}"

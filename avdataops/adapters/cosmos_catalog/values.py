"""Values as documents hold them: sortable times, exact bodies, ids that the service takes."""

import base64
import json
import re
import zlib
from typing import Any

from avdataops.model.errors import InputError, shown

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_SAFE_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_PACK_ABOVE = 200_000
_MAX_BODY_BYTES = 1_800_000
"""Leaves room for the other properties in the 2 MB of an item."""

_MAX_UNPACKED_BYTES = 200_000_000


def is_known_shape(text: str) -> bool:
    """Say whether ``text`` can be the id of anything in the catalog."""
    return _SAFE_ID.fullmatch(text) is not None


def check_id(text: str) -> str:
    """Return ``text`` if it can be kept as an id, else raise ``InputError``."""
    if not is_known_shape(text):
        raise InputError(f"{shown(text)} cannot be an id in the catalog")
    return text


def check_text(text: str) -> str:
    """Return ``text`` if it can be asked for, else raise ``InputError``: half surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"the catalog cannot take this value: {error}") from error
    return text


def check_ns(t_ns: int) -> int:
    """Return a time if it fits into 64 bits, else raise ``InputError``."""
    if not INT64_MIN <= t_ns <= INT64_MAX:
        raise InputError(f"time {t_ns} does not fit into 64 bits of nanoseconds")
    return t_ns


def sortable(t_ns: int) -> str:
    """Return a time as text that sorts as the times do.

    The numbers of the service are doubles, which tell nanoseconds of today apart only every 256.
    ``p`` and 19 digits from the epoch on; ``n`` and the distance from the earliest time before.
    """
    return f"p{t_ns:019d}" if t_ns >= 0 else f"n{t_ns - INT64_MIN:019d}"


def time_of(text: str) -> int:
    """Return the time that ``sortable`` has written."""
    return int(text[1:]) + (INT64_MIN if text[0] == "n" else 0)


def packed(body: str) -> dict[str, str]:
    """Return the property that holds an exact JSON text; a long one is compressed.

    Bodies are text because the service would round their integers.  Raises ``InputError`` for
    one that does not fit into an item even so.
    """
    if len(body) <= _PACK_ABOVE:
        return {"body": body}
    squeezed = base64.b85encode(zlib.compress(body.encode(), 6)).decode()
    if len(squeezed) > _MAX_BODY_BYTES:
        raise InputError(
            f"a document of {len(body)} bytes does not fit into the catalog, even compressed"
        )
    return {"packed": squeezed}


def unpacked(document: dict[str, Any]) -> str:
    """Return the exact JSON text of a document."""
    if "body" in document:
        return str(document["body"])
    reader = zlib.decompressobj()
    raw = reader.decompress(base64.b85decode(document["packed"]), _MAX_UNPACKED_BYTES)
    return raw.decode()


def size_of(document: dict[str, Any]) -> int:
    """Return the bytes that a document takes in a request."""
    return len(json.dumps(document))

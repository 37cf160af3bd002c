"""Locations to containers and blobs, and back; no two locations share a blob.

Zones with kinds (raw, derived, labeled) have a container per kind: ``_`` in the kind becomes ``-``,
which no kind holds itself, and the rest of the key is the blob.  A key whose first part cannot name
a container that way keeps its whole text in the container ``odd-keys``.  The other zones have one
container, ``drives``, with the whole key as the blob.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from avdataops.model.errors import UnsafeName
from avdataops.model.location import Location, Zone, check_key

DRIVES = "drives"
ODD = "odd-keys"
ZONES_WITH_KINDS = frozenset({Zone.RAW, Zone.DERIVED, Zone.LABELED})

_KIND = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
# Container names have 3 to 63 characters (Azure, "Naming and referencing containers").
_MIN_KIND, _MAX_KIND = 3, 63
# With a hierarchical namespace a path is at most 63 folders deep, account and container counted.
_MAX_PARTS = 60
# The service refuses U+0081 in addresses; the others cannot stand in the XML of a listing.
_UNLISTED = re.compile("[\x80-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Place:
    """A blob in an account."""

    container: str
    blob: str


def place(at: Location) -> Place:
    """Return where ``at`` lies; raises ``UnsafeName`` for a name that Azure does not keep."""
    if at.key.count("/") >= _MAX_PARTS or _UNLISTED.search(at.key):
        raise UnsafeName(
            f"{str(at)[:120]!a} cannot be stored on Azure: it is more than {_MAX_PARTS} folders "
            "deep or with a character that its listings cannot hold"
        )
    if at.zone not in ZONES_WITH_KINDS:
        return Place(DRIVES, at.key)
    kind, slash, rest = at.key.partition("/")
    if slash and _names_container(kind):
        return Place(kind.replace("_", "-"), rest)
    return Place(ODD, at.key)


def location(zone: Zone, where: Place) -> Location | None:
    """Return what lies at ``where``; None for a blob that no location leads to."""
    key = where.blob
    if zone in ZONES_WITH_KINDS and where.container != ODD:
        key = f"{where.container.replace('-', '_')}/{where.blob}"
    try:
        check_key(key)
        found = Location(zone, key)
        return found if place(found) == where else None
    except UnsafeName:
        return None


@dataclass(frozen=True, slots=True)
class Search:
    """One listing to make: the blobs of ``container`` whose name starts with ``prefix``."""

    container: str
    prefix: str


def direct_search(zone: Zone, prefix: str) -> Search | None:
    """Return the one listing that finds every key with ``prefix``; None if it takes several."""
    if zone not in ZONES_WITH_KINDS:
        return Search(DRIVES, prefix)
    kind, slash, rest = prefix.partition("/")
    if not slash:
        return None
    return Search(kind.replace("_", "-"), rest) if _names_container(kind) else Search(ODD, prefix)


def searches(prefix: str, containers: Iterable[str]) -> list[Search]:
    """Return the listings that find every key with ``prefix`` in a zone with kinds.

    ``prefix`` is the beginning of a first part; ``containers`` are those that exist.  The listings
    come in the order of their keys, except for ``odd-keys``: it comes last, and its keys lie
    between those of the others.
    """
    there = set(containers)
    kinds = sorted(f"{name.replace('-', '_')}/" for name in there if name != ODD)
    found = [
        Search(kind[:-1].replace("_", "-"), "")
        for kind in kinds
        if _names_container(kind[:-1]) and kind.startswith(prefix)
    ]
    return found + ([Search(ODD, prefix)] if ODD in there else [])


def _names_container(kind: str) -> bool:
    fits = _MIN_KIND <= len(kind) <= _MAX_KIND and _KIND.fullmatch(kind) is not None
    return fits and kind.replace("_", "-") != ODD

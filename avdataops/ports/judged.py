"""Where scenes of each type were judged: what a run of detection says in its fact ``judged``.

The fact is a list of groups of types that share their tiles: ``{"types": [...], "tiles":
[[start_ns, end_ns, known], ...]}``.  Catalogs keep it, because without it the absence of a scene
says nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from avdataops.model.errors import InputError

FACT = "judged"
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Tile:
    """A half-open stretch in which scenes of one type were judged, or could not be."""

    start_ns: int
    end_ns: int
    known: bool


def judged_fact(tiles: Iterable[tuple[str, Tile]]) -> list[dict[str, object]]:
    """Return the fact that tells the tiles of each type, each list of tiles once."""
    by_type: dict[str, list[tuple[int, int, bool]]] = {}
    for name, tile in tiles:
        by_type.setdefault(name, []).append((tile.start_ns, tile.end_ns, tile.known))
    groups: dict[tuple[tuple[int, int, bool], ...], list[str]] = {}
    for name in sorted(by_type):
        groups.setdefault(tuple(sorted(by_type[name])), []).append(name)
    return [
        {"types": names, "tiles": [list(tile) for tile in shared]}
        for shared, names in groups.items()
    ]


def judged_from(facts: Mapping[str, object]) -> dict[str, tuple[Tile, ...]]:
    """Return the tiles of each type that a run's facts tell; raises ``InputError``."""
    given = facts.get(FACT, [])
    if not isinstance(given, list):
        raise InputError(f"the fact '{FACT}' is a list of types with their tiles")
    found: dict[str, tuple[Tile, ...]] = {}
    for group in given:
        if not isinstance(group, Mapping) or not isinstance(group.get("tiles"), list):
            raise InputError(f"the fact '{FACT}' has a group without tiles")
        tiles = tuple(map(_tile, group["tiles"]))
        for name in group.get("types", ()):
            if not isinstance(name, str):
                raise InputError(f"the fact '{FACT}' names a type that is no text")
            found[name] = tiles
    return found


def _tile(given: object) -> Tile:
    match given:
        case [int(start_ns), int(end_ns), bool(known)] if start_ns in _INT64 and end_ns in _INT64:
            return Tile(start_ns, end_ns, known)
    raise InputError(f"the fact '{FACT}' has a tile that is not [start_ns, end_ns, known]")

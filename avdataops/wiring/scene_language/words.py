"""What a query may name, and the near miss of what it may not."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from avdataops.model.review import Verdict
from avdataops.model.scene import Surroundings
from avdataops.ports.catalog_rules import OWN_NUMBERS, OWN_TEXTS

PLACES: Mapping[str, str] = {
    "junction": "junction_distance_m",
    "crossing": "crossing_distance_m",
    "traffic_signal": "traffic_signal_distance_m",
    "school": "school_distance_m",
}
"""What a scene can be near to -> attribute that tells how near."""

NEAR_M = 50.0
"""How near that is, where the query does not say it."""

CLOSED: Mapping[str, tuple[str, ...]] = {
    "light": ("day", "twilight", "night"),
    "weather": ("snow", "rain", "fog", "dry"),
    "review": tuple(verdict.value for verdict in Verdict),
}
"""Attribute -> every word that it can be."""

SURROUNDINGS = frozenset(Surroundings.__dataclass_fields__)
TEXTS = OWN_TEXTS | {"light", "weather", "road_class"}
NUMBERS = OWN_NUMBERS | (SURROUNDINGS - TEXTS)


def _as_given(text: str) -> str:
    return text


def _no_start(_: str) -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """All that one workspace knows by name."""

    families: Mapping[str, tuple[str, ...]]
    """Scene type, parent or OpenLABEL tag -> the scene types that it means."""
    more_types: Callable[[], Collection[str]] = tuple
    """Types that scenes have beside those; only asked for a name that is none of them."""
    knows: Callable[[str], bool]
    """Whether some scene has evidence of this name."""
    evidence: Callable[[], Collection[str]] = field(default=tuple)
    """Names of evidence, for near misses."""
    measurement: Callable[[str], str] = _as_given
    """The id that a text begins."""
    start_ns: Callable[[str], int | None] = _no_start
    """Where a measurement begins."""

    def types_named(self, name: str) -> tuple[str, ...] | None:
        """Return the scene types that a name means, None if it means none."""
        found = self.families.get(name)
        return (name,) if found is None and name in self.more_types() else found

    def is_type(self, name: str) -> bool:
        """Say whether scenes can be of this very type."""
        return name in self.families.get(name, ()) or name in self.more_types()

    def is_attribute(self, name: str) -> bool:
        """Say whether scenes can have an attribute of this name."""
        return name in TEXTS or name in NUMBERS or self.knows(name)

    def attributes(self) -> list[str]:
        """Return the names of attributes, as far as they are told."""
        return sorted({*TEXTS, *NUMBERS, *self.evidence()})


def families(
    parents: Mapping[str, str], tags: Mapping[str, str | None]
) -> dict[str, tuple[str, ...]]:
    """Return each type, parent and tag with the types that it means.

    ``parents``: type -> its parent, a group or a type; ``tags``: type -> OpenLABEL tag.
    """
    found: dict[str, set[str]] = {}
    for name in parents:
        above: str | None = name
        seen: set[str] = set()
        while above is not None and above not in seen:
            found.setdefault(above, set()).add(name)
            seen.add(above)
            above = parents.get(above)
        tag = tags.get(name)
        if tag is not None:
            found.setdefault(tag, set()).add(name)
    return {name: tuple(sorted(types)) for name, types in found.items()}

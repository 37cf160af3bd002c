"""What each scene type means, with its parent, its OpenLABEL tag and its classes of severity."""

import functools
from dataclasses import dataclass

from avdataops.tables.load import load_json


@dataclass(frozen=True, slots=True)
class Severity:
    """One class of severity, what it means and who says so."""

    name: str
    meaning: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One scene type."""

    name: str
    iri: str
    """A URN of our own, stable for ever."""
    parent: str
    """A group, or a type that it is a kind of."""
    definition: str
    openlabel: str | None
    """Tag of ASAM OpenLABEL 1.0.0; None where that has no word."""
    severity: tuple[Severity, ...]
    """Mildest first; empty for a type without classes."""


@functools.cache
def meanings() -> dict[str, Meaning]:
    """Return every scene type that the product defines, by name."""
    return {
        name: Meaning(
            name=name,
            iri=facts["iri"],
            parent=facts["parent"],
            definition=facts["definition"],
            openlabel=facts["openlabel"],
            severity=tuple(
                Severity(one["class"], one["meaning"], one["source"]) for one in facts["severity"]
            ),
        )
        for name, facts in load_json("ontology.json")["types"].items()
    }


@functools.cache
def groups() -> dict[str, str]:
    """Return the groups of scene types with their definitions."""
    found = load_json("ontology.json")["groups"]
    return {name: facts["definition"] for name, facts in found.items()}

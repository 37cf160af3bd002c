"""A question that somebody keeps under a name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """The question as it is asked, and whose it is."""

    name: str
    text: str
    owner: str
    at_ns: int
    """When it was last changed."""
    version: int = 1
    """Counts the changes."""

"""What a person says of a scene: beside the scene, never in its place."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a review decides."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ADJUSTED = "adjusted"
    """It is there, but begins, ends or is called otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One entry in the history of a scene; entries are added and never changed."""

    scene: str
    verdict: Verdict
    by: str
    """Who said so: the subject of a token, or the user of a command line."""
    at_ns: int
    number: int = 0
    """Place in the history, from 1; 0 until it has one.  The highest speaks."""
    comment: str = ""
    t_start_ns: int | None = None
    """Where the scene really begins; None: where the detector says.  Only if adjusted."""
    t_end_ns: int | None = None
    type: str | None = None
    """What it really is; None: what the detector says."""
    request: str = ""
    """Token of the request that asked for it: the same again adds no second entry."""

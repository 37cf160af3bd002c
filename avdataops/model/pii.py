"""How far a picture has been freed of faces and plates, and who has looked at it."""

from dataclasses import dataclass
from typing import Literal

from avdataops.model.errors import SchemaMismatch

PiiStatus = Literal["raw", "anonymised", "cleared"]
STATUSES: tuple[PiiStatus, ...] = ("raw", "anonymised", "cleared")
"""From worst to best: as recorded, painted over by a network, looked at by a person."""
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """A person's word that pictures show nobody who could be recognised."""

    schema_version: Literal[1] = 1
    by: str
    """Who looked at them."""
    why: str = ""
    pictures: tuple[str, ...]
    """SHA-256 of each, as it would leave."""

    def __post_init__(self) -> None:
        """Refuse a clearance by nobody, and what is no hash."""
        if not self.by.strip():
            raise SchemaMismatch("a clearance says who looked at the pictures ('by')")
        for one in self.pictures:
            if len(one) != _SHA256_DIGITS or not set(one) <= set("0123456789abcdef"):
                raise SchemaMismatch(f"'{one[:80]}' is no SHA-256 in hexadecimal")


def worst(statuses: set[PiiStatus]) -> PiiStatus:
    """Return the worst of some statuses; ``raw`` of none, because nobody knows."""
    return next((one for one in STATUSES if one in statuses), "raw")

"""What is compared: a recording, the ways to extract it, and the bars between them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OURS = "avdataops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to read a recording, run in a fresh process.

    ``function`` is ``module:name`` of ``(recording, out) -> messages``; its module imports nothing
    of the product unless the way is ours, so that it runs in an environment of its own.
    """

    name: str
    function: str
    imports: tuple[str, ...] = ()
    """Modules that are imported before the clock starts: extraction counts, not start-up."""
    needs: tuple[str, ...] = ()
    """Requirements of its own environment; empty for the one of this repository."""
    end: str = "Parquet"
    """What is there when it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recording with the ways that are timed on it."""

    name: str
    make: Callable[[Path, float], None]
    """Writes the recording; the second argument is the share of its full length."""
    suffix: str
    ways: tuple[Way, ...]
    bars: dict[str, float]
    """Way -> how many times as long as ours it must take at least."""
    ceiling: float | None = None
    """Share of the speed of the way ``ceiling`` that ours must reach."""
    check: str = ""
    """``module:name`` of ``(our folder, peer's folder) -> values compared``; raises if they
    differ.  The peer is the first of ``ways`` behind ours."""

"""Bars against scores: which are met, and why the others are not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from benchmarks.accuracy.definitions import BARS, Bar
from benchmarks.accuracy.scoring import Score

_ROUNDING_S = 0.0005

Scores = Mapping[str, Mapping[str, Score]]
"""Condition -> type -> score."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bar, and what speaks against it."""

    bar: Bar
    cause: str = ""
    """Empty when it is met."""


def verdicts(
    scores: Scores, mistakes: tuple[str, ...], types: Collection[str]
) -> tuple[Verdict, ...]:
    """Return every bar of the types, with its cause where it is missed."""
    chosen = (bar for bar in BARS if bar.type in types)
    return tuple(Verdict(bar, _cause(bar, scores, mistakes)) for bar in chosen)


def _cause(bar: Bar, scores: Scores, mistakes: tuple[str, ...]) -> str:
    one = scores.get(bar.condition, {}).get(bar.type)
    if one is None:
        return "no detector"
    if one.f1 is None:
        unable = one.coverage == 0.0
        return "the detector cannot tell without them" if unable else "no event to measure"
    found = []
    if one.f1 < bar.f1:
        found.append(f"F1 {one.f1:.3f}: {_examples(bar, mistakes)}")
    late = one.onset_p95_s
    if bar.onset_p95_s is not None and late is not None and late > bar.onset_p95_s + _ROUNDING_S:
        found.append(f"onsets are off by {late:.2f} s (95 %), not {bar.onset_p95_s:g} s")
    return "; ".join(found)


def _examples(bar: Bar, mistakes: tuple[str, ...]) -> str:
    """Return how many events were missed or invented, by scenario."""
    counts: dict[str, int] = {}
    for text in mistakes:
        drive, _, what = text.partition(": ")
        if what.startswith(f"{bar.type} at "):
            kind = f"{drive.rpartition(' ')[0]} {what.rpartition(' ')[2]}"
            counts[kind] = counts.get(kind, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} x {kind}" for kind, count in ordered[:4])

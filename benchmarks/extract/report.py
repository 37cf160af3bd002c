"""What was measured, as a table for people and as JSON."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.extract.case import OURS, Way
from benchmarks.extract.measure import Compared, Measured

SECTION = "extract"
_HEAD = ("recording", "MB", "way", "gives", "s", "CPU s", "ratio", "bar", "", "peak MB", "out MB")


def table(cases: Mapping[str, Any]) -> str:
    """Return one line per way of the cases as ``document`` gives them, ratios against ours."""
    rows = [_HEAD, *(row for name, case in cases.items() for row in _rows(name, case))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(
        lines + [f"{name}: {note}" for name, case in cases.items() for note in _notes(case)]
    )


def _rows(name: str, case: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for number, (way, one) in enumerate(case["ways"].items()):
        yield (
            "" if number else name,
            "" if number else f"{case['mb']:.0f}",
            way, one["gives"], f"{one['median_s']:.2f}", f"{one['cpu_s']:.2f}",
            one["ratio"], one["bar"] or "", one["verdict"] or "",
            f"{one['peak_mb']:.0f}", f"{one['out_mb']:.0f}",
        )  # fmt: skip


def _verdict(one: Compared, way: str) -> tuple[str, str, str]:
    if way == OURS:
        return "1", "", ""
    ratio = one.ratio(way)
    if way == "ceiling":
        bar = one.case.ceiling
        met = "" if bar is None else "met" if ratio >= bar else "missed"
        return f"{ratio:.0%}", "" if bar is None else f"{bar:.0%}", met
    needed = one.case.bars.get(way)
    if needed is None:
        return f"{ratio:.1f}x", "", ""
    return f"{ratio:.1f}x", f"{needed:g}x", "met" if ratio >= needed else "missed"


def _notes(case: Mapping[str, Any]) -> Iterator[str]:
    yield "one run" if case["runs"] == 1 else f"median of {case['runs']} runs"
    for way, why in case["absent"].items():
        yield f"{way} did not run: {why}"
    if case["equal_values"] is not None:
        yield f"{case['equal_values']:,} values equal those of {case['equal_to']}"


def document(compared: Sequence[Compared], runs: int) -> dict[str, Any]:
    """Return the figures as they are stored."""
    return {
        "machine": {
            "processor": platform.machine(),
            "python": platform.python_version(),
            "system": platform.system(),
        },
        "cases": {
            one.case.name: {
                "mb": round(one.size_mb, 1),
                "runs": runs,
                "equal_values": one.equal_values,
                "equal_to": one.case.ways[1].name if one.equal_values is not None else None,
                "absent": dict(one.absent),
                "ways": {
                    way.name: _figures(one, way, one.ways[way.name])
                    for way in one.case.ways
                    if way.name in one.ways
                },
            }
            for one in compared
        },
    }


def _figures(one: Compared, told: Way, way: Measured) -> dict[str, object]:
    ratio, bar, verdict = _verdict(one, told.name)
    return {
        "gives": told.end,
        "median_s": round(way.median_s, 3),
        "cpu_s": round(way.median_cpu_s, 3),
        "ratio": ratio,
        "bar": bar or None,
        "verdict": verdict or None,
        "peak_mb": round(way.peak_mb),
        "out_mb": round(way.out_mb, 1),
        "messages": way.messages,
    }

"""What was measured, as a table for people and as JSON."""

import platform
from collections.abc import Iterator, Sequence

from benchmarks.extract.case import OURS
from benchmarks.extract.measure import Compared, Measured

SECTION = "extract"
_HEAD = ("recording", "MB", "way", "gives", "s", "CPU s", "ratio", "bar", "", "peak MB", "out MB")


def table(compared: Sequence[Compared]) -> str:
    """Return one line per way, ratios against ours."""
    rows = [_HEAD, *(row for one in compared for row in _rows(one))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(
        lines + [f"{one.case.name}: {note}" for one in compared for note in _notes(one)]
    )


def _rows(one: Compared) -> Iterator[tuple[str, ...]]:
    for way in one.case.ways:
        measured = one.ways.get(way.name)
        if measured is None:
            continue
        name = one.case.name if way.name == OURS else ""
        size = f"{one.size_mb:.0f}" if name else ""
        ratio, bar, verdict = _verdict(one, way.name)
        yield (
            name, size, way.name, way.end, f"{measured.median_s:.2f}",
            f"{measured.median_cpu_s:.2f}",
            ratio, bar, verdict,
            f"{measured.peak_mb:.0f}", f"{measured.out_mb:.0f}",
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


def _notes(one: Compared) -> Iterator[str]:
    for way, why in one.absent.items():
        yield f"{way} did not run: {why}"
    if one.equal_values is not None:
        yield f"{one.equal_values:,} values equal those of {one.case.ways[1].name}"


def document(compared: Sequence[Compared], runs: int) -> dict[str, object]:
    """Return the figures as they are stored."""
    return {
        "machine": {
            "processor": platform.machine(),
            "python": platform.python_version(),
            "system": platform.system(),
        },
        "runs": runs,
        "cases": {
            one.case.name: {
                "mb": round(one.size_mb, 1),
                "equal_values": one.equal_values,
                "absent": dict(one.absent),
                "ways": {name: _figures(one, name, way) for name, way in one.ways.items()},
            }
            for one in compared
        },
    }


def _figures(one: Compared, name: str, way: Measured) -> dict[str, object]:
    ratio, bar, verdict = _verdict(one, name)
    return {
        "median_s": round(way.median_s, 3),
        "cpu_s": round(way.median_cpu_s, 3),
        "ratio": ratio,
        "bar": bar or None,
        "verdict": verdict or None,
        "peak_mb": round(way.peak_mb),
        "out_mb": round(way.out_mb, 1),
        "messages": way.messages,
    }

"""Scores as JSON, as a table for people, and as a table in the docs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.accuracy.bars import Scores, Verdict
from benchmarks.accuracy.map_lines import Roads, map_bars, map_lines
from benchmarks.accuracy.scoring import Score
from benchmarks.accuracy.sync import Figure
from benchmarks.pages import put_between

SECTION = "accuracy"
_UNKNOWN = "-"
_COLUMNS = (
    "scene", "events", "F1", "95 %", "precision", "recall", "onset bias s", "spread s",
    "p95 s", "overlap", "false/h", "known",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one run measured."""

    seed: int
    drives: int
    scores: Scores
    verdicts: tuple[Verdict, ...]
    without_detector: Mapping[str, int]
    """Type -> true events that nobody looks for."""
    recorded: Mapping[str, Score]
    recorded_drives: int
    sync: Mapping[str, Figure]
    map_match: Roads
    """As :func:`benchmarks.accuracy.map_match.figures` gives them, or empty."""
    map_match_note: str = ""
    """Why they are not of this run."""


def document(report: Report) -> dict[str, object]:
    """Return the figures as they are stored; only points per second tell of the machine."""
    scenes = {kind: asdict(one) for kind, one in report.scores.get("", {}).items()}
    conditions = {
        name: {kind: asdict(one) for kind, one in scores.items()}
        for name, scores in report.scores.items()
        if name
    }
    return {
        "scenes": scenes,
        "sync": dict(report.sync),
        "map_match": dict(report.map_match),
        "conditions": conditions,
        "recorded": {kind: asdict(one) for kind, one in report.recorded.items()},
        "without_detector": dict(report.without_detector),
        "bars": [asdict(one.bar) | {"missed": one.cause or None} for one in report.verdicts],
        "grid": {
            "seed": report.seed,
            "drives": report.drives,
            "recorded_drives": report.recorded_drives,
        },
    }


def as_json(report: Report) -> str:
    """Return the stored text, the same for the same figures."""
    return json.dumps(document(report), indent=1, sort_keys=True, allow_nan=False) + "\n"


def table(scores: Mapping[str, Score], separator: str = "  ") -> list[str]:
    """Return the lines of a table of scores, columns in line."""
    rows = [_COLUMNS, *(_row(kind, one) for kind, one in sorted(scores.items()) if _told(one))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    return [
        separator.join(
            [row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, len(row)))]
        ).rstrip()
        for row in rows
    ]


def _told(one: Score) -> bool:
    return one.events > 0 or bool(one.false_alarms_per_h)


def _row(kind: str, one: Score) -> tuple[str, ...]:
    interval = _UNKNOWN
    if one.f1_low is not None and one.f1_high is not None:
        interval = f"{one.f1_low:.2f}-{one.f1_high:.2f}"
    figures = (
        (one.onset_bias_s, "+.2f"), (one.onset_spread_s, ".2f"), (one.onset_p95_s, ".2f"),
        (one.temporal_iou, ".2f"), (one.false_alarms_per_h, ".2f"), (one.coverage, ".2f"),
    )  # fmt: skip
    return (
        kind,
        str(one.events),
        *(_figure(x, ".3f") for x in (one.f1,)),
        interval,
        *(_figure(x, ".3f") for x in (one.precision, one.recall)),
        *(_figure(x, form) for x, form in figures),
    )


def _figure(value: float | None, form: str) -> str:
    return _UNKNOWN if value is None else format(value, form)


def text(report: Report) -> str:
    """Return the report for a terminal."""
    lines = [f"{report.drives} drives of the grid, seed {report.seed}", ""]
    told = {
        name: scores for name, scores in report.scores.items() if any(map(_told, scores.values()))
    }
    for condition, scores in sorted(told.items()):
        lines += [f"{condition}:"] if condition else []
        lines += [*table(scores), ""]
    if report.recorded:
        lines += [f"{report.recorded_drives} drives through recordings:", *table(report.recorded)]
        lines.append("")
    lines += [*sync_lines(report.sync), ""]
    lines += [*map_lines(report.map_match, report.map_match_note), ""]
    lines += [*bar_lines(report.verdicts), *map_bars(report.map_match)]
    lines += ["", *_without(report.without_detector)] if report.without_detector else []
    return "\n".join(lines) + "\n"


def sync_lines(figures: Mapping[str, Figure]) -> list[str]:
    """Return a line for each figure of the clocks."""
    return [f"{name:28} {_figures(one)}" for name, one in figures.items()]


def _figures(one: Figure) -> str:
    said = "met" if one["met"] else "missed"
    rest = ", ".join(f"{name} {value}" for name, value in one.items() if name != "met")
    return f"{said:7} {rest}"


def bar_lines(given: Sequence[Verdict]) -> list[str]:
    """Return a line for each bar, the cause of each missed one."""
    return [
        f"{_bar_name(one):42} {'missed: ' + one.cause if one.cause else 'met'}" for one in given
    ]


def _bar_name(one: Verdict) -> str:
    onset = f", onset {one.bar.onset_p95_s:g} s" if one.bar.onset_p95_s is not None else ""
    condition = f" ({one.bar.condition})" if one.bar.condition else ""
    return f"{one.bar.type}{condition} F1 {one.bar.f1:g}{onset}"


def _without(counts: Mapping[str, int]) -> list[str]:
    return [f"no detector: {kind} ({count} events)" for kind, count in sorted(counts.items())]


def put_into(page: Path, report: Report) -> None:
    """Replace what is between the markers of a page."""
    put_between(page, SECTION, f"```text\n{text(report)}```")

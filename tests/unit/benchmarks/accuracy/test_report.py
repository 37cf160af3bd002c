"""Bars judged and scores written, from figures made by hand."""

import json
from pathlib import Path

import pytest

from benchmarks.accuracy.bars import verdicts
from benchmarks.accuracy.command import main
from benchmarks.accuracy.definitions import BARS, tolerance_s
from benchmarks.accuracy.report import SECTION, Report, as_json, put_into, table, text
from benchmarks.accuracy.scoring import Score, Tally, score
from benchmarks.pages import markers
from sample_data.grid import TYPES

BEGIN, END = markers(SECTION)

PERFECT = score((Tally(hits=4, onset_errors_s=(0.1, -0.1, 0.0, 0.0), overlaps=(0.9,)),) * 5, seed=1)
QUIET = score((Tally(known_s=3600.0, whole_s=3600.0),), seed=1)


def scored(
    hits: int, missed: int, false: int, onset_s: float = 0.0, known_s: float = 60.0
) -> Score:
    one = Tally(
        hits=hits,
        missed=missed,
        false=false,
        onset_errors_s=(onset_s,) * hits,
        known_s=known_s,
        whole_s=60.0,
    )
    return score((one,), seed=1)


def cause(kind: str, one: Score | None, *mistakes: str, condition: str = "") -> str:
    scores = {condition: {} if one is None else {kind: one}}
    (verdict,) = (v for v in verdicts(scores, mistakes, (kind,)) if v.bar.condition == condition)
    return verdict.cause


def test_a_score_above_its_bar_is_met() -> None:
    assert cause("cut_in", scored(20, 1, 1)) == ""
    assert cause("hard_brake", PERFECT) == ""


def test_no_detector_no_event_and_a_blind_detector_are_told_apart() -> None:
    assert cause("cut_in", None) == "no detector"
    assert cause("cut_in", QUIET) == "no event to measure"
    blind = scored(0, 0, 0, known_s=0.0)
    told = cause("lane_change_left", blind, condition="no lane lines")
    assert told == "the detector cannot tell without them"


def test_a_missed_bar_names_scenarios_by_their_mistakes() -> None:
    mistakes = (
        "cut-in 3: cut_in at 10.0 s missed",
        "cut-in 4: cut_in at 11.0 s missed",
        "nudge 1: cut_in at 12.0 s is false",
        "nudge 1: cut_out at 12.0 s is false",
    )
    told = cause("cut_in", scored(8, 2, 1), *mistakes)
    assert told == "F1 0.842: 2 x cut-in missed, 1 x nudge false"


@pytest.mark.parametrize(("onset_s", "met"), [(0.2, True), (-0.2, True), (0.25, False)])
def test_onsets_are_judged_either_way(onset_s: float, met: bool) -> None:
    told = cause("standstill", scored(10, 0, 0, onset_s))
    assert (told == "") == met
    assert met or told == "onsets are off by 0.25 s (95 %), not 0.2 s"


def test_every_bar_is_about_a_type_with_a_truth() -> None:
    assert {bar.type for bar in BARS} <= set(TYPES)
    assert len({(bar.type, bar.condition) for bar in BARS}) == len(BARS)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("hard_brake", 1.0), ("cut_in", 2.0), ("sensor_dropout", 3.0), ("rain", 300.0), ("new", 2.0)],
)
def test_tolerances_by_family(kind: str, expected: float) -> None:
    assert tolerance_s(kind) == expected


def report() -> Report:
    scores = {"": {"hard_brake": PERFECT, "rain": QUIET}, "no lane lines": {"rain": QUIET}}
    return Report(
        seed=1,
        drives=5,
        scores=scores,
        verdicts=verdicts(scores, (), ("hard_brake", "cut_in")),
        without_detector={"bridge": 3},
        recorded={},
        recorded_drives=0,
        sync={"one_way": {"p95_ms": 0.1, "bar_ms": 0.2, "met": True}},
        map_match={},
    )


def test_the_table_has_a_line_for_each_type_with_something_to_tell() -> None:
    lines = table({"hard_brake": PERFECT, "rain": QUIET})
    assert len(lines) == 2
    heads = (
        "scene events F1 95 % precision recall onset bias s spread s p95 s overlap false/h known"
    )
    assert " ".join(lines[0].split()) == heads
    assert lines[1].split()[:5] == ["hard_brake", "20", "1.000", "1.00-1.00", "1.000"]


def test_the_text_names_bars_causes_and_what_nobody_looks_for() -> None:
    told = text(report())
    assert "hard_brake F1 0.98, onset 0.2 s" in told
    assert "missed: no detector" in told
    assert "no detector: bridge (3 events)" in told
    assert "no lane lines:" not in told
    assert "met     p95_ms 0.1, bar_ms 0.2" in told


def test_the_stored_form_is_stable_and_holds_no_day_or_machine() -> None:
    stored = json.loads(as_json(report()))
    assert as_json(report()) == as_json(report())
    assert stored["scenes"]["hard_brake"]["f1"] == 1.0
    assert stored["scenes"]["rain"]["f1"] is None
    assert stored["scenes"]["rain"]["false_alarms_per_h"] == 0.0
    assert stored["map_match"] == {}
    assert stored["grid"] == {"seed": 1, "drives": 5, "recorded_drives": 0}
    assert [one["missed"] for one in stored["bars"]] == [None, "no detector"]


def test_only_what_is_between_the_markers_of_a_page_changes(tmp_path: Path) -> None:
    page = tmp_path / "accuracy.md"
    page.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nEnd.\n", encoding="utf-8")
    put_into(page, report())
    once = page.read_text(encoding="utf-8")
    put_into(page, report())
    assert page.read_text(encoding="utf-8") == once
    assert once.startswith(f"# Title\n\n{BEGIN}\n")
    assert once.endswith(f"{END}\n\nEnd.\n")
    assert "old" not in once
    assert "hard_brake" in once


def test_a_type_of_no_such_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--types", "hard_break"])
    assert stopped.value.code == 2
    assert "no scene type 'hard_break'" in capsys.readouterr().err


def test_a_slice_prints_and_stores_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("benchmarks.accuracy.command.RESULTS", tmp_path / "accuracy.json")
    monkeypatch.setattr("benchmarks.accuracy.sync.RUNS", 1)
    monkeypatch.setattr("benchmarks.accuracy.sync.figures", lambda _: {})
    assert main(["--slice", "0", "--types", "hard_brake", "--mistakes"]) == 0
    assert "0 drives of the grid, seed 1" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []

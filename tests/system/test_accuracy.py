"""A slice of the scenario grid: no detector may fall below what it reaches today."""

import json
from collections.abc import Mapping

import pytest

from avdataops.detectors import scene_types
from benchmarks.accuracy.bars import verdicts
from benchmarks.accuracy.command import RESULTS, measure
from benchmarks.accuracy.definitions import BARS
from benchmarks.accuracy.report import Report, as_json, document
from benchmarks.accuracy.scoring import Score
from sample_data.grid import TYPES

SEED = 2
FLOORS = {
    "hard_brake": 0.95,
    "standstill": 0.95,
    "turn_left": 0.95,
    "turn_right": 0.95,
    "lane_change_left": 0.95,
    "lane_change_right": 0.95,
    "cut_in": 0.9,
    "vru_crossing": 0.9,
    "night": 0.95,
    "twilight": 0.95,
    "rain": 0.95,
    "gnss_outage": 0.95,
    "sensor_dropout": 0.95,
}
"""Below the bars, because one mistake of a slice weighs more than one of all drives."""


@pytest.fixture(scope="module")
def report() -> Report:
    """Two drives of every scenario, all detectors that have a floor."""
    made, _ = measure(SEED, 2, tuple(FLOORS), recorded_seeds=())
    return made


@pytest.fixture(scope="module")
def scores(report: Report) -> Mapping[str, Score]:
    return report.scores[""]


@pytest.mark.parametrize("kind", sorted(FLOORS))
def test_f1_holds_its_floor(scores: Mapping[str, Score], kind: str) -> None:
    f1 = scores[kind].f1
    assert f1 is not None
    assert f1 >= FLOORS[kind], [scores[kind]]


@pytest.mark.parametrize("kind", ["hard_brake", "standstill", "turn_left", "turn_right"])
def test_motion_of_the_ego_begins_within_a_fifth_of_a_second(
    scores: Mapping[str, Score], kind: str
) -> None:
    late = scores[kind].onset_p95_s
    assert late is not None
    assert late <= 0.2


def test_what_cannot_be_told_without_lane_lines_is_unknown_and_not_missed(report: Report) -> None:
    blind = report.scores["no lane lines"]
    for kind in ("lane_change_left", "lane_change_right"):
        assert blind[kind].false_alarms_per_h in (None, 0.0)
        recall = blind[kind].recall
        assert recall is None or recall > 0.5


def test_clocks_meet_their_bars(report: Report) -> None:
    missed = {name for name, one in report.sync.items() if not one["met"]}
    assert missed == set()


def test_every_bar_is_judged_and_every_missed_one_has_a_cause(report: Report) -> None:
    judged = verdicts(report.scores, (), TYPES)
    assert [one.bar for one in judged] == list(BARS)
    measured = set(report.scores[""])
    assert all(one.cause for one in judged if one.bar.type not in measured)


def test_stored_figures_have_the_form_that_others_read(report: Report) -> None:
    stored = json.loads(as_json(report))
    assert set(stored) >= {"scenes", "sync", "map_match"}
    assert set(stored["scenes"]) == set(FLOORS)
    fields = {"f1", "f1_low", "f1_high", "precision", "recall", "onset_bias_s"}
    for one in stored["scenes"].values():
        assert set(one) >= fields | {"false_alarms_per_h"}
    assert stored == json.loads(json.dumps(document(report)))


def test_the_stored_figures_are_those_of_the_detectors_there_are() -> None:
    stored = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert set(stored["scenes"]) | set(stored["without_detector"]) <= set(TYPES)
    assert set(stored["scenes"]) <= set(scene_types())
    for kind, floor in FLOORS.items():
        assert stored["scenes"][kind]["f1"] >= floor

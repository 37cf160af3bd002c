"""``./run bench accuracy``: score detectors and clocks, print the table, store the figures."""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from avdataops.detectors import scene_types
from benchmarks.accuracy import known_route, map_match, recorded, scenes, sync
from benchmarks.accuracy.bars import Scores, verdicts
from benchmarks.accuracy.map_lines import Roads
from benchmarks.accuracy.report import Report, as_json, put_into, text
from benchmarks.accuracy.scoring import score
from sample_data.grid import SCENARIOS, TYPES, drives

SEED = 1
DRIVES_PER_SCENARIO = 10
RECORDED_SEEDS = (7, 8, 9)
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "accuracy.json"
PAGE = ROOT / "docs" / "accuracy.md"


def main(arguments: list[str]) -> int:
    """Score, print, and store the figures when everything was scored."""
    parser = argparse.ArgumentParser(prog="./run bench accuracy", description=__doc__)
    parser.add_argument("--slice", type=int, help="drives per scenario, without storing anything")
    parser.add_argument("--types", nargs="+", metavar="TYPE", help="scene types, as above")
    parser.add_argument("--seed", type=int, default=SEED, help="of the grid, as above")
    parser.add_argument("--mistakes", action="store_true", help="list every one")
    given = parser.parse_args(arguments)
    strange = set(given.types or ()) - set(TYPES)
    if strange:
        parser.error(f"no scene type '{min(strange)}'; known are {', '.join(TYPES)}")
    whole = given.slice is None and given.types is None and given.seed == SEED
    report, mistakes = measure(
        given.seed,
        DRIVES_PER_SCENARIO if given.slice is None else given.slice,
        tuple(given.types or TYPES),
        recorded_seeds=RECORDED_SEEDS if whole else (),
    )
    if whole:
        roads, note = with_stored(_map_figures(given.seed), RESULTS)
        report = replace(report, map_match=roads, map_match_note=note)
    print(text(report), end="")
    if given.mistakes:
        print("", *mistakes, sep="\n")
    if whole:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(as_json(report), encoding="utf-8")
        put_into(PAGE, report)
        print(
            f"stored in {RESULTS.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}", file=sys.stderr
        )
    return 0


def _map_figures(seed: int) -> Roads:
    """Return the figures of map matching, with what the best of all matchers could reach."""
    measured = map_match.figures(seed)
    where = map_match.folder()
    if where is None:
        return measured
    known = {
        map_match.region_of(name): known_route.accuracy(
            map_match.load(where / name), seed, map_match.BAR_SIGMA_M, map_match.DRIVES
        )
        for name in map_match.EXTRACTS
    }
    return measured | {"way_accuracy_route_known": known}


def with_stored(measured: Roads, results: Path) -> tuple[Roads, str]:
    """Return the figures of map matching, and why they are earlier ones where they are.

    Without map extracts there is nothing to measure, and what ``results`` holds stays.
    """
    missing = measured.get("missing")
    if missing is None:
        return measured, ""
    stored = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    earlier = stored.get("map_match") or {}
    kept = "these are earlier figures" if earlier else "not measured"
    return earlier, f"{kept} ({missing})"


def measure(
    seed: int, per_scenario: int, types: tuple[str, ...], *, recorded_seeds: tuple[int, ...]
) -> tuple[Report, tuple[str, ...]]:
    """Return the report and every mistake, by drive."""
    tallies = scenes.run(drives(seed, per_scenario), types)
    mistakes = tuple(tallies.mistakes)
    scores: Scores = {
        condition: {kind: score(items, seed=seed) for kind, items in by_type.items()}
        for condition, by_type in scenes.by_condition(tallies).items()
    }
    with tempfile.TemporaryDirectory() as folder:
        written = recorded.run(Path(folder), recorded_seeds)
    nobody = {
        kind: n for kind, n in tallies.events.items() if kind in set(types) - set(scene_types())
    }
    report = Report(
        seed=seed,
        drives=per_scenario * len(SCENARIOS),
        scores=scores,
        verdicts=verdicts(scores, mistakes, types),
        without_detector=nobody,
        recorded={kind: score(items, seed=seed) for kind, items in sorted(written.items())},
        recorded_drives=len(recorded_seeds),
        sync=sync.figures(seed),
        map_match={},
    )
    return report, mistakes

"""``./run bench extract``: extraction to Parquet, beside others, on the same recordings."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from benchmarks.extract import cases_mdf, cases_ros, report
from benchmarks.extract.measure import ROOT, compare
from benchmarks.pages import put_between

CASES = (*cases_ros.CASES, *cases_mdf.CASES)
RESULTS = ROOT / "benchmarks" / "results" / "extract.json"
PAGE = ROOT / "docs" / "extract.md"
QUICK_SHARE = 0.05


def main(arguments: list[str]) -> int:
    """Compare, print, and keep the figures of whole recordings; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="./run bench extract", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of each recording, once")
    parser.add_argument("--runs", type=int, default=3, help="of each way, interleaved")
    parser.add_argument("--case", action="append", help="only cases whose name holds this")
    given = parser.parse_args(arguments)
    wanted = [
        case for case in CASES if not given.case or any(part in case.name for part in given.case)
    ]
    runs, share = (1, QUICK_SHARE) if given.quick else (given.runs, 1.0)
    compared = []
    for case in wanted:
        compared.append(compare(case, runs, share))
        print(report.table(report.document(compared[-1:], runs)["cases"]), flush=True)
    found = report.document(compared, runs)
    if not given.quick:
        keep(found)
    return 1 if '"missed"' in json.dumps(found) and not given.quick else 0


def keep(found: Mapping[str, Any]) -> None:
    """Store the figures beside those of cases that did not run now, and rewrite the page."""
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known = {**before.get("cases", {}), **found["cases"]}
    cases = {case.name: known[case.name] for case in CASES if case.name in known}
    text = json.dumps({**found, "cases": cases}, indent=2)
    RESULTS.write_text(f"{text}\n", encoding="utf-8")
    put_between(PAGE, report.SECTION, f"```text\n{report.table(cases)}\n```")

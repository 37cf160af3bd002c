"""How long the first page of a question about scenes takes, at 10^4, 10^5 and 10^6 scenes.

Each question is asked through the door that people use: understood from its text, looked for in
an SQLite catalog on disk, and its first 100 scenes returned as facts.  The plan is SQLite's own.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.ids import scene_id
from avdataops.model.scene import Scene, Surroundings
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import SceneQuery, Taken
from avdataops.ports.judged import FACT, Tile, judged_fact
from avdataops.testing.catalog_store import detected, extracted, register
from avdataops.testing.facts import T0_NS, Uploaded, uploaded
from avdataops.wiring.scene_questions import Asking
from benchmarks.pages import put_between

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "pages.json"
PAGE = ROOT / "docs" / "query.md"
SECTION = "pages"
SIZES = (10_000, 100_000, 1_000_000)
PER_DRIVE = 1_000
LIMIT = 100
BAR_MS = 50.0
ROUNDS = 12
_HOUR_NS = 3600 * NS_PER_S
_TYPES = ("following", "junction", "hard_brake", "cut_in", "lane_change_left", "near_collision")
_WEIGHTS = (40, 30, 12, 10, 7, 1)
_ROADS = ("motorway", "secondary", "residential")

QUESTIONS = (
    "cut_in",
    "cut_in & rain",
    "cut_in & rain & night & near junction",
    "cut_in & not rain & ego_speed > 30 km/h",
    "near_collision & min_ttc_s < 0.02",
    "any & min_ttc_s < 0.0001",
    "cut_in & vehicle = car-3",
    "hard_brake within 5 s after cut_in",
    "cut_in then hard_brake within 10 s by same actor",
    "interaction & on motorway & weather = rain",
    "near(56.2, 10.2, 500 m)",
    "cut_in & inside(56.1 10.1, 56.1 10.12, 56.12 10.12, 56.12 10.1)",
    "time in 2026-11-09",
    "(cut_in | hard_brake) & severity = high & confidence > 0.9",
    "near_collision during snow",
)
"""What people ask, and what few or no scenes answer: then a page is not filled early."""


def main(arguments: Sequence[str]) -> int:
    """Measure, write the results and the table of the page."""
    parser = argparse.ArgumentParser(prog="./run bench pages", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--dry-run", action="store_true", help="print the results, write nothing")
    given = parser.parse_args(arguments)
    results = [measured(size) for size in given.sizes]
    document = {"bar_ms": BAR_MS, "page": LIMIT, "rounds": ROUNDS, "sizes": results}
    if given.dry_run:
        json.dump(document, sys.stdout, indent=2)
        return 0
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    put_between(PAGE, SECTION, table_of(document))
    return 0


def measured(size: int) -> dict[str, Any]:
    """Return the times over a catalog of ``size`` scenes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.sqlite"
        began = time.perf_counter()
        with SqliteCatalog(path) as catalog:
            fill(catalog, size)
        print(f"{size} scenes in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        with SqliteCatalog(path) as catalog:
            rows = [asked(catalog, text) for text in QUESTIONS]
    every = sorted(one for row in rows for one in row.pop("times_ms"))
    return {"scenes": size, "p95_ms": _share(every, 0.95), "questions": rows}


def fill(catalog: SqliteCatalog, size: int) -> None:
    """Put drives of an hour with their scenes and coverage into a catalog."""
    draw = random.Random(size)  # noqa: S311 - no secret
    for number in range(max(1, size // PER_DRIVE)):
        drive = uploaded(f"drive {number}", vehicle=f"car-{number % 20}")
        register(catalog, drive)
        streams = extracted(drive)
        scenes = list(scenes_of(draw, drive, number, min(size, PER_DRIVE)))
        found = detected(drive, streams.made, scenes)
        start_ns = T0_NS + number * _HOUR_NS
        whole = Tile(start_ns, start_ns + _HOUR_NS, known=True)
        named = [(name, whole) for name in (*_TYPES, "rain", "night", "snow")]
        record = replace(found.record, facts={FACT: judged_fact(named)})
        catalog.commit([Taken(streams), replace(found, record=record)])


def scenes_of(draw: random.Random, drive: Uploaded, number: int, count: int) -> Iterator[Scene]:
    """Yield scenes of one drive: some long ones of weather and light, many short ones."""
    start_ns = T0_NS + number * _HOUR_NS
    weather = draw.choice(("rain", "dry", "dry"))
    light = draw.choice(("night", "day", "day"))
    if weather == "rain":
        yield _scene(draw, drive, "rain", start_ns, _HOUR_NS // 2, Surroundings())
    if light == "night":
        yield _scene(draw, drive, "night", start_ns, _HOUR_NS, Surroundings())
    for kind in draw.choices(_TYPES, _WEIGHTS, k=count - 2):
        at = start_ns + draw.randrange(_HOUR_NS)
        around = Surroundings(
            ego_speed_mps=round(draw.uniform(0, 40), 3),
            light=light,
            weather=weather,
            road_class=draw.choice(_ROADS),
            junction_distance_m=round(draw.expovariate(1 / 300), 1),
        )
        yield _scene(draw, drive, kind, at, draw.randrange(1, 8 * NS_PER_S), around)


def _scene(
    draw: random.Random, drive: Uploaded, kind: str, at: int, length: int, around: Surroundings
) -> Scene:
    return Scene(
        id=scene_id(drive.id, kind, [at, length, draw.random()]),
        type=kind,
        measurement=drive.id,
        vehicle=drive.manifest.vehicle,
        t_start_ns=at,
        t_end_ns=at + length,
        detector=kind,
        detector_version=1,
        confidence=round(draw.random(), 4),
        evidence={
            "min_ttc_s": round(draw.uniform(0, 10), 5),
            "severity": draw.choice(("mild", "moderate", "high")),
        },
        actor=str(draw.randrange(200)),
        lat_deg=draw.uniform(56.0, 57.0),
        lon_deg=draw.uniform(10.0, 11.0),
        surroundings=around,
    )


def asked(catalog: SqliteCatalog, text: str) -> dict[str, Any]:
    """Return the times of one question and how it was answered."""
    asking = Asking(catalog)
    times: list[float] = []
    found = 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        query = SceneQuery(matching=asking.matching(text))
        found = len(catalog.scenes(query, limit=LIMIT))
        times.append(1e3 * (time.perf_counter() - began))
    plans = [line for one in catalog.explain(query) for line in one.plan]
    scans = [line for line in plans if line.startswith("SCAN") and "INDEX" not in line]
    return {
        "question": text,
        "found": found,
        "p50_ms": _share(sorted(times), 0.5),
        "p95_ms": _share(sorted(times), 0.95),
        "times_ms": times,
        "by_index": not scans,
        "plan": list(dict.fromkeys(plans)),
    }


def _share(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def table_of(document: dict[str, Any]) -> str:
    """Return the results as a table in Markdown."""
    sizes = document["sizes"]
    heads = [f"{one['scenes']:,} scenes" for one in sizes]
    overall = [f"**{one['p95_ms']:.1f}**" for one in sizes]
    lines = [
        f"| first page, p95 in ms | {' | '.join(heads)} |",
        f"|---|{'---:|' * len(heads)}",
        f"| **all together** | {' | '.join(overall)} |",
    ]
    for number, row in enumerate(sizes[0]["questions"]):
        times = [one["questions"][number]["p95_ms"] for one in sizes]
        text = row["question"].replace("|", "\\|")
        lines.append(f"| `{text}` | {' | '.join(f'{ms:.1f}' for ms in times)} |")
    return "\n".join(lines)

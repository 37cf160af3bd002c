"""A few whole drives through recordings: written, uploaded, run, and scored like the grid."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avdataops.detectors import scene_types
from avdataops.testing.command_line import Desk
from benchmarks.accuracy.definitions import tolerance_s
from benchmarks.accuracy.matching import Event, Scene, match
from benchmarks.accuracy.scoring import Tally, tally
from sample_data import SampleDrive, write_drive

DURATION_S = 180.0
"""In which every event of the sample drive happens."""
_EDGE_NS = 50_000_000

Json = dict[str, Any]


def run(folder: Path, seeds: tuple[int, ...]) -> Mapping[str, list[Tally]]:
    """Return the tallies by type of sample drives with these seeds, made below ``folder``."""
    found: dict[str, list[Tally]] = {}
    for seed in seeds:
        drive = write_drive(folder / f"drive {seed}", seed=seed, duration_s=DURATION_S)
        for kind, one in score_drive(drive, _scenes(drive, folder / f"workspace {seed}")).items():
            found.setdefault(kind, []).append(one)
    return found


def score_drive(drive: SampleDrive, scenes: list[Json]) -> dict[str, Tally]:
    """Return the tally of each type that the drive's truth knows."""
    truth: Json = json.loads(drive.truth.read_text(encoding="utf-8"))
    start_ns, stop_ns = truth["start_ns"], truth["stop_ns"]
    whole_s = (stop_ns - start_ns) / 1e9
    told = {one["type"] for one in truth["events"]} & set(scene_types())
    found = {}
    for kind in sorted(told):
        events = tuple(_event(one, start_ns, stop_ns) for one in _of(truth["events"], kind))
        seen = tuple(_scene(one, start_ns) for one in _of(scenes, kind))
        outcome = match(events, seen, (), tolerance_s=tolerance_s(kind))
        found[kind] = tally(events, seen, outcome, known_s=whole_s, whole_s=whole_s)
    return found


def _scenes(drive: SampleDrive, workspace: Path) -> list[Json]:
    settings = {"AVDATAOPS_WEATHER": str(drive.weather), "AVDATAOPS_MAP": str(drive.osm)}
    desk = Desk(workspace, settings)
    upload = ("upload", drive.drive, "--vehicle", drive.vehicle, "--dbc", drive.dbc)
    measurement = desk.here(*upload, "--format", "json").json["measurement"]
    desk.here("run", measurement, "--format", "json")
    found: list[Json] = desk.here("scenes", "find", "--limit", "0", "--format", "json").json
    return found


def _of(items: list[Json], kind: str) -> list[Json]:
    return [one for one in items if one["type"] == kind]


def _event(one: Json, start_ns: int, stop_ns: int) -> Event:
    actor = one.get("actor") or {}
    name = actor.get("track") or one.get("stream")
    is_stream = one["type"] == "sensor_dropout"
    begun = one["t_start_ns"] - start_ns <= _EDGE_NS
    ends = stop_ns - one["t_end_ns"] <= _EDGE_NS
    return Event(
        start_s=(one["t_start_ns"] - start_ns) / 1e9,
        stop_s=(one["t_end_ns"] - start_ns) / 1e9,
        actors=frozenset([name]) if name and (actor or is_stream) else None,
        cut=begun or ends,
        onset_known=not begun,
    )


def _scene(one: Json, start_ns: int) -> Scene:
    start_s, stop_s = ((one[name] - start_ns) / 1e9 for name in ("t_start_ns", "t_end_ns"))
    actor = one.get("actor")
    return Scene(start_s=start_s, stop_s=stop_s, actor=actor, truncated=bool(one.get("truncated")))

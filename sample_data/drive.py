"""Writes a whole test drive to a folder: the recordings, what belongs to them, and the truth."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from avdataops.model.errors import Conflict, InputError
from sample_data.can_database import dbc_text
from sample_data.chassis import write_chassis
from sample_data.notes import driver_notes
from sample_data.osm import osm_text
from sample_data.recordings import write_body, write_localization, write_sensors
from sample_data.sun import NS_PER_S
from sample_data.truth import TOLD, Event, events
from sample_data.vehicle import FRONT_M, LANE_M, LENGTH_M, WHEELBASE_M, WIDTH_M
from sample_data.weather import isd_text
from sample_data.world import World, build_world

VEHICLE = "aar-07"
SHORTEST_S = 20.0


@dataclass(frozen=True, slots=True)
class SampleDrive:
    """Where everything of one written drive is."""

    vehicle: str
    start_ns: int
    duration_s: float
    drive: Path
    """The folder that a fleet would upload; all recordings and the driver's notes are in it."""
    sensors: Path
    chassis: Path
    body: Path
    localization: Path
    driver_notes: Path
    dbc: Path
    osm: Path
    weather: Path
    truth: Path


def write_drive(
    out: Path,
    *,
    seed: int = 7,
    duration_s: float = 180.0,
    start: datetime | int | None = None,
) -> SampleDrive:
    """Write a drive below ``out``, which must not hold one yet.

    ``start`` is ns since the Unix epoch or a datetime with a zone; by default an evening on which
    night begins in the middle of the drive. Same arguments give the same bytes. Raises
    ``InputError`` for arguments out of range and ``Conflict`` when ``out/drive`` exists.
    """
    if not SHORTEST_S <= duration_s < math.inf:
        raise InputError(f"a drive of {duration_s:g} s is out of range; give at least 20 s")
    if seed < 0:
        raise InputError(f"seed {seed} is negative; give 0 or more")
    world = build_world(seed, duration_s, _start_ns(start))
    paths = _paths(out, world)
    if paths.drive.exists():
        raise Conflict(f"'{paths.drive}' exists already; give another folder or remove it first")
    paths.drive.mkdir(parents=True)
    write_sensors(world, paths.sensors)
    write_chassis(world, paths.chassis)
    write_body(world, paths.body)
    write_localization(world, paths.localization)
    _write_json(paths.driver_notes, driver_notes(world))
    _write_text(paths.dbc, dbc_text())
    _write_text(paths.osm, osm_text(world))
    _write_text(paths.weather, isd_text(world))
    _write_json(paths.truth, truth_document(world))
    return paths


def _start_ns(start: datetime | int | None) -> int | None:
    if not isinstance(start, datetime):
        return start
    if start.tzinfo is None:
        raise InputError(f"start {start.isoformat()} has no time zone; add one, for example UTC")
    whole = start.astimezone(UTC).replace(microsecond=0)
    return int(whole.timestamp()) * NS_PER_S + start.microsecond * 1000


def _paths(out: Path, world: World) -> SampleDrive:
    drive = out / "drive"
    return SampleDrive(
        vehicle=VEHICLE,
        start_ns=world.start_ns,
        duration_s=world.duration_s,
        drive=drive,
        sensors=drive / "sensors.mcap",
        chassis=drive / "chassis.mf4",
        body=drive / "body.bag",
        localization=drive / "localization.db3",
        driver_notes=drive / "driver_notes.json",
        dbc=out / "vehicle.dbc",
        osm=out / "map.osm",
        weather=out / "weather.isd",
        truth=out / "truth.json",
    )


def truth_document(world: World) -> dict[str, object]:
    """Return the truth as it is written: integer ns on the ROS clock, SI units."""
    return {
        "vehicle": VEHICLE,
        "seed": world.seed,
        "start_ns": world.start_ns,
        "stop_ns": world.start_ns + round(world.duration_s * NS_PER_S),
        "clock": {
            "recording": "chassis.mf4",
            "model": "t_logger = t_true + offset_ns + skew * (t_true - t0_ns)",
            "t0_ns": world.start_ns,
            "offset_ns": round(world.clock.offset_s * NS_PER_S),
            "skew": world.clock.skew,
        },
        "ego": {
            "length_m": LENGTH_M,
            "width_m": WIDTH_M,
            "wheelbase_m": WHEELBASE_M,
            "front_m": FRONT_M,
            "lane_width_m": LANE_M,
        },
        "types": list(TOLD),
        "events": [_event(world, event) for event in events(world)],
    }


def _event(world: World, event: Event) -> dict[str, object]:
    actor = event.actor
    found: dict[str, object] = {
        "type": event.type,
        "t_start_ns": _ns(world, event.start_s),
        "t_end_ns": _ns(world, event.end_s),
        "actor": None if actor is None else {"track": actor.track.hex(), "class": actor.kind},
    }
    for name, value in event.evidence.items():
        # Moments are given like start and end; a time to collision is a length of time.
        if isinstance(value, float) and name in (
            "crossing_s",
            "intrusion_s",
            "enters_s",
            "leaves_s",
        ):
            found[f"t_{name.removesuffix('_s')}_ns"] = _ns(world, value)
        else:
            found[name] = value
    return found


def _ns(world: World, t_s: float) -> int:
    return world.start_ns + round(t_s * NS_PER_S)


def _write_json(path: Path, document: dict[str, object]) -> None:
    _write_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mcap.reader import make_reader

from avdataops.model.errors import Conflict, InputError
from sample_data import SampleDrive, write_drive
from sample_data.drive import truth_document
from sample_data.world import World, build_world

REPOSITORY = Path(__file__).parents[3]
# "rain" is left out: a rain sensor and a wiper are named as what they are.
EVENT_NAMES = (
    "standstill",
    "hard_brake",
    "hardbrake",
    "turn_left",
    "turn_right",
    "lane_change",
    "cut_in",
    "cutin",
    "vru_",
    "crossing",
    "tunnel",
    "outage",
    "dropout",
    "drop-out",
    "twilight",
    "truth",
    "scenario",
)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run(out: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "sample_data", str(out), *options],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": "random"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_promised_is_written(written: SampleDrive) -> None:
    paths = [getattr(written, field.name) for field in fields(SampleDrive)]
    assert all(path.exists() for path in paths if isinstance(path, Path))
    assert sorted(path.name for path in written.drive.iterdir()) == [
        "body.bag",
        "chassis.mf4",
        "driver_notes.json",
        "localization.db3",
        "sensors.mcap",
    ]


def test_two_processes_at_different_times_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        done = run(tmp_path / name, "--seed", "11", "--duration", "20")
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(tmp_path / name / "drive")
        time.sleep(1.1)
    one, two = digests(tmp_path / "one"), digests(tmp_path / "two")
    assert len(one) == 9
    assert one == two


def test_another_seed_gives_other_recordings(tmp_path: Path) -> None:
    one = write_drive(tmp_path / "one", seed=1, duration_s=20.0)
    two = write_drive(tmp_path / "two", seed=2, duration_s=20.0)
    first, second = digests(one.drive), digests(two.drive)
    assert all(first[name] != second[name] for name in first)


def recorded_bytes(written: SampleDrive) -> bytes:
    """Return all bytes of the upload, with the chunks of the MCAP unpacked."""
    parts = [path.read_bytes() for path in sorted(written.drive.iterdir())]
    with written.sensors.open("rb") as file:
        reader = make_reader(file)
        for schema, channel, message in reader.iter_messages():
            assert schema is not None
            if not channel.topic.startswith(("/camera", "/lidar")):
                parts.append(message.data)
        summary = reader.get_summary()
    assert summary is not None
    parts.extend(schema.data for schema in summary.schemas.values())
    parts.extend(channel.topic.encode() for channel in summary.channels.values())
    return b"".join(parts).lower()


def test_nothing_of_the_truth_leaks_into_the_recordings(written: SampleDrive) -> None:
    recorded = recorded_bytes(written)
    assert [name for name in EVENT_NAMES if name.encode() in recorded] == []


def test_the_driver_s_notes_of_a_whole_drive_name_no_event(world: World) -> None:
    from sample_data.notes import driver_notes

    text = json.dumps(driver_notes(world)).lower()
    assert [name for name in EVENT_NAMES if name in text] == []
    assert "night" not in text


def test_the_truth_is_json_with_integer_times(written: SampleDrive) -> None:
    truth = json.loads(written.truth.read_text(encoding="utf-8"))
    assert truth["vehicle"] == written.vehicle
    assert truth["start_ns"] == written.start_ns
    assert truth["stop_ns"] - truth["start_ns"] == 36_000_000_000
    for event in truth["events"]:
        assert truth["start_ns"] <= event["t_start_ns"] < event["t_end_ns"] <= truth["stop_ns"]
        moments = [value for key, value in event.items() if key.startswith("t_") and "ns" in key]
        assert all(isinstance(value, int) for value in moments)
        assert not any(key.endswith("_s") and key != "ttc_s" for key in event)
    assert {"turn_right", "sensor_dropout", "standstill"} <= {e["type"] for e in truth["events"]}


def test_the_truth_names_actors_by_their_track(world: World) -> None:
    document = json.loads(json.dumps(truth_document(world)))
    by_type = {event["type"]: event for event in document["events"]}
    assert by_type["cut_in"]["actor"]["class"] == "car"
    assert re.fullmatch(r"[0-9a-f]{32}", by_type["vru_crossing"]["actor"]["track"])
    assert by_type["hard_brake"]["actor"] is None
    assert by_type["cut_in"]["t_start_ns"] < by_type["cut_in"]["t_intrusion_ns"]


def test_the_clock_of_the_truth_is_the_clock_of_the_world(world: World) -> None:
    clock = json.loads(json.dumps(truth_document(world)["clock"]))
    assert clock["offset_ns"] == round(world.clock.offset_s * 1e9)
    assert clock["skew"] == world.clock.skew
    assert clock["t0_ns"] == world.start_ns


def test_an_existing_drive_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    with pytest.raises(Conflict, match="exists already"):
        write_drive(tmp_path, duration_s=20.0)
    assert list((tmp_path / "drive").iterdir()) == []


@pytest.mark.parametrize("duration_s", [0.0, 19.9, -5.0, float("nan"), float("inf")])
def test_durations_out_of_range_are_refused(tmp_path: Path, duration_s: float) -> None:
    with pytest.raises(InputError, match="20 s"):
        write_drive(tmp_path / "x", duration_s=duration_s)
    assert not (tmp_path / "x").exists()


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seed -1"):
        write_drive(tmp_path / "x", seed=-1, duration_s=20.0)


def test_a_start_without_a_zone_is_refused(tmp_path: Path) -> None:
    naive = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(InputError, match="no time zone"):
        write_drive(tmp_path / "x", duration_s=20.0, start=naive)


def test_a_start_is_kept_to_the_microsecond(tmp_path: Path) -> None:
    start = datetime(2026, 5, 4, 3, 2, 1, 234_567, tzinfo=UTC)
    made = write_drive(tmp_path / "x", duration_s=20.0, start=start)
    assert made.start_ns == 1_777_863_721_234_567_000


def test_the_command_explains_a_wrong_duration(tmp_path: Path) -> None:
    done = run(tmp_path / "x", "--duration", "3")
    assert done.returncode == 65
    assert "at least 20 s" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("duration_s", [20.0, 60.0])
def test_short_drives_are_written_whole(tmp_path: Path, duration_s: float) -> None:
    made = write_drive(tmp_path / "x", seed=5, duration_s=duration_s)
    assert all(path.stat().st_size > 100 for path in made.drive.iterdir())
    document = truth_document(build_world(5, duration_s))
    assert json.loads(made.truth.read_text(encoding="utf-8")) == json.loads(json.dumps(document))

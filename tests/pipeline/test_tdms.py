"""A folder with one TDMS recording goes all the way."""

import math
import struct
from pathlib import Path

import pyarrow.parquet as pq

from avdataops.testing import tdms_bytes as b
from avdataops.testing.command_line import Desk
from avdataops.testing.tdms_bytes import Obj, Plain, segment, waveform

START_NS = 1_717_236_000_000_000_000
RATE_HZ, ROWS = 100, 2_000
VEHICLE = ("--vehicle", "AV-07")


def _recording(*, promised: int | None = None) -> bytes:
    speed = [10.0 + 5.0 * math.sin(row / 200) for row in range(ROWS)]
    pedal = [row % 100 for row in range(ROWS)]
    wave = waveform(START_NS, 1 / RATE_HZ)
    objects = [
        Obj(
            "/'chassis'/'VehicleSpeed'",
            Plain(b.F64, ROWS),
            wave | {"unit_string": (b.STRING, "m/s")},
        ),
        Obj("/'chassis'/'Pedal'", Plain(b.U8, ROWS), wave),
    ]
    return segment(objects, struct.pack(f"<{ROWS}d{ROWS}B", *speed, *pedal), promised=promised)


def _processed(tmp_path: Path, data: bytes) -> tuple[Desk, str, int]:
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / "chassis.tdms").write_bytes(data)
    desk = Desk(tmp_path / "lake")
    uploaded = desk.here("upload", folder, *VEHICLE, "--format", "json")
    assert uploaded.status == 0, uploaded.err
    measurement = str(uploaded.json["measurement"])
    ran = desk.here("run", measurement, "--format", "json")
    return desk, measurement, ran.status


def test_a_tdms_recording_becomes_a_complete_measurement(tmp_path: Path) -> None:
    desk, measurement, status = _processed(tmp_path, _recording())
    assert status == 0
    shown = desk.here("measurements", "show", measurement, "--format", "json").json
    assert shown["state"] == "complete"
    assert shown["recordings"][0]["format"] == "tdms"
    assert [(one["name"], one["type"], one["rows"]) for one in shown["streams"]] == [
        ("chassis", "tdms/waveform", ROWS)
    ]
    (path,) = [one for one in desk.files("raw") if "vehicle" in one and one.endswith(".parquet")]
    table = pq.read_table(desk.workspace / path)
    assert table["t_ns"][:3].to_pylist() == [START_NS, START_NS + 10_000_000, START_NS + 20_000_000]
    assert table["pedal"].to_pylist() == [row % 100 for row in range(ROWS)]


def test_a_tdms_recording_that_breaks_off_is_complete_with_caveats(tmp_path: Path) -> None:
    desk, measurement, status = _processed(tmp_path, _recording(promised=10 * 9 * ROWS))
    assert status == 3
    shown = desk.here("measurements", "show", measurement, "--format", "json").json
    assert shown["state"] == "complete"
    text = desk.here("measurements", "show", measurement).text
    assert f"read {ROWS} of {10 * ROWS} samples" in text

"""``avdataops measurements sync`` over a finished drive: its table and its picture."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from avdataops.signals.sync_view import COLUMNS

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed


def _rows(done: "Processed", *options: str | Path) -> dict[str, dict[str, Any]]:
    answer = done.desk.here("measurements", "sync", done.measurement, "--format", "json", *options)
    assert answer.status == 0, answer.err
    return {row["stream"]: row for row in answer.json}


def test_every_stream_has_a_row_with_the_tie_of_its_clock(finished: "Processed") -> None:
    rows = _rows(finished)
    assert {tuple(row) for row in rows.values()} == {COLUMNS}
    camera, brakes = rows["/camera/front/image/compressed"], rows["BrakeSystem"]
    assert (camera["clock"], camera["method"], camera["gaps"]) == ("ros", "reference", 1)
    assert camera["stamp_kind"] == "common"
    assert (brakes["clock"], brakes["method"]) == ("mdf", "yaw_rate")
    assert brakes["residual_p50_ms"] <= brakes["residual_p95_ms"]


def test_the_table_is_for_people(finished: "Processed") -> None:
    answer = finished.desk.here("measurements", "sync", finished.measurement)
    assert answer.status == 0
    head, *_ = answer.out.decode().splitlines()
    assert tuple(head.split()) == COLUMNS


def test_the_picture_goes_into_its_file_and_the_table_to_the_screen(
    finished: "Processed", tmp_path: Path
) -> None:
    file = tmp_path / "sync.svg"
    rows = _rows(finished, "-o", file)
    drawn = file.read_text()
    svg = ET.fromstring(drawn)  # noqa: S314 - what the command has just drawn
    told = {one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert set(rows) <= told
    assert "clock ros: the reference" in told
    _rows(finished, "-o", file)
    assert file.read_text() == drawn


def test_any_other_file_gets_the_table(finished: "Processed", tmp_path: Path) -> None:
    file = tmp_path / "sync.json"
    command = ("measurements", "sync", finished.measurement, "--format", "json", "-o", file)
    answer = finished.desk.here(*command)
    assert (answer.status, answer.out) == (0, b"")
    assert len(json.loads(file.read_text())) == len(_rows(finished))

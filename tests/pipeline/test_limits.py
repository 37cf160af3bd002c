"""A recording that asks for more than a task may have costs nobody else anything."""

import json
from pathlib import Path

import pytest

from avdataops.testing.command_line import Desk

FAILED = 1


@pytest.fixture
def measurement(tiny: Path, tmp_path: Path) -> tuple[Desk, str]:
    """Two recordings, uploaded and validated."""
    desk = Desk(tmp_path / "lake")
    done = desk.here("upload", tiny, "--vehicle", "AV-07", "--format", "json")
    assert done.status == 0, done.err
    found = str(done.json["measurement"])
    assert desk.here("run", found, "--to", "validate").status == 0
    return desk, found


def test_what_takes_too_much_memory_is_set_aside_with_the_way_out(
    measurement: tuple[Desk, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, found = measurement
    # Less than an interpreter with its libraries takes, so that any recording is too large.
    monkeypatch.setenv("AVDATAOPS_LIMITS__MEMORY_MB", "48")
    refused = desk.call("run", found, "--format", "json")
    assert refused.status == FAILED, refused.text
    shown = json.loads(desk.call("measurements", "show", found, "--format", "json").text)
    assert shown["state"] == "quarantined"
    assert shown["reason"]["code"] == "over_limit"
    assert "it took more than 48 MiB of memory" in shown["reason"]["message"]
    assert f"avdataops measurements requeue {found}" in shown["reason"]["fix"]

    monkeypatch.delenv("AVDATAOPS_LIMITS__MEMORY_MB")
    assert desk.call("measurements", "requeue", found).status == 0
    again = desk.call("run", found, "--format", "json")
    assert again.status == 0, again.text
    assert json.loads(again.text)["state"] == "complete"


def test_what_runs_for_too_long_may_be_tried_again(
    measurement: tuple[Desk, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, found = measurement
    monkeypatch.setenv("AVDATAOPS_LIMITS__WALL_S", "0.05")
    monkeypatch.setenv("AVDATAOPS_LIMITS__S_PER_GIB", "0")
    late = desk.call("run", found, "--format", "json")
    assert late.status == 75, late.text
    assert "it ran for more than 0 s" in late.err
    monkeypatch.delenv("AVDATAOPS_LIMITS__WALL_S")
    assert desk.call("run", found).status == 0

"""The invariants hold over whole workspaces: finished, half done, rejected, run twice."""

from pathlib import Path
from typing import TYPE_CHECKING

from avdataops.settings import load_settings
from avdataops.testing.command_line import Desk
from avdataops.testing.invariants import broken_invariants
from avdataops.wiring.workspace import open_workspace

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed


def broken(desk: Desk) -> list[str]:
    with open_workspace(load_settings(workspace=desk.workspace)) as opened:
        return broken_invariants(opened.storage, opened.catalog)


def test_a_finished_drive_breaks_none(finished_short: "Processed") -> None:
    assert broken(finished_short.desk) == []


def test_a_half_done_and_a_rejected_drive_break_none(tiny: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "lake")
    half = desk.here("upload", tiny, "--vehicle", "A", "--format", "json").json["measurement"]
    assert broken(desk) == []
    assert desk.here("run", half, "--to", "validate").status == 0
    assert broken(desk) == []
    assert desk.here("run", half, "--to", "extract").status == 0
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.mcap").write_bytes(b"this is no recording")
    bad = desk.here("upload", tmp_path / "bad", "--vehicle", "B", "--format", "json").json
    assert desk.here("run", bad["measurement"]).status == 1
    assert broken(desk) == []


def test_a_deleted_table_breaks_one_until_the_drive_is_run_again(
    tiny: Path, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "lake")
    drive = desk.here("upload", tiny, "--vehicle", "A", "--format", "json").json["measurement"]
    assert desk.here("run", drive).status == 0
    assert broken(desk) == []
    before = desk.results()
    table = next(desk.workspace.glob("derived/ego/**/*.parquet"))
    table.unlink()
    assert {message.split()[0] for message in broken(desk)} == {"I1"}
    assert desk.here("measurements", "verify", drive).status == 1
    again = desk.here("run", drive, "--format", "json")
    assert [run["step"] for run in again.json["runs"] if run["outcome"] != "nothing to do"] == [
        "sync"
    ]
    assert desk.results() == before
    assert broken(desk) == []

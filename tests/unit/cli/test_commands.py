"""Commands over a workspace, as a person gives them."""

import functools
import json
from pathlib import Path
from typing import Any

import click
import pytest

from avdataops.cli import main
from avdataops.cli.run import exit_status
from avdataops.cli.upload import Rate
from avdataops.engine.pace import Pace
from avdataops.engine.pipeline import Finished
from avdataops.model.measurement import State
from avdataops.model.run import Outcome, RunRecord
from avdataops.model.stream import Problem


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("AVDATAOPS_JOBS", "1")
    return tmp_path / "workspace"


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / "a.mcap").write_bytes(b"this is no recording")
    (folder / "readme.txt").write_bytes(b"left out")
    return folder


class Asking:
    """Gives commands and reads their JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def __call__(self, *given: str, status: int = 0) -> Any:
        assert main([*given, "--format", "json"]) == status
        told = self._capsys.readouterr()
        self.err = told.err
        return json.loads(told.out) if told.out else json.loads(told.err.splitlines()[-1])


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], workspace: Path) -> Asking:
    del workspace
    return Asking(capsys)


def record(outcome: Outcome, *caveats: Problem) -> RunRecord:
    return RunRecord(
        run="run_1",
        step="s",
        version=1,
        measurement="m",
        part="",
        attempt=1,
        outcome=outcome,
        params={},
        caveats=caveats,
    )


def test_an_upload_tells_what_it_took_and_what_it_left(ask: Asking, drive: Path) -> None:
    told = ask("upload", str(drive), "--vehicle", "car-1")
    assert told["state"] == "pending"
    assert told["uploaded"] is True
    (recording,) = told["recordings"]
    assert (recording["name"], recording["bytes"]) == ("a.mcap", 20)
    assert len(recording["sha256"]) == 64
    assert "left out: readme.txt" in ask.err


def test_the_same_upload_again_says_that_there_is_nothing_to_do(ask: Asking, drive: Path) -> None:
    first = ask("upload", str(drive), "--vehicle", "car-1")
    again = ask("upload", str(drive), "--vehicle", "car-1")
    assert again == first | {"uploaded": False}


def test_a_dry_run_of_an_upload_copies_nothing(ask: Asking, drive: Path, workspace: Path) -> None:
    told = ask("upload", str(drive), "--vehicle", "car-1", "--dry-run")
    assert told == {
        "dry_run": True,
        "files": [{"name": "a.mcap", "bytes": 20, "role": "recording"}],
        "bytes": 20,
    }
    assert not (workspace / "landing").exists()


def test_driver_notes_are_shown_with_the_measurement(
    ask: Asking, drive: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.yaml").write_text("route: coast\n", encoding="utf-8")
    notes = str(tmp_path / "words.yaml")
    told = ask("upload", str(drive), "--vehicle", "car-1", "--driver-notes", notes)
    shown = ask("measurements", "show", told["measurement"])
    assert shown["driver_notes"] == {"route": "coast"}


def test_measurements_are_found_by_the_beginning_of_their_id(ask: Asking, drive: Path) -> None:
    name = ask("upload", str(drive), "--vehicle", "car-1")["measurement"]
    shown = ask("measurements", "show", name[:6])
    assert (shown["measurement"], shown["state"], shown["reason"]) == (name, "pending", None)
    (listed,) = ask("measurements", "list", "--vehicle", "car-1")
    assert listed["measurement"] == name
    assert ask("measurements", "list", "--state", "complete") == []


@pytest.mark.parametrize(
    "command", [("measurements", "show"), ("measurements", "verify"), ("run",)]
)
def test_an_unknown_measurement_is_not_found(ask: Asking, command: tuple[str, ...]) -> None:
    told = ask(*command, "m_" + "0" * 24, status=4)
    assert told["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("name", "status"), [("../../outside", 65), ("..", 65), ("", 65), ("a/b", 4)]
)
def test_a_hostile_name_of_a_measurement_touches_no_file(
    ask: Asking, workspace: Path, name: str, status: int
) -> None:
    told = ask("run", name, status=status)
    assert told["error"]["code"] in {"unsafe_name", "not_found"}
    assert not list(workspace.parent.glob("*.lock"))
    assert not (workspace.parent.parent / "outside.lock").exists()


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (["--from", "extrakt"], 78),
        (["--from", "sync", "--to", "extract"], 78),
        (["--param", "sync"], 2),
        (["--param", "sync.a=1", "--param", "sync.a.b=2"], 2),
        (["--param", "nostep.a=1"], 78),
        (["--param", "validate.a=1"], 78),
    ],
)
def test_a_wrong_step_or_parameter_changes_nothing(
    ask: Asking, drive: Path, given: list[str], status: int
) -> None:
    name = ask("upload", str(drive), "--vehicle", "car-1")["measurement"]
    assert main(["run", name, *given]) == status
    ask._capsys.readouterr()
    assert ask("measurements", "show", name)["state"] == "pending"


def test_a_rejected_drive_says_why_and_how_to_mend_it(ask: Asking, drive: Path) -> None:
    name = ask("upload", str(drive), "--vehicle", "car-1")["measurement"]
    told = ask("run", name, status=1)
    assert told["state"] == "quarantined"
    assert [run["outcome"] for run in told["runs"]] == ["failed (input)"]
    reason = ask("measurements", "show", name)["reason"]
    assert reason["code"] == "unknown_format"
    again = ask("run", name, status=65)
    assert again["error"]["hint"] == reason["fix"]
    assert ask("measurements", "show", name)["reason"] == reason
    assert ask("measurements", "requeue", name) == {
        "measurement": name,
        "state": "pending",
        "files": 2,
    }
    ask("measurements", "requeue", name, status=65)


def test_a_dry_run_shows_the_next_tasks(ask: Asking, drive: Path) -> None:
    name = ask("upload", str(drive), "--vehicle", "car-1")["measurement"]
    assert ask("run", name, "--dry-run") == {
        "measurement": name,
        "dry_run": True,
        "step": "validate",
        "tasks": [{"part": "a.mcap", "inputs": 1}],
    }


def test_settings_are_shown_with_their_origin(ask: Asking, workspace: Path) -> None:
    told = ask("config", "show")
    assert told["jobs"] == {"value": 1, "origin": "AVDATAOPS_JOBS"}
    assert told["workspace"]["value"] == str(workspace)


@pytest.mark.parametrize(
    ("finished", "state", "status"),
    [
        (Finished((), ()), State.COMPLETE, 0),
        (Finished((record(Outcome.DONE),), ()), State.COMPLETE, 0),
        (Finished((record(Outcome.NOTHING),), ()), State.COMPLETE, 0),
        (
            Finished((record(Outcome.CAVEATS, Problem(code="gap", message="x")),), ()),
            State.COMPLETE,
            0,
        ),
        (
            Finished((record(Outcome.CAVEATS, Problem(code="truncated", message="x")),), ()),
            State.COMPLETE,
            3,
        ),
        (Finished((record(Outcome.FAILED_INPUT),), ()), State.QUARANTINED, 1),
        (Finished((record(Outcome.LOST),), ()), State.QUARANTINED, 1),
        (Finished((record(Outcome.LOST),), ()), State.PENDING, 75),
        (Finished((record(Outcome.FAILED_TRANSIENT),), ()), State.PENDING, 75),
    ],
)
def test_the_exit_status_says_whether_a_retry_helps(
    finished: Finished, state: State, status: int
) -> None:
    assert exit_status(finished, state) == status


def test_no_secret_is_shown_and_the_address_of_an_account_is(
    ask: Asking, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = {
        "LANDING": "https://landing.blob.example",
        "RAW": "DefaultEndpointsProtocol=http;AccountName=x;AccountKey=c2VjcmV0;",
        "DERIVED": "https://derived.blob.example?sig=c2VjcmV0",
        "LABELED": "https://user:c2VjcmV0@labeled.blob.example",
    }
    for zone, account in shown.items():
        monkeypatch.setenv(f"AVDATAOPS_AZURE__STORAGE__{zone}", account)
    monkeypatch.setenv("AVDATAOPS_AZURE__COSMOS_KEY", "c2VjcmV0")
    told = ask("config", "show")
    values = {name: one["value"] for name, one in told.items() if name.startswith("azure.")}
    assert values["azure.storage.landing"] == "https://landing.blob.example"
    hidden = ("storage.raw", "storage.derived", "storage.labeled", "cosmos_key")
    assert {values[f"azure.{name}"] for name in hidden} == {"**********"}
    assert values["azure.batch_key"] is None
    assert told["azure.storage.raw"]["origin"] == "AVDATAOPS_AZURE__STORAGE__RAW"
    assert main(["config", "show", "--origin"]) == 0
    text = capsys.readouterr().out
    assert "c2VjcmV0" not in text
    assert "azure.cosmos_key = **********    (AVDATAOPS_AZURE__COSMOS_KEY)" in text


@pytest.mark.usefixtures("workspace")
def test_an_engine_that_lacks_a_setting_names_it(ask: Asking, drive: Path) -> None:
    name = ask("upload", str(drive), "--vehicle", "car-1")["measurement"]
    told = ask("run", name, "--engine", "azure-batch", status=78)
    assert "setting 'azure.batch_endpoint' is missing" in told["error"]["message"]
    assert ask("measurements", "show", name)["state"] == "pending"


class TestBroughtByOthers:
    def copy(self, drive: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "a.mcap").write_bytes((drive / "a.mcap").read_bytes())

    def test_the_manifest_alone_is_written_when_the_files_are_in_their_place(
        self, ask: Asking, drive: Path, workspace: Path
    ) -> None:
        given = ("upload", str(drive), "--vehicle", "car-1")
        told = ask(*given, "--manifest-only", status=65)
        assert "'a.mcap' is missing" in told["error"]["message"]
        measurement = told["error"]["hint"].split("folder ")[1].split()[0]
        assert not (workspace / "landing" / measurement).exists()
        self.copy(drive, workspace / "landing" / measurement)
        done = ask(*given, "--manifest-only")
        assert (done["measurement"], done["uploaded"]) == (measurement, True)
        assert (workspace / "landing" / measurement / "manifest.json").is_file()
        assert ask(*given)["uploaded"] is False

    def test_a_folder_of_landing_is_taken_without_anything_at_hand(
        self, ask: Asking, drive: Path, workspace: Path
    ) -> None:
        self.copy(drive, workspace / "landing" / "box-7" / "monday")
        given = ("upload", "--landed", "box-7/monday", "--vehicle", "car-1")
        files = [{"name": "a.mcap", "bytes": 20, "role": "recording"}]
        assert ask(*given, "--dry-run") == {"dry_run": True, "files": files, "bytes": 20}
        taken = ask(*given)
        assert "the originals stay in landing/box-7/monday" in ask.err
        again = ask("upload", str(drive), "--vehicle", "car-1")
        assert again == taken | {"uploaded": False}

    def test_what_lies_in_its_place_is_not_copied(
        self, ask: Asking, drive: Path, workspace: Path
    ) -> None:
        told = ask("upload", str(drive), "--vehicle", "car-1", "--manifest-only", status=65)
        measurement = told["error"]["hint"].split("folder ")[1].split()[0]
        self.copy(drive, workspace / "landing" / measurement)
        taken = ask("upload", "--landed", measurement, "--vehicle", "car-1")
        assert taken["measurement"] == measurement
        assert "the originals stay" not in ask.err

    @pytest.mark.parametrize(
        "more", [["FOLDER"], ["--manifest-only"], ["--driver-notes", "a.json"], ["--dbc", "b.dbc"]]
    )
    def test_nothing_at_hand_goes_with_a_landed_folder(
        self, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("a.json", "b.dbc"):
            (tmp_path / name).write_bytes(b"{}")
        given = [str(tmp_path / one) if one.endswith((".json", ".dbc")) else one for one in more]
        workspace = ["--workspace", str(tmp_path / "w")]
        assert main(["upload", "--landed", "x", "--vehicle", "V", *given, *workspace]) == 2
        assert "--landed takes all files from the landing zone" in capsys.readouterr().err


class TestRate:
    @pytest.mark.parametrize(
        ("text", "rate_bps"),
        [("800", 800), ("800K", 8e5), ("50M", 5e7), ("1.5G", 1.5e9), ("50m", 5e7)],
    )
    def test_a_rate_is_bytes_per_second_in_powers_of_1000(self, text: str, rate_bps: float) -> None:
        assert Rate().convert(text, None, None) == rate_bps

    @pytest.mark.parametrize("text", ["", "fast", "0", "0.5", "-1M", "5T", "50MB", "1e6"])
    def test_what_is_no_rate_is_a_usage_error(self, text: str) -> None:
        with pytest.raises(click.BadParameter, match=r"no rate \(bytes per second"):
            Rate().convert(text, None, None)

    def test_an_upload_keeps_to_its_rate(
        self, ask: Asking, drive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slept: list[float] = []
        paced = functools.partial(Pace, clock=lambda: 0.0, sleep=slept.append)
        monkeypatch.setattr("avdataops.cli.upload.Pace", paced)
        (drive / "b.mcap").write_bytes(b"x" * 100)
        ask("upload", str(drive), "--vehicle", "car-1", "--limit-rate", "10")
        # The first file of 20 bytes takes 2 s at this rate, and the second waits for them.
        assert [round(seconds, 6) for seconds in slept] == [2.0]


def test_a_drive_that_is_not_synced_is_told_the_next_command(ask: Asking, drive: Path) -> None:
    measurement = ask("upload", str(drive), "--vehicle", "car-1")["measurement"]
    told = ask("measurements", "sync", measurement, status=4)["error"]
    assert told["message"] == f"'{measurement}' is not synced yet"
    assert told["hint"] == f"avdataops run {measurement} --to sync"

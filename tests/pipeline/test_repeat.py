"""Running again: nothing twice, only what changed, and the same bytes from the same input."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from avdataops.testing.command_line import Answer, Desk
from sample_data import SampleDrive

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

SLOWER = ("--param", "downsample.signal_rate_hz=20")
BEHIND_EXTRACT = {"downsample", "sync", "keyframes", "enrich", "detect_scenes", "full_rate"}


def run(done: "Processed", *options: str) -> Answer:
    return done.desk.here("run", done.measurement, *options, "--format", "json")


def executed(answer: Answer) -> set[str]:
    return {run["step"] for run in answer.json["runs"] if run["outcome"] != "nothing to do"}


def scenes(done: "Processed") -> Any:
    return done.desk.here("scenes", "find", "--limit", "0", "--format", "json").json


@pytest.fixture(scope="module")
def done(
    process: Callable[[Desk, SampleDrive], "Processed"],
    short: SampleDrive,
    tmp_path_factory: pytest.TempPathFactory,
) -> "Processed":
    """A drive of its own, for these tests leave more runs behind."""
    return process(Desk(tmp_path_factory.mktemp("repeat")), short)


def test_a_rerun_executes_nothing_says_so_and_changes_no_byte(done: "Processed") -> None:
    before = done.desk.files("landing", "raw", "derived", "quarantine")
    again = run(done)
    assert again.status == 0
    assert again.json["nothing_to_do"] is True
    assert executed(again) == set()
    assert len(again.json["runs"]) == len(done.ran["runs"]) == 62
    assert done.desk.files("landing", "raw", "derived", "quarantine") == before
    assert done.desk.here("run", done.measurement).text.startswith("nothing to do: ")


def test_the_second_time_the_same_runs_and_artifacts_are_named(done: "Processed") -> None:
    again = run(done).json["runs"]
    first = {run["run"]: sorted(run["made"]) for run in done.ran["runs"]}
    assert {run["run"]: sorted(run["made"]) for run in again} == first


def test_a_changed_parameter_runs_only_what_is_behind_it_and_back_again_nothing(
    done: "Processed",
) -> None:
    first = scenes(done)
    before = done.desk.results()
    changed = run(done, *SLOWER)
    assert changed.status == 0
    assert executed(changed) == BEHIND_EXTRACT
    rates = Counter(run["step"] for run in changed.json["runs"])
    assert rates["extract"] == 4
    # What others may have read is still there, byte for byte, beside the new.
    after = done.desk.results()
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)
    other = scenes(done)
    assert {scene["type"] for scene in other} == {scene["type"] for scene in first}
    assert not {scene["artifact"] for scene in other} & {scene["artifact"] for scene in first}
    back = run(done)
    assert (back.status, executed(back)) == (0, set())
    assert back.json["state"] == "complete"
    # Nothing was made, and yet something was done, which is told.
    behind = {
        run["run"] for run in back.json["runs"] if run["step"] in BEHIND_EXTRACT and run["made"]
    }
    assert set(back.json["switched_back"]) == behind
    assert back.json["nothing_to_do"] is False
    assert "back to " in back.err
    assert done.desk.results() == after
    assert scenes(done) == first


def test_a_changed_parameter_of_the_last_step_runs_that_step_alone(done: "Processed") -> None:
    first = scenes(done)
    changed = run(done, "--param", 'detect_scenes.detectors=["light"]')
    assert (changed.status, executed(changed)) == (0, {"detect_scenes"})
    assert {scene["type"] for scene in scenes(done)} == {"night", "twilight"}
    back = done.desk.here("run", done.measurement)
    assert back.text.startswith(f"{done.measurement} complete: back to 18 earlier runs of detect_")
    assert scenes(done) == first
    assert done.desk.here("run", done.measurement).text.startswith("nothing to do: ")


def test_an_unknown_parameter_changes_nothing_and_names_the_near_miss(done: "Processed") -> None:
    before = done.desk.files("raw", "derived")
    wrong = run(done, "--param", "downsample.signal_rate=20")
    assert wrong.status == 78
    assert "did you mean 'signal_rate_hz'?" in wrong.err
    assert done.desk.files("raw", "derived") == before
    shown = done.desk.here("measurements", "show", done.measurement, "--format", "json")
    assert shown.json["state"] == "complete"


def test_a_part_of_the_pipeline_can_be_run(short: SampleDrive, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "lake")
    upload = ("upload", short.drive, "--vehicle", "V", "--dbc", short.dbc, "--format", "json")
    measurement = desk.here(*upload).json["measurement"]
    first = desk.here("run", measurement, "--to", "extract", "--format", "json")
    assert executed(first) == {"validate", "extract"}
    assert first.json["state"] == "pending"
    planned = desk.here("run", measurement, "--dry-run", "--format", "json")
    assert planned.json["step"] == "downsample"
    assert len(planned.json["tasks"]) == 24
    second = desk.here("run", measurement, "--from", "downsample", "--format", "json")
    assert executed(second) == BEHIND_EXTRACT
    assert second.json["state"] == "complete"


@pytest.fixture(scope="module", params=["1", "2"])
def from_scratch(
    request: pytest.FixtureRequest,
    short: SampleDrive,
    finished_short: "Processed",
    tmp_path_factory: pytest.TempPathFactory,
) -> "Processed":
    """The same drive in a workspace of its own, through processes as a person would."""
    desk = Desk(tmp_path_factory.mktemp("scratch"), {"AVDATAOPS_JOBS": str(request.param)})
    upload = ("upload", short.drive, "--vehicle", short.vehicle, "--dbc", short.dbc)
    uploaded = desk.here(*upload, "--format", "json").json
    answer = desk.call("run", uploaded["measurement"], "--format", "json")
    assert answer.status == 0, answer.err
    return replace(
        finished_short,
        desk=desk,
        measurement=uploaded["measurement"],
        uploaded=uploaded,
        ran=answer.json,
    )


def test_from_scratch_the_same_bytes_come_out_whatever_the_number_of_processes(
    from_scratch: "Processed", finished_short: "Processed"
) -> None:
    assert from_scratch.measurement == finished_short.measurement
    expected = finished_short.desk.results()
    assert len(expected) > 80
    assert {name.split("/")[0] for name in expected} == {"raw", "derived"}
    assert from_scratch.desk.results() == expected
    assert scenes(from_scratch) == scenes(finished_short)

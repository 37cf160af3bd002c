"""A rule file defines a scene type without Python: from the settings to the lineage."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from avdataops.settings import load_settings
from avdataops.testing.command_line import Desk, sha256_of
from avdataops.wiring.workspace import open_workspace

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "fast_wet_corner.yaml"


@pytest.fixture(scope="module")
def ruled(finished: "Processed", tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a copy of the finished workspace that ran again with the example rule."""
    workspace = tmp_path_factory.mktemp("ruled") / "workspace"
    shutil.copytree(finished.desk.workspace, workspace)
    desk = Desk(workspace, {**finished.desk.environment, "AVDATAOPS_RULES": str(EXAMPLE)})
    ran = desk.here("run", finished.measurement, "--format", "json")
    assert ran.status == 0, ran.err
    return desk


def scenes(desk: Desk, *options: str) -> list[Mapping[str, Any]]:
    answer = desk.here("scenes", "find", "--limit", "0", "--format", "json", *options)
    assert answer.status == 0, answer.err
    found: list[Mapping[str, Any]] = answer.json
    return found


def test_the_new_type_is_found_while_it_rains_and_turns(ruled: Desk) -> None:
    found = scenes(ruled, "--type", "fast_wet_corner")
    assert found
    rain = scenes(ruled, "--type", "rain")
    for scene in found:
        assert any(
            wet["t_start_ns"] <= scene["t_start_ns"] and scene["t_end_ns"] <= wet["t_end_ns"]
            for wet in rain
        )
        assert scene["evidence"]["max_yaw_rate_radps"] >= 0.17
        assert scene["evidence"]["severity"] in {"moderate", "high"}
    wet_turns = [
        turn
        for turn in scenes(ruled, "--type", "turn_left", "--type", "turn_right")
        if any(
            w["t_start_ns"] < turn["t_end_ns"] and turn["t_start_ns"] < w["t_end_ns"] for w in rain
        )
    ]
    assert len(found) >= len(wet_turns)


def test_all_other_scenes_are_as_before(ruled: Desk, finished: "Processed") -> None:
    mine = [one["id"] for one in scenes(ruled) if one["type"] != "fast_wet_corner"]
    assert mine == [one["id"] for one in scenes(finished.desk)]


def test_a_scene_tells_which_rule_made_it_and_lineage_holds_its_text(
    ruled: Desk, finished: "Processed"
) -> None:
    (scene, *_) = scenes(ruled, "--type", "fast_wet_corner")
    assert scene["evidence"]["rule"] == f"{EXAMPLE.name} sha256:{sha256_of(EXAMPLE)[:16]}"
    assert (scene["detector"], scene["detector_version"]) == ("fast_wet_corner", 1)
    with open_workspace(load_settings(workspace=ruled.workspace)) as workspace:
        artifact = workspace.catalog.artifact(workspace.catalog.scene(scene["id"]).artifact or "")
        detected = workspace.catalog.run(artifact.run or "")
    assert detected.params["rules"] == {EXAMPLE.name: EXAMPLE.read_text(encoding="utf-8")}
    assert detected.measurement == finished.measurement


def test_running_again_has_nothing_to_do_and_a_changed_rule_has(
    ruled: Desk, finished: "Processed", tmp_path: Path
) -> None:
    again = ruled.here("run", finished.measurement, "--dry-run", "--format", "json")
    assert again.status == 0
    assert "detect_scenes" not in again.text
    changed = tmp_path / EXAMPLE.name
    changed.write_text(EXAMPLE.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    other = Desk(ruled.workspace, {**ruled.environment, "AVDATAOPS_RULES": str(changed)})
    more = other.here("run", finished.measurement, "--dry-run", "--format", "json")
    assert "detect_scenes" in more.text


def test_a_type_that_no_rule_of_now_defines_is_still_found_by_name(ruled: Desk) -> None:
    without = Desk(ruled.workspace)
    assert scenes(without, "--type", "fast_wet_corner") == scenes(
        ruled, "--type", "fast_wet_corner"
    )
    wrong = without.here("scenes", "find", "--type", "fast_wet_cornr")
    assert wrong.status == 65
    assert "did you mean 'fast_wet_corner'?" in wrong.err


def test_types_tells_what_each_scene_type_means_own_rules_too(ruled: Desk) -> None:
    answer = ruled.here("scenes", "types", "--format", "json")
    told = {row["type"]: row for row in answer.json}
    assert told["cut_in"]["openlabel"] == "MotionCutIn"
    assert told["hard_brake"]["iri"] == "urn:avdataops:scene:hard_brake"
    assert told["fast_wet_corner"] == {
        "type": "fast_wet_corner",
        "parent": "user_rule",
        "definition": "Turning with 10 degrees per second or more, faster than 18 km/h, while it "
        "rains.",
        "openlabel": "MotionTurn",
    }

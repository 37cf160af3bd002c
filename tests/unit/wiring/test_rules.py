"""Rule files from the settings into the pipeline."""

from pathlib import Path

import pytest

from avdataops.model.errors import ConfigError
from avdataops.settings import Settings
from avdataops.wiring.rules import configured_rules, rule_documents
from avdataops.wiring.workspace import open_workspace

FAST = "scene: fast\ndoc: Fast.\nwhen: ego_speed_mps > 20\n"
SLOW = "scene: slow\ndoc: Slow.\nwhen: ego_speed_mps < 3 and not during standstill\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a folder with two rules and a file that is none."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "slow.yaml").write_text(SLOW, encoding="utf-8")
    (folder / "fast.yaml").write_text(FAST, encoding="utf-8")
    (folder / "notes.txt").write_text("nothing", encoding="utf-8")
    (folder / "old.yaml").mkdir()
    return folder


def test_a_pattern_gives_the_text_of_its_files_by_name(rules: Path) -> None:
    found = rule_documents([rules / "*.yaml"])
    assert list(found.items()) == [("fast.yaml", FAST), ("slow.yaml", SLOW)]
    assert rule_documents([rules / "slow.yaml"]) == {"slow.yaml": SLOW}
    assert rule_documents([]) == {}
    assert [one.types for one in configured_rules([rules / "*.yaml"])] == [("fast",), ("slow",)]


def test_a_pattern_without_files_is_named(rules: Path) -> None:
    with pytest.raises(ConfigError, match=r"setting 'rules': no file is named '.*\*\.yml'"):
        rule_documents([rules / "*.yml"])


def test_two_files_of_one_name_are_refused(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "fast.yaml").write_text(FAST, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"there are two files of the name 'fast\.yaml'"):
        rule_documents([rules / "*.yaml", tmp_path / "fast.yaml"])


def test_a_file_that_is_not_text_is_named(rules: Path) -> None:
    (rules / "bad.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"bad\.yaml' is not UTF-8"):
        rule_documents([rules / "bad.yaml"])


def test_what_is_wrong_in_a_rule_is_told_before_anything_runs(rules: Path, tmp_path: Path) -> None:
    (rules / "fast.yaml").write_text(FAST.replace("mps", "mpss"), encoding="utf-8")
    given = Settings(workspace=tmp_path / "w", rules=(rules / "*.yaml",))
    with (
        open_workspace(given) as workspace,
        pytest.raises(ConfigError, match=r"fast\.yaml:3: no column 'ego_speed_mpss'; did you mean"),
    ):
        workspace.pipeline()


def test_rules_become_a_parameter_of_the_step_beside_the_others(
    rules: Path, tmp_path: Path
) -> None:
    given = Settings(
        workspace=tmp_path / "w",
        rules=(rules / "fast.yaml",),
        params={"detect_scenes": {"max_gap_s": 1.0}},
    )
    with open_workspace(given) as workspace:
        (detect,) = [one for one in workspace.pipeline().steps if one.step == "detect_scenes"]
    assert detect.params == {"max_gap_s": 1.0, "rules": {"fast.yaml": FAST}}


def test_without_rules_the_pipeline_is_as_it_was(tmp_path: Path) -> None:
    with open_workspace(Settings(workspace=tmp_path / "w")) as workspace:
        assert workspace.pipeline().steps[-1].params == {}

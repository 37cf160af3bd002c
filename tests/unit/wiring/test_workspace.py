"""Everything joined."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from avdataops.engine.pipeline import Stage
from avdataops.model.errors import Busy, ConfigError
from avdataops.settings import Settings
from avdataops.wiring.workspace import expand_id, load_pipeline, open_workspace


def settings(root: Path, **given: object) -> Settings:
    return Settings.model_validate({"workspace": root / "w", "jobs": 1, **given})


def test_a_workspace_is_made_on_first_use_and_keeps_what_it_knows(tmp_path: Path) -> None:
    with open_workspace(settings(tmp_path)) as one:
        assert one.root == tmp_path / "w"
        assert one.catalog.measurements() == []
    assert (tmp_path / "w" / "catalog.sqlite").is_file()
    with open_workspace(settings(tmp_path)) as again:
        assert again.references() == ()


def test_only_one_process_works_on_a_measurement(tmp_path: Path) -> None:
    with open_workspace(settings(tmp_path)) as workspace:
        with workspace.leases.hold("m_1"), workspace.leases.hold("m_2"):
            told: list[str] = []

            def another() -> None:
                try:
                    with workspace.leases.hold("m_1"):
                        told.append("in")
                except Busy as error:
                    told.append(error.message)

            thread = threading.Thread(target=another)
            thread.start()
            thread.join()
            assert told == ["another process is working on measurement m_1"]
        with workspace.leases.hold("m_1"):
            pass


def test_a_lock_lies_in_the_folder_of_locks_whatever_the_name(tmp_path: Path) -> None:
    with open_workspace(settings(tmp_path)) as workspace, workspace.leases.hold("../../out/side"):
        assert len(list((tmp_path / "w" / "locks").iterdir())) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w"]


def test_reference_files_are_brought_in_once_by_content(tmp_path: Path) -> None:
    (tmp_path / "town.osm").write_bytes(b"<osm/>")
    (tmp_path / "w1.gz").write_bytes(b"isd")
    (tmp_path / "net.onnx").write_bytes(b"weights")
    given = settings(
        tmp_path,
        map=tmp_path / "town.osm",
        weather=(tmp_path / "w1.gz",),
        model=tmp_path / "net.onnx",
    )
    with open_workspace(given) as workspace:
        first, again = workspace.references(), workspace.references()
        assert first == again
        roles = [(one.name, one.attributes["role"], one.measurement) for one in first]
        assert roles == [
            ("w1.gz", "weather", None),
            ("town.osm", "map", None),
            ("net.onnx", "model", None),
        ]
        assert all(workspace.storage.stat(one.location) for one in first)
        assert workspace.catalog.artifact(first[1].id) == first[1]
        (tmp_path / "town.osm").write_bytes(b"<osm>more</osm>")
        assert workspace.references()[1].id != first[1].id


def test_a_reference_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    given = settings(tmp_path, map=tmp_path / "nowhere.osm")
    with (
        open_workspace(given) as workspace,
        pytest.raises(ConfigError, match=r"setting 'map': there is no file .*nowhere\.osm"),
    ):
        workspace.references()


def test_the_shipped_pipeline_is_found_by_name() -> None:
    names = [stage.step for stage in load_pipeline("drive_to_scenes").steps]
    assert names == [
        *(
            "validate",
            "extract",
            "downsample",
            "sync",
            "keyframes",
            "enrich",
            "detect_scenes",
            "full_rate",
        )
    ]
    with pytest.raises(ConfigError, match="did you mean 'drive_to_scenes'"):
        load_pipeline("drive_to_scene")


def test_a_pipeline_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nsteps:\n  - step: validate\n", encoding="utf-8")
    given = settings(tmp_path, pipeline=str(file))
    with open_workspace(given) as workspace:
        assert workspace.pipeline().steps == (Stage(step="validate"),)
    with pytest.raises(ConfigError, match="no pipeline file"):
        load_pipeline(str(tmp_path / "other.yaml"))


def test_parameters_of_the_settings_lie_over_the_pipeline(tmp_path: Path) -> None:
    given = settings(tmp_path, params={"sync": {"rate_hz": 5}})
    with open_workspace(given) as workspace:
        (sync,) = [stage for stage in workspace.pipeline().steps if stage.step == "sync"]
    assert sync.params == {"rate_hz": 5}


def test_the_beginning_of_one_id_stands_for_it() -> None:
    known = ["m_abc1", "m_abd2"]
    assert expand_id("m_abc", known) == "m_abc1"
    assert expand_id("m_ab", known) == "m_ab"
    assert expand_id("m_x", known) == "m_x"


def test_another_engine_is_the_same_workspace(tmp_path: Path) -> None:
    with open_workspace(settings(tmp_path)) as workspace:
        other = workspace.with_engine("azure-batch")
        assert (other.settings.engine, workspace.settings.engine) == ("azure-batch", "local")
        assert (other.storage, other.catalog) == (workspace.storage, workspace.catalog)
        assert workspace.with_engine(None) is workspace


def test_a_closed_workspace_is_closed(tmp_path: Path) -> None:
    workspace = open_workspace(settings(tmp_path))
    workspace.close()
    with pytest.raises(Exception, match=r"(?i)closed"):
        workspace.catalog.measurements()


def test_a_local_run_imports_nothing_of_azure(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from avdataops.cli import main
root = Path(sys.argv[1])
(root / "drive").mkdir()
(root / "drive" / "a.mcap").write_bytes(b"this is no recording")
upload = ["upload", str(root / "drive"), "--vehicle", "V", "--workspace", str(root / "w")]
assert main(upload) == 0
(folder,) = (root / "w" / "landing").glob("m_*")
assert main(["run", folder.name, "--workspace", str(root / "w")]) == 1
import batch_tasks.orchestrate, batch_tasks.run, batch_tasks.commit, batch_tasks.reconcile
names = ("azure", "msal", "msrest", "isodate", "requests")
print("loaded", sorted(name for name in sys.modules if name.split(".")[0] in names))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded []"

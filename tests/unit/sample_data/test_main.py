import json
from pathlib import Path

import pytest

from sample_data.__main__ import main


def test_the_command_writes_a_drive_and_prints_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    assert main([str(out), "--seed", "2", "--duration", "20"]) == 0
    assert capsys.readouterr().out == f"{out / 'drive'}\n"
    truth = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    assert truth["seed"] == 2


def test_writing_twice_is_refused_with_the_status_of_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "drive").mkdir()
    assert main([str(tmp_path), "--duration", "20"]) == 65
    assert "exists already" in capsys.readouterr().err


def test_an_unknown_option_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path), "--colour", "red"])
    assert stopped.value.code == 2

"""Locks on files."""

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from avdataops.adapters.local_leases import LocalLeases
from avdataops.model.errors import Busy

_SPAWN = multiprocessing.get_context("spawn")


def try_to_hold(folder: Path, name: str) -> str:
    """Return what another thread is told that wants ``name`` too."""
    told: list[str] = []

    def another() -> None:
        try:
            with LocalLeases(folder).hold(name):
                told.append("held")
        except Busy as error:
            told.append(error.message)

    thread = threading.Thread(target=another)
    thread.start()
    thread.join()
    return told[0]


def hold_for_ever(folder: Path, ready: Path) -> None:
    with LocalLeases(folder).hold("m_1"):
        ready.touch()
        time.sleep(600)


def test_only_one_holds_a_name_and_others_are_free(tmp_path: Path) -> None:
    with LocalLeases(tmp_path).hold("m_1"):
        assert try_to_hold(tmp_path, "m_1") == "another process is working on measurement m_1"
        assert try_to_hold(tmp_path, "m_2") == "held"
    assert try_to_hold(tmp_path, "m_1") == "held"


def test_a_name_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), LocalLeases(tmp_path).hold("m_1"):
        raise KeyError
    assert try_to_hold(tmp_path, "m_1") == "held"


def test_a_name_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = _SPAWN.Process(target=hold_for_ever, args=(tmp_path / "locks", ready))
    process.start()
    while not ready.exists():
        time.sleep(0.01)
    assert try_to_hold(tmp_path / "locks", "m_1").startswith("another process")
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert try_to_hold(tmp_path / "locks", "m_1") == "held"


@pytest.mark.parametrize("name", ["../../out", "a/b", "con", ".hidden", "ü" * 100])
def test_whatever_the_name_the_lock_lies_in_the_folder(tmp_path: Path, name: str) -> None:
    with LocalLeases(tmp_path / "locks").hold(name):
        assert len(list((tmp_path / "locks").iterdir())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["locks"]

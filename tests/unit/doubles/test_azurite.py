"""The emulator of the tests: pinned, one account per zone, gone afterwards."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from avdataops.model.location import Zone
from tests.doubles import node
from tests.doubles.azurite import PACKAGE, Azurite
from tests.doubles.node import Missing, Node, find_node, node_modules

ROOT = Path(__file__).parents[3]


def test_the_version_is_pinned_and_the_lock_names_no_address() -> None:
    wanted = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((PACKAGE / "package-lock.json").read_text(encoding="utf-8"))
    assert wanted["dependencies"] == {"azurite": "3.37.0"}
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages["node_modules/azurite"]["version"] == "3.37.0"
    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert [name for name, one in packages.items() if not one.get("integrity")] == []


def test_each_zone_has_an_account_and_a_key_of_its_own(azurite: Azurite) -> None:
    strings = azurite.connection_strings()
    assert set(strings) == set(Zone)
    assert len(set(azurite.keys.values())) == len(Zone)
    assert f"BlobEndpoint=http://127.0.0.1:{azurite.port}/raw;" in strings[Zone.RAW]
    assert "http://127.0.0.1:81/raw;" in azurite.connection_strings(81)[Zone.RAW]


def test_it_takes_nothing_unsigned(azurite: Azurite) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{azurite.endpoint(Zone.RAW)}?comp=list")  # noqa: S310  ours
    with refused.value:
        assert refused.value.code == 403


def test_it_can_be_started_by_itself_and_leaves_nothing(azurite: Azurite, tmp_path: Path) -> None:
    del azurite  # installed by now
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.azurite"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        said = json.loads(started.stdout.readline())
        assert set(said["storage"]) == {zone.value for zone in Zone}
        assert any(tmp_path.iterdir())
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{said['port']}/raw?comp=list")
        refused.value.close()
        started.send_signal(signal.SIGTERM)
        assert started.wait(20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_an_installation_that_failed_leaves_no_folder_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVDATAOPS_TEST_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "thing"
    package.mkdir()
    (package / "package.json").write_text("{}")
    (package / "package-lock.json").write_text("{}")
    for program in (sys.executable, str(tmp_path / "no-such-npm")):
        with pytest.raises(Missing):
            node_modules(package, Node("node", (program, "-c", "raise SystemExit('no network')")))
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_an_installation_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVDATAOPS_TEST_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "thing"
    package.mkdir()
    (package / "package.json").write_text("{}")
    (package / "package-lock.json").write_text("{}")
    script = "import pathlib; pathlib.Path('node_modules').mkdir()"
    made = node_modules(package, Node("node", (sys.executable, "-c", script)))
    assert made.is_dir()
    again = node_modules(package, Node("node", (sys.executable, "-c", "raise SystemExit(1)")))
    assert again == made


def test_node_comes_from_the_path_else_from_the_pinned_wheel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheel = Node("wheel", ("npm",))
    monkeypatch.setattr(node, "node_from_wheel", lambda: wheel)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert find_node() == Node("/bin/node", ("/bin/npm",))
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert find_node() == wheel


def test_the_cache_lies_outside_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVDATAOPS_TEST_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/somebody")
    assert node.cache_folder() == Path("/var/cache/somebody/avdataops-tests")
    monkeypatch.setenv("AVDATAOPS_TEST_CACHE", "/elsewhere")
    assert node.cache_folder() == Path("/elsewhere")

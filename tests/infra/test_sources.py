"""The infrastructure code as text: its form, the policies of checkov, the nodes' start script."""

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.terraform.environment import ROOT, infra_environment
from tests.doubles.terraform.planning import copy_of_infra, terraform

START = ROOT / "infra" / "modules" / "batch" / "orchestrator_start.sh"


def test_terraform_finds_every_file_well_formed() -> None:
    done = subprocess.run(
        [terraform(), "fmt", "-check", "-recursive", "-diff", str(ROOT / "infra")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TF_CLI_CONFIG_FILE": os.devnull},
    )
    assert (done.returncode, done.stdout) == (0, "")


def checkov(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return checkov's report; it asks nobody on the network."""
    command = [str(infra_environment() / "checkov"), "--skip-download", "--output", "json"]
    done = subprocess.run(
        [*command, "--directory", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LOG_LEVEL": "ERROR"},
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


OPEN = """
resource "azurerm_storage_account" "open" {
  name                          = "open"
  min_tls_version               = "TLS1_0"
  public_network_access_enabled = true
}
"""


def test_checkov_finds_an_open_account_put_in_here_and_nothing_of_ours(tmp_path: Path) -> None:
    place = copy_of_infra(tmp_path) / "environments" / "prod"
    (place / "open.tf").write_text(OPEN, encoding="utf-8")
    report = checkov(place, "--config-file", str(ROOT / "infra" / ".checkov.yaml"))
    failed = {(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]}
    assert {resource for _, resource in failed} == {"azurerm_storage_account.open"}
    assert {"CKV_AZURE_44", "CKV_AZURE_59"} <= {policy for policy, _ in failed}
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] >= 40


def test_every_policy_that_is_skipped_has_its_reason() -> None:
    lines = (ROOT / "infra" / ".checkov.yaml").read_text(encoding="utf-8").splitlines()
    skipped = [number for number, line in enumerate(lines) if line.startswith("  - CKV")]
    assert 0 < len(skipped) <= 10
    for number in skipped:
        assert lines[number - 1].startswith("  # "), lines[number]


def test_each_environment_takes_all_its_example_needs() -> None:
    for place in sorted((ROOT / "infra" / "environments").iterdir()):
        declared = (place / "variables.tf").read_text(encoding="utf-8")
        needed = {
            name
            for name, body in re.findall(
                r'^variable "(\w+)" \{\n(.*?)^\}', declared, re.DOTALL | re.MULTILINE
            )
            if "default" not in body
        }
        example = (place / "terraform.tfvars.example").read_text(encoding="utf-8")
        assert set(re.findall(r"^(\w+) +=", example, re.MULTILINE)) == needed, place.name


def test_no_environment_names_a_real_subscription() -> None:
    for path in sorted((ROOT / "infra").rglob("*")):
        if path.suffix in {".tf", ".example", ".json"} and ".terraform" not in path.parts:
            text = path.read_text(encoding="utf-8")
            ids = re.findall(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", text)
            assert all(set(id_[:-1]) <= {"0", "-"} for id_ in ids), path.name


def wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    """Write a file in the form of a wheel (what is not looked at is left out)."""
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


FAKE_PIP = """
import pathlib, sys, zipfile
python = pathlib.Path(sys.argv[sys.argv.index("--python") + 1])
packages = pathlib.Path(sys.argv[sys.argv.index("--find-links") + 1])
assert "--no-index" in sys.argv
log = python.parent / "pip.log"
log.write_text((log.read_text() if log.exists() else "") + " ".join(sys.argv[4:]) + "\\n")
target = next((python.parent.parent / "lib").glob("python*")) / "site-packages"
for name in sys.argv:
    if name.endswith(".whl"):
        zipfile.ZipFile(name).extractall(target)
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of packages with a stand-in for pip that only unpacks."""
    folder = tmp_path / "packages"
    folder.mkdir()
    wheel(folder, "pip", {"pip/__main__.py": FAKE_PIP})
    wheel(folder, "avdataops", {"batch_tasks/__init__.py": "", "batch_tasks/run.py": "X = 1\n"})
    (folder / "runtime.txt").write_text("numpy==2 --hash=sha256:00\n", encoding="utf-8")
    return folder


def start(packages: Path, home: Path) -> subprocess.CompletedProcess[str]:
    (home / "bin").mkdir(parents=True, exist_ok=True)
    places = {"AVDATAOPS_HOME": str(home / "env"), "AVDATAOPS_BIN": str(home / "bin")}
    return subprocess.run(
        ["bash", str(START), str(packages)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | places,
    )


def test_a_node_knows_the_orchestrator_after_its_start_task(packages: Path, tmp_path: Path) -> None:
    home = tmp_path / "node"
    done = start(packages, home)
    assert done.returncode == 0, done.stderr
    said = subprocess.run(
        [
            str(home / "bin" / "python"),
            "-c",
            "import batch_tasks.run as r, sys; print(r.X, *sys.argv[1:])",
            "a b",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "1 a b\n"
    first, second = (home / "env" / "bin" / "pip.log").read_text(encoding="utf-8").splitlines()
    assert "--require-hashes" in first
    assert "runtime.txt" in first
    assert "--no-deps" in second


def test_a_second_start_changes_nothing_and_new_packages_are_installed(
    packages: Path, tmp_path: Path
) -> None:
    home = tmp_path / "node"
    start(packages, home)
    again = start(packages, home)
    assert (again.returncode, "already" in again.stdout) == (0, True)
    wheel(packages, "avdataops", {"batch_tasks/__init__.py": "", "batch_tasks/run.py": "X = 2\n"})
    assert start(packages, home).returncode == 0
    said = subprocess.run(
        [str(home / "bin" / "python"), "-c", "import batch_tasks.run as r; print(r.X)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "2\n"


def test_a_node_whose_packages_do_not_work_fails_to_start(packages: Path, tmp_path: Path) -> None:
    wheel(
        packages,
        "avdataops",
        {"batch_tasks/__init__.py": "", "batch_tasks/run.py": "import nowhere\n"},
    )
    assert start(packages, tmp_path / "node").returncode != 0
    assert start(packages, tmp_path / "node").returncode != 0

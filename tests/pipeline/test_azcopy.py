"""Recordings that come into landing by the real AzCopy, and the manifest after them."""

import os
import platform
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from avdataops.model.location import Zone
from avdataops.testing.command_line import Desk
from tests.doubles.azurite import Azurite
from tests.doubles.node import Missing, find_node, node_modules

PACKAGE = Path(__file__).parents[1] / "azcopy"
PROGRAM = "@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64"
CONTAINER = "drives"
STEPS = "name: short\nsteps:\n  - step: validate\n"


def find_azcopy() -> Path:
    """Return the program from the pinned package; raises ``Missing``."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Missing(f"its package is for Linux on x86_64, not {platform.machine()}")
    program = node_modules(PACKAGE, find_node()) / PROGRAM
    program.chmod(0o755)
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().rpartition(": ")[0] or "no reason given"
        raise Missing(f"it does not start ({said}); on Debian it needs the package libsecret-1-0")
    return program


@dataclass(frozen=True, slots=True)
class AzCopy:
    """AzCopy, with the right to write into landing."""

    program: Path
    folder: Path
    url: str
    signature: str

    def copy(self, source: str, folder: str) -> subprocess.CompletedProcess[str]:
        """Copy what ``source`` names (a pattern, too) into a folder of landing."""
        own = {"AZCOPY_LOG_LOCATION": "log", "AZCOPY_JOB_PLAN_LOCATION": "plan"}
        places = {name: str(self.folder / place) for name, place in own.items()}
        return subprocess.run(
            [
                str(self.program),
                "copy",
                source,
                f"{self.url}/{CONTAINER}/{folder}?{self.signature}",
                "--recursive",
                "--put-md5",
                "--from-to=LocalBlob",
                "--skip-version-check",
            ],
            env={**os.environ, **places, "AZCOPY_CONCURRENCY_VALUE": "4"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def azcopy(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> AzCopy:
    """AzCopy on the landing account; skipped where it cannot be had, but never in CI."""
    try:
        program = find_azcopy()
    except Missing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"AzCopy is wanted in CI: {missing}")
        pytest.skip(f"AzCopy cannot be had here: {missing}")
    signature = generate_container_sas(
        account_name=Zone.LANDING.value,
        container_name=CONTAINER,
        account_key=azurite.keys[Zone.LANDING],
        permission=ContainerSasPermissions(
            read=True, add=True, create=True, write=True, delete=True, list=True
        ),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    folder = tmp_path_factory.mktemp("azcopy")
    return AzCopy(program, folder, azurite.endpoint(Zone.LANDING), signature)


@pytest.fixture
def desk(azurite: Azurite, tmp_path: Path) -> Iterator[Desk]:
    """A desk over a landing zone with its container, as infrastructure makes it."""
    azurite.wipe()
    accounts = azurite.connection_strings()
    with BlobServiceClient.from_connection_string(accounts[Zone.LANDING]) as service:
        service.create_container(CONTAINER)
    (tmp_path / "short.yaml").write_text(STEPS, encoding="utf-8")
    zones = {f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}": at for zone, at in accounts.items()}
    yield Desk(tmp_path / "lake", {**zones, "AVDATAOPS_PIPELINE": str(tmp_path / "short.yaml")})
    azurite.wipe()


def test_what_azcopy_brought_needs_only_its_manifest(
    desk: Desk, azcopy: AzCopy, tiny: Path, tmp_path: Path
) -> None:
    drive = tmp_path / "drive"
    shutil.copytree(tiny, drive)
    given = ("upload", drive, "--vehicle", "V", "--manifest-only", "--format", "json")
    first = desk.here(*given)
    assert first.status == 65
    measurement = first.err.split("folder ")[1].split()[0]
    done = azcopy.copy(f"{drive}/*", measurement)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = desk.here(*given)
    assert answer.status == 0, answer.err
    assert (answer.json["measurement"], answer.json["uploaded"]) == (measurement, True)
    ran = desk.here("run", measurement, "--format", "json")
    assert (ran.status, ran.json["state"]) == (0, "complete"), ran.err
    assert desk.here("measurements", "verify", measurement).status == 0
    assert desk.here("upload", drive, "--vehicle", "V").text.startswith("nothing to do")


def test_what_azcopy_brought_into_any_folder_is_taken_from_there(
    desk: Desk, azcopy: AzCopy, tiny: Path
) -> None:
    folder = f"box-{uuid.uuid4().hex[:8]}/monday"
    done = azcopy.copy(f"{tiny}/*", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = desk.here("upload", "--landed", folder, "--vehicle", "V", "--format", "json")
    assert answer.status == 0, answer.err
    ran = desk.here("run", answer.json["measurement"], "--format", "json")
    assert (ran.status, ran.json["state"]) == (0, "complete"), ran.err
    elsewhere = Desk(desk.workspace.with_name("other"))
    again = elsewhere.here("upload", tiny, "--vehicle", "V", "--format", "json")
    assert again.json["recordings"] == answer.json["recordings"]


def test_a_file_that_azcopy_did_not_bring_is_named(desk: Desk, azcopy: AzCopy, tiny: Path) -> None:
    given = ("upload", tiny, "--vehicle", "V", "--manifest-only", "--format", "json")
    measurement = desk.here(*given).err.split("folder ")[1].split()[0]
    one = min(path.name for path in tiny.iterdir())
    assert azcopy.copy(f"{tiny}/{one}", f"{measurement}/{one}").returncode == 0
    answer = desk.here(*given)
    assert answer.status == 65
    assert f"'{one}' is missing" not in answer.err
    assert answer.err.count("is missing") == 1

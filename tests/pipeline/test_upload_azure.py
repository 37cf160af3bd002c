"""Uploads to Blob storage that are killed: only what is missing is sent again."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobServiceClient

from avdataops.adapters.azure_blob.writing import BLOCK_BYTES
from avdataops.model.location import Zone
from avdataops.testing.command_line import Desk
from tests.doubles.azurite import Azurite

BLOCKS = 14
KILL_AFTER = 3
TOO_LONG_S = 60.0


@pytest.fixture
def desk(azurite: Azurite, tmp_path: Path) -> Iterator[Desk]:
    azurite.wipe()
    accounts = azurite.connection_strings()
    zones = {f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}": at for zone, at in accounts.items()}
    yield Desk(tmp_path / "lake", zones)
    azurite.wipe()


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """One file of many blocks, no two alike."""
    folder = tmp_path / "drive"
    folder.mkdir()
    with (folder / "a.mcap").open("wb") as file:
        for _ in range(BLOCKS):
            file.write(os.urandom(1 << 16) * (BLOCK_BYTES >> 16))
    return folder


def staged(service: BlobServiceClient) -> list[str]:
    """Return the blocks that wait in landing for a commit."""
    try:
        (name,) = [
            str(blob.name)
            for blob in service.get_container_client("drives").list_blobs(
                include=["uncommittedblobs"]
            )
        ]
    except (ResourceNotFoundError, ValueError):
        return []
    _, waiting = service.get_blob_client("drives", name).get_block_list("uncommitted")
    return [str(block.id) for block in waiting]


def settled(service: BlobServiceClient) -> list[str]:
    """Return the blocks that wait once those that were on their way have arrived."""
    before: list[str] = []
    while before != (now := staged(service)) or not now:
        before = now
        time.sleep(0.5)
    return before


def test_after_a_kill_only_the_missing_blocks_are_sent(
    desk: Desk, drive: Path, azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ("upload", drive, "--vehicle", "V")
    accounts = azurite.connection_strings()
    with (
        BlobServiceClient.from_connection_string(accounts[Zone.LANDING]) as service,
        desk.start(*given, "--limit-rate", "4M", err=tmp_path / "err") as process,
    ):
        deadline = time.monotonic() + TOO_LONG_S
        while len(staged(service)) < KILL_AFTER:
            assert process.poll() is None, (tmp_path / "err").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = settled(service)
    assert KILL_AFTER <= len(before) < BLOCKS
    sent: list[str] = []
    real = BlobClient.stage_block

    def noting(self: BlobClient, block_id: str, *args: Any, **given: Any) -> Any:
        sent.append(block_id)
        return real(self, block_id, *args, **given)

    monkeypatch.setattr(BlobClient, "stage_block", noting)
    resumed = desk.here(*given, "--format", "json")
    assert resumed.status == 0, resumed.err
    assert len(sent) == BLOCKS - len(before)
    assert set(sent).isdisjoint(before)
    assert desk.here(*given).text.startswith("nothing to do")

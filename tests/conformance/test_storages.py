"""Every storage passes the shipped suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.azure_blob import Tuning, open_blob_storage
from avdataops.adapters.local_storage import LocalStorage
from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.ports.storage import Storage
from avdataops.testing.storage_suite import StorageSuite
from tests.doubles.azurite import Azurite


class TestLocalFolders(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return LocalStorage(tmp_path)


class TestMemory(StorageSuite):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()


class TestAzureBlob(StorageSuite):
    """On the emulator; pages and blocks are small, so that what is small here takes several."""

    @pytest.fixture
    def storage(self, azurite: Azurite) -> Iterator[Storage]:
        azurite.wipe()
        tuning = Tuning(page_items=2, block_bytes=1 << 20)
        with open_blob_storage(azurite.connection_strings(), tuning=tuning) as opened:
            yield opened

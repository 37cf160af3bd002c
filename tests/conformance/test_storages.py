"""Every storage passes the shipped suite."""

from pathlib import Path

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.ports.storage import Storage
from avdataops.testing.storage_suite import StorageSuite


class TestLocalFolders(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return LocalStorage(tmp_path)


class TestMemory(StorageSuite):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()

"""Leases as locks on files: for the processes of one machine, or of one shared folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from avdataops.model.errors import Busy
from avdataops.model.ids import path_part


class LocalLeases:
    """``Leases`` in one folder; the system frees what a process held when it dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold ``name`` for one process; raises ``Busy`` while another one holds it."""
        file = self._folder / f"{path_part(name)}.lock"
        self._folder.mkdir(parents=True, exist_ok=True)
        with file.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(
                    f"another process is working on measurement {name}",
                    hint="wait for it, then run the same command again",
                ) from error
            yield

"""Who may work on a thing at the moment."""

from contextlib import AbstractContextManager
from typing import Protocol


class Leases(Protocol):
    """Mutual exclusion between processes, wherever they run."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Hold ``name`` for one process; raises ``Busy`` while another one holds it.

        It is free again when the holder leaves, and some time after the holder has died.
        """

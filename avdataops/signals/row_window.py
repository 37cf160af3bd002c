"""A window that slides over rows in order of time and holds no more than was asked for."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from avdataops.signals.arrays import Times
from avdataops.signals.columns import times


class RowWindow:
    """Gives rows around spans of time that move forward, from tables read one after another.

    There must be at least one table, if without rows.
    """

    def __init__(self, pieces: Iterator[pa.Table]) -> None:
        self._pieces = pieces
        self._held: pa.Table = next(pieces)
        self._t: Times = times(self._held["t_ns"])

    def around(self, start_ns: int, stop_ns: int) -> tuple[Times, pa.Table]:
        """Return times and rows in [start, stop], with the last row before and the first after.

        ``start_ns`` must never be less than in the call before.
        """
        self._drop_before(start_ns)
        while not (self._t.size and self._t[-1] > stop_ns):
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held = pa.concat_tables([self._held, piece])
            self._t = times(self._held["t_ns"])
            self._drop_before(start_ns)
        high = int(np.searchsorted(self._t, stop_ns, side="right")) + 1
        return self._t[:high], self._held.slice(0, high)

    def _drop_before(self, start_ns: int) -> None:
        """Let go of all rows but the last one before or at a time, and those after it."""
        low = max(int(np.searchsorted(self._t, start_ns, side="right")) - 1, 0)
        self._t, self._held = self._t[low:], self._held.slice(low)

"""What one pass over a file has given and lost, per stream."""

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from avdataops.model.stream import Stream
from avdataops.model.time import TimeRange
from avdataops.ports.reading import StreamBatch
from avdataops.readers.mdf4.laying import Event


class Tally:
    """State of one pass."""

    def __init__(self, time: TimeRange | None) -> None:
        self._time = time
        self._untold: dict[str, Counter[str]] = {}
        self._out: Counter[str] = Counter()
        self.seen: set[str] = set()
        """Streams that gave a batch."""
        self.dropped: Counter[tuple[str, str]] = Counter()
        """Records that gave no row, by stream and reason."""

    def batches(self, event: Event, max_rows: int) -> Iterator[StreamBatch]:
        """Yield the rows of an event that are in the asked time, and count all of them."""
        name = event.stream
        if event.dropped:
            self.dropped[name, event.reason] += event.dropped
            self._untold.setdefault(name, Counter())[event.reason] += event.dropped
        if event.batch is None or event.t_ns is None:
            return
        batch = event.batch
        self._out[name] += batch.num_rows
        if self._time is not None:
            inside = (event.t_ns >= self._time.start_ns) & (event.t_ns < self._time.stop_ns)
            batch = batch.filter(pa.array(inside))
        for start in range(0, batch.num_rows, max_rows):
            part = batch.slice(start, max_rows)
            self.seen.add(name)
            yield StreamBatch(name, part, part.num_rows, self._told(name))

    def _told(self, name: str) -> dict[str, int]:
        return dict(self._untold.pop(name, Counter()))

    def rest(self, stream: Stream) -> tuple[dict[str, int], int]:
        """Return the losses that no batch has told, and how many of them nobody has explained."""
        lost = sum(count for (name, _), count in self.dropped.items() if name == stream.name)
        missing = (stream.rows or 0) - self._out[stream.name] - lost if self._time is None else 0
        told = self._told(stream.name)
        if missing > 0:
            told["missing"] = missing
        return told, max(missing, 0)

"""Where the records of groups are that share one stream of bytes (unsorted MDF 4 data groups).

Each record is behind the id of its group; a group of variable length states the size of each of
its values in four bytes before it (ASAM MDF 4.2, 5.11.4 and 5.14.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

VARIABLE = -1
"""Size of records that state their own."""
LENGTH_BYTES = 4
MAX_VALUE_BYTES = 256 << 20
_MAX_RECORDS = 1 << 18
_RUN = 16
"""Records of one kind in a row after which a longer run is looked for at once."""

Starts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Kinds:
    """Ids of ``id_bytes`` and the bytes behind each of them."""

    id_bytes: int
    sizes: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """Records in a piece of the stream."""

    starts: Mapping[int, Starts]
    """By record id: where records begin behind their id; with their length if it varies."""
    stop: int
    """Bytes that were taken; what follows is no whole record, or for the next call."""
    is_full: bool
    """True if the call ended for the number of records, so that another finds more."""
    error: str | None = None


def scan(kinds: Kinds, data: bytes) -> Found:
    """Return the whole records of ``data``, of which at most 2^18 come one by one."""
    found: dict[int, list[int]] = {key: [] for key in kinds.sizes}
    runs: dict[int, list[Starts]] = {key: [] for key in kinds.sizes}
    width, at, left, repeats, last = kinds.id_bytes, 0, _MAX_RECORDS, 0, None
    error = None
    view = np.frombuffer(data, np.uint8)
    while left:
        body = at + width
        if body > len(data):
            break
        key = data[at] if width == 1 else int.from_bytes(data[at:body], "little")
        size = kinds.sizes.get(key)
        if size is None:
            error = f"no group has the record id {key}"
            break
        if size == VARIABLE:
            size = LENGTH_BYTES + int.from_bytes(data[body : body + LENGTH_BYTES], "little")
            if size > MAX_VALUE_BYTES:
                error = f"a value claims {size - LENGTH_BYTES} bytes"
                break
            repeats = 0
        elif key == last and repeats >= _RUN:
            count = _run(view, at, width + size, data[at:body])
            _flush(found[key], runs[key])
            runs[key].append(body + np.arange(count, dtype=np.int64) * (width + size))
            at += count * (width + size)
            repeats, left = 0, left - 1
            if count:
                continue
        if body + size > len(data):
            break
        found[key].append(body)
        repeats = repeats + 1 if key == last else 0
        at, last, left = body + size, key, left - 1
    for key, singles in found.items():
        _flush(singles, runs[key])
    starts = {key: np.concatenate(some) for key, some in runs.items() if some}
    return Found(starts, at, left == 0, error)


def _flush(singles: list[int], runs: list[Starts]) -> None:
    if singles:
        runs.append(np.array(singles, np.int64))
        singles.clear()


def _run(view: npt.NDArray[np.uint8], at: int, step: int, key: bytes) -> int:
    """Return how many whole records of one kind follow each other."""
    whole = (len(view) - at) // step
    count, reach = 0, 64
    while count < whole:
        block = view[at + count * step : at + min(count + reach, whole) * step].reshape(-1, step)
        same = (block[:, : len(key)] == np.frombuffer(key, np.uint8)).all(axis=1)
        if not same.all():
            return count + int(same.argmin())
        count += len(block)
        reach *= 8
    return count


def rows_at(data: bytes, starts: Starts, size: int) -> npt.NDArray[np.uint8]:
    """Return one row of ``size`` bytes from each start."""
    if not len(starts) or not size:
        return np.zeros((len(starts), size), np.uint8)
    view = np.frombuffer(data, np.uint8)
    steps = np.diff(starts)
    if len(steps) and (steps == steps[0]).all():
        step = int(steps[0])
        rows = np.ndarray(
            (len(starts), size), np.uint8, buffer=data, offset=int(starts[0]), strides=(step, 1)
        )
        return np.ascontiguousarray(rows)
    chosen: npt.NDArray[np.uint8] = view[starts[:, None] + np.arange(size)]
    return chosen

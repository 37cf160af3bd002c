"""Holds our tables of an MDF recording against those of asammdf, value by value."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def values(ours: Path, peer: Path) -> int:
    """Return how many values were compared; raises ``ValueError`` at the first that differs.

    Tables belong together that have the same channels; frames, which the peer does not keep, are
    left out.
    """
    own: dict[frozenset[str], pa.Table] = {}
    for path in sorted(ours.glob("*.parquet")):
        table = pq.read_table(path)
        sources = {_source(field): field.name for field in table.schema if _source(field)}
        if sources:
            own[frozenset(sources)] = table.select(["t_ns", *sources.values()]).rename_columns(
                ["t_ns", *sources]
            )
    compared = 0
    for path in sorted(peer.glob("*.parquet")):
        rows = pq.read_table(path)
        channels = frozenset(rows.schema.names) - {"t"}
        if channels not in own:
            raise ValueError(f"{path.stem} with {sorted(channels)[:3]} is not among our tables")
        compared += _compare(path.stem, own.pop(channels), rows)
    if own:
        raise ValueError(f"the peer has no {[sorted(one)[:3] for one in own]}")
    return compared


def _source(field: pa.Field) -> str:
    return (field.metadata or {}).get(b"source", b"").decode()


def _compare(name: str, ours: pa.Table, peer: pa.Table) -> int:
    t_ns = ours["t_ns"].to_numpy()
    seconds = peer["t"].to_numpy()
    same = len(t_ns) == len(seconds) and len(t_ns) > 0
    if not same or np.abs((t_ns - t_ns[0]) - np.rint((seconds - seconds[0]) * 1e9)).max() > 1:
        raise ValueError(f"the times of '{name}' differ")
    for channel in peer.schema.names:
        if channel != "t" and not np.array_equal(ours[channel], peer[channel], equal_nan=True):
            raise ValueError(f"'{channel}' of '{name}' differs")
    return len(t_ns) * len(peer.schema.names)

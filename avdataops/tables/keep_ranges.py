"""Stretches around scenes that are worth full-rate data, as rows of the kind ``keep_ranges``."""

from collections.abc import Collection, Iterable

import pyarrow as pa

from avdataops.model.scene import Scene
from avdataops.tables.kinds import kind

BACKGROUND = frozenset({"day", "night", "twilight"})
"""Conditions that always hold, one or the other: they trigger nothing."""


def keep_ranges(
    scenes: Iterable[Scene], margin_ns: int, types: Collection[str] = ()
) -> pa.RecordBatch:
    """Return what lies within ``margin_ns`` of a scene, one row per stretch, sorted by time.

    Stretches that meet are one.  Five seconds before and after a trigger is the product's own
    choice.  ``types`` are the scene types that trigger; empty means all that are no background.
    """
    triggers = sorted(
        (s for s in scenes if (s.type in types if types else s.type not in BACKGROUND)),
        key=lambda scene: scene.t_start_ns,
    )
    groups: list[tuple[int, int, list[str]]] = []
    for scene in triggers:
        start_ns, stop_ns = scene.t_start_ns - margin_ns, scene.t_end_ns + margin_ns
        if groups and start_ns <= groups[-1][1]:
            first_ns, last_ns, types = groups[-1]
            groups[-1] = (first_ns, max(last_ns, stop_ns), [*types, scene.type])
        else:
            groups.append((start_ns, stop_ns, [scene.type]))
    rows = [
        {
            "t_ns": start_ns,
            "t_end_ns": stop_ns,
            "types": " ".join(sorted(set(types))),
            "scenes": len(types),
        }
        for start_ns, stop_ns, types in groups
    ]
    return pa.RecordBatch.from_pylist(rows, schema=kind("keep_ranges").schema)

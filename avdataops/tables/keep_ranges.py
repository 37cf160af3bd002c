"""Stretches around scenes that are worth full-rate data, as rows of the kind ``keep_ranges``."""

from collections.abc import Collection, Iterable

import pyarrow as pa

from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S
from avdataops.tables.kinds import kind

BACKGROUND = frozenset(
    {"day", "night", "twilight", "rain", "wet_road", "snow", "fog", "low_sun_glare"}
)
"""Conditions of the sky, which hold for hours: they trigger nothing."""
LONGEST_NS = 30 * NS_PER_S
"""Of a longer scene what matters is how it begins and ends (the product's own choice)."""


def keep_ranges(
    scenes: Iterable[Scene], margin_ns: int, types: Collection[str] = ()
) -> pa.RecordBatch:
    """Return what lies within ``margin_ns`` of a scene, one row per stretch, sorted by time.

    Of a scene longer than 30 s only its begin and its end count.  Stretches that meet are one.
    Five seconds before and after a trigger is the product's own choice.  ``types`` are the scene
    types that trigger; empty means all that are no background.
    """
    triggers = [s for s in scenes if (s.type in types if types else s.type not in BACKGROUND)]
    pieces = sorted(
        ((start_ns - margin_ns, stop_ns + margin_ns, scene) for scene in triggers
         for start_ns, stop_ns in _moments(scene)),
        key=lambda piece: piece[0],
    )  # fmt: skip
    groups: list[tuple[int, int, list[Scene]]] = []
    for start_ns, stop_ns, scene in pieces:
        if groups and start_ns <= groups[-1][1]:
            first_ns, last_ns, found = groups[-1]
            groups[-1] = (first_ns, max(last_ns, stop_ns), [*found, scene])
        else:
            groups.append((start_ns, stop_ns, [scene]))
    rows = [
        {
            "t_ns": start_ns,
            "t_end_ns": stop_ns,
            "types": " ".join(sorted({scene.type for scene in found})),
            "scenes": len({scene.id for scene in found}),
        }
        for start_ns, stop_ns, found in groups
    ]
    return pa.RecordBatch.from_pylist(rows, schema=kind("keep_ranges").schema)


def _moments(scene: Scene) -> tuple[tuple[int, int], ...]:
    """Return the times [start, stop] of a scene that are worth keeping: all, or both ends."""
    start_ns, stop_ns = scene.t_start_ns, scene.t_end_ns
    if stop_ns - start_ns <= LONGEST_NS:
        return ((start_ns, stop_ns),)
    return ((start_ns, start_ns), (stop_ns, stop_ns))

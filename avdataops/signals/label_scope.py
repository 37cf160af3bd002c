"""Which scenes, frames and pictures of a drive a package is about."""

from collections.abc import Collection, Iterator, Sequence

from avdataops.model.errors import NotFound
from avdataops.model.ids import path_part
from avdataops.model.labels import Frame, Picture
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange
from avdataops.ports.step import Table
from avdataops.signals.label_frames import Shot, label_frames, shots
from avdataops.signals.label_rig import AT_NS
from avdataops.tables.scene_rows import scenes_from_table


def chosen_scenes(
    tables: Sequence[Table], types: Collection[str], ids: Collection[str]
) -> tuple[Scene, ...]:
    """Return the scenes of these types and ids, or all where neither is named.

    Raises ``NotFound`` with what there is if none is.
    """
    found = [
        scene for table in tables for scene in scenes_from_table(table.read(), table.artifact.id)
    ]
    if not (types or ids):
        return tuple(found)
    chosen = tuple(one for one in found if one.type in types or one.id in ids)
    if not chosen:
        there = sorted({one.type for one in found})
        raise NotFound(
            f"no scene of this measurement is one of: {', '.join([*types, *ids])}",
            hint=f"it has: {', '.join(there) or 'none'}",
        )
    return chosen


def chosen_frames(
    frames: Sequence[Table], scenes: Sequence[Scene] | None, rate_hz: float
) -> tuple[Frame, ...]:
    """Return the frames inside the scenes, or all for None."""
    spans = None
    if scenes is not None:
        spans = [TimeRange(one.t_start_ns, one.t_end_ns) for one in scenes]
    return label_frames(frames[0].read(), spans, rate_hz) if frames else ()


def pictures(
    frames: Sequence[Table],
    chosen: Sequence[Frame],
    cameras: Sequence[Table],
    anonymised: Sequence[Table],
) -> Iterator[tuple[Picture, Shot] | None]:
    """Yield the pictures of the chosen frames and their bytes; None for one not readable."""
    for shot in shots(frames[0].read(), chosen, cameras, anonymised) if frames else ():
        yield None if shot is None else (_picture(shot), shot)


def _picture(shot: Shot) -> Picture:
    return Picture(
        frame=shot.frame,
        stream=shot.stream,
        t_ns=shot.t_ns,
        file=f"frames/{path_part(shot.stream)}/{shot.t_ns}.{shot.suffix}",
        sha256=shot.sha256,
        width_px=shot.width_px,
        height_px=shot.height_px,
        attributes={
            AT_NS: shot.at_ns,
            **({"source_sha256": shot.source_sha256} if shot.source_sha256 else {}),
        },
    )

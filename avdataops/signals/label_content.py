"""All that leaves for labelling as one label set: scenes, frames, pictures, sensors, pre-labels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from avdataops.model.labels import Frame, LabelSet, ObjectLabel, Picture, Track
from avdataops.model.rig import Rig
from avdataops.model.scene import Scene
from avdataops.signals.prelabels import Prelabels
from avdataops.tables.rig_elements import rig_frames, rig_root
from avdataops.tables.scene_elements import ROAD_USER, ontologies, scene_elements

_COMMENT = "Scenes and pre-labels found by detectors; nobody has looked at them."


def label_content(
    measurement: str,
    scope: tuple[Sequence[Scene], Sequence[Frame], Sequence[Picture]],
    rig: Rig,
    prelabels: Sequence[Prelabels],
) -> LabelSet:
    """Return the label set of a package, its id left out."""
    scenes, frames, pictures = scope
    elements, actors = scene_elements(scenes, frames)
    head = {"name": measurement, "annotator": "avdataops", "comment": _COMMENT}
    root: dict[str, Any] = {"metadata": head, "ontologies": ontologies(), **rig_root(rig)}
    if frames:
        ends = {"frame_start": frames[0].index, "frame_end": frames[-1].index}
        root |= {"frame_intervals": [ends]}
    tracks = [*actors, *(track for found, _ in prelabels for track in found)]
    labels: list[ObjectLabel] = [label for _, found in prelabels for label in found]
    return LabelSet(
        frames=rig_frames(frames, rig),
        pictures=tuple(pictures),
        tracks=_joined(tracks),
        labels=tuple(labels),
        elements=elements,
        attributes={"openlabel": root},
    )


def _joined(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """Return each track once: who takes part in a scene and is tracked has the tracked class."""
    found: dict[str, Track] = {}
    for track in tracks:
        before = found.get(track.key)
        if before is None or before.object_class == ROAD_USER:
            kept = track.attributes if track.object_class == ROAD_USER else {}
            found[track.key] = replace(track, attributes=kept)
    return tuple(found.values())

"""Scenes as ASAM OpenLABEL tells them: what happens is an action, what is around a context."""

import functools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from avdataops.model.labels import Element, Frame, Track
from avdataops.model.scene import Scene
from avdataops.tables.load import load_json
from avdataops.tables.ontology import groups, meanings

ASAM, OURS = "0", "1"
"""Keys of the two ontologies in a file."""
ROAD_USER = "RoadUser"
"""ASAM's class of an actor of whom no more is known."""
VEHICLE = "vehicle-iso8855"
"""Coordinate system of the vehicle in label files, as the standard's examples call it."""
_SURROUNDINGS = frozenset({"place", "environment", "data_quality"})
_NAMES = uuid.UUID("6f8e3a52-0b55-5d0e-9a39-1d1b6f0c7a11")
"""Namespace of the keys, so that the same scene has the same key in every package."""


def ontologies() -> dict[str, str]:
    """Return ASAM's ontology and our own by their keys."""
    facts = load_json("ontology.json")
    return {ASAM: facts["openlabel"]["namespace"], OURS: facts["namespace"]}


def element_key(*facts: str) -> str:
    """Return the UUID of a thing in label files, the same for the same facts."""
    return str(uuid.uuid5(_NAMES, "\n".join(facts)))


def actor_key(measurement: str, actor: str) -> str:
    """Return the key of a road user by the identity that its tracker gave it."""
    return element_key(measurement, "actor", actor)


@functools.cache
def is_context(scene_type: str) -> bool:
    """Say whether a scene type tells of surroundings; one of a user's rule tells of an action."""
    known, name = meanings(), scene_type
    while name in known and name not in groups():
        name = known[name].parent
    return name in _SURROUNDINGS


def scene_elements(
    scenes: Iterable[Scene], frames: Sequence[Frame]
) -> tuple[tuple[Element, ...], tuple[Track, ...]]:
    """Return scenes and who took part as elements, and the actors as tracks of unknown class.

    ``frames`` are in order of time; a scene between two of them has no frame intervals, and its
    exact times are always in its data.
    """
    elements: list[Element] = []
    actors: dict[str, Track] = {}
    for scene in scenes:
        spans = frame_intervals(frames, scene.t_start_ns, scene.t_end_ns)
        about = _scene(scene, spans)
        elements.append(about)
        if scene.actor is not None:
            key = actor_key(scene.measurement, scene.actor)
            actors[key] = Track(
                key=key,
                object_class=ROAD_USER,
                name=scene.actor,
                attributes={"ontology_uid": ASAM},
            )
            elements.append(_relation(scene, about, key, spans))
    return tuple(elements), tuple(actors.values())


def frame_intervals(frames: Sequence[Frame], start_ns: int, stop_ns: int) -> dict[str, Any]:
    """Return the closed interval of frame numbers inside [start, stop), or nothing."""
    inside = [
        one.index for one in frames if one.t_ns is not None and start_ns <= one.t_ns < stop_ns
    ]
    if not inside:
        return {}
    return {"frame_intervals": [{"frame_start": inside[0], "frame_end": inside[-1]}]}


def _scene(scene: Scene, spans: Mapping[str, Any]) -> Element:
    known = meanings().get(scene.type)
    tag = known.openlabel if known else None
    group = "contexts" if is_context(scene.type) else "actions"
    return Element(
        group=group,
        key=element_key(scene.id),
        type=tag or scene.type,
        name=scene.id,
        attributes={
            "ontology_uid": ASAM if tag else OURS,
            f"{group[:-1]}_data": _data(scene),
            **spans,
        },
    )


def _data(scene: Scene) -> dict[str, list[dict[str, Any]]]:
    texts = {
        "scene_type": scene.type,
        "t_start_ns": str(scene.t_start_ns),
        "t_end_ns": str(scene.t_end_ns),
        "detector": f"{scene.detector}/{scene.detector_version}",
    }
    given = {**texts, "confidence": scene.confidence, **scene.evidence}
    found: dict[str, list[dict[str, Any]]] = {}
    for name, value in given.items():
        # Unknown is left out: OpenLABEL has no null.
        if value is not None:
            found.setdefault(_word(value), []).append({"name": name, "val": value})
    return found


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "num"


def _relation(scene: Scene, about: Element, actor: str, spans: Mapping[str, Any]) -> Element:
    return Element(
        group="relations",
        key=element_key(scene.id, "actor"),
        type="isActorOf",
        attributes={
            "ontology_uid": OURS,
            "rdf_subjects": [{"type": "object", "uid": actor}],
            "rdf_objects": [{"type": about.group[:-1], "uid": about.key}],
            **spans,
        },
    )

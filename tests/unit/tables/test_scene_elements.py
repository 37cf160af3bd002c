"""Scenes as actions and contexts with their actors."""

from typing import Any

import pytest

from avdataops.model.labels import Element, Frame
from avdataops.model.scene import Scene
from avdataops.tables.scene_elements import (
    ASAM,
    OURS,
    ROAD_USER,
    frame_intervals,
    is_context,
    ontologies,
    scene_elements,
)

FRAMES = tuple(Frame(index=i, t_ns=i * 100) for i in (0, 5, 10, 15))


def scene(scene_type: str, start_ns: int = 400, stop_ns: int = 1100, **facts: Any) -> Scene:
    return Scene(
        id=f"scn_{scene_type}",
        type=scene_type,
        measurement="m_1",
        vehicle="car-1",
        t_start_ns=start_ns,
        t_end_ns=stop_ns,
        detector="d",
        detector_version=2,
        confidence=0.5,
        **facts,
    )


def of(one: Scene) -> Element:
    return scene_elements([one], FRAMES)[0][0]


def test_what_happens_is_an_action_with_asams_word() -> None:
    found = of(scene("hard_brake"))
    assert (found.group, found.type, found.name) == (
        "actions",
        "MotionDecelerate",
        "scn_hard_brake",
    )
    assert found.attributes["ontology_uid"] == ASAM
    assert found.attributes["frame_intervals"] == [{"frame_start": 5, "frame_end": 10}]


def test_where_asam_has_no_word_ours_stands_alone() -> None:
    found = of(scene("my_rule"))
    assert (found.group, found.type, found.attributes["ontology_uid"]) == (
        "actions",
        "my_rule",
        OURS,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rain", True), ("night", True), ("hard_brake", False), ("cut_in", False), ("mine", False)],
)
def test_surroundings_are_contexts(name: str, expected: bool) -> None:
    assert is_context(name) is expected


def test_evidence_is_kept_by_type_and_the_unknown_left_out() -> None:
    given = scene("rain", evidence={"share": 0.25, "wet": True, "source": "wiper", "age_s": None})
    found = of(given)
    assert found.group == "contexts"
    data = found.attributes["context_data"]
    assert data["boolean"] == [{"name": "wet", "val": True}]
    assert data["num"] == [{"name": "confidence", "val": 0.5}, {"name": "share", "val": 0.25}]
    texts = {one["name"]: one["val"] for one in data["text"]}
    assert texts == {
        "scene_type": "rain",
        "t_start_ns": "400",
        "t_end_ns": "1100",
        "detector": "d/2",
        "source": "wiper",
    }


def test_an_actor_is_a_track_and_related_to_what_it_did() -> None:
    given = [scene("cut_in", actor="17"), scene("lead_brake", actor="17")]
    elements, tracks = scene_elements(given, FRAMES)
    (track,) = tracks
    assert (track.object_class, track.name) == (ROAD_USER, "17")
    relations = [one for one in elements if one.group == "relations"]
    assert len(relations) == 2
    about = elements[0]
    assert relations[0].type == "isActorOf"
    assert relations[0].attributes["rdf_subjects"] == [{"type": "object", "uid": track.key}]
    assert relations[0].attributes["rdf_objects"] == [{"type": "action", "uid": about.key}]


def test_keys_are_the_same_in_every_package() -> None:
    one, other = of(scene("cut_in")), scene_elements([scene("cut_in")], ())[0][0]
    assert one.key == other.key != of(scene("rain")).key


@pytest.mark.parametrize(
    ("start_ns", "stop_ns", "expected"),
    [(0, 1501, (0, 15)), (0, 1500, (0, 10)), (500, 501, (5, 5)), (501, 1000, None), (9, 9, None)],
)
def test_frame_intervals_are_closed_over_a_half_open_time(
    start_ns: int, stop_ns: int, expected: tuple[int, int] | None
) -> None:
    found = frame_intervals(FRAMES, start_ns, stop_ns)
    if expected is None:
        assert found == {}
    else:
        span = {"frame_start": expected[0], "frame_end": expected[1]}
        assert found == {"frame_intervals": [span]}


def test_both_ontologies_are_named() -> None:
    found = ontologies()
    assert found[ASAM].startswith("https://openlabel.asam.net/V1-0-0/")
    assert found[OURS] == "urn:avdataops:scene:"

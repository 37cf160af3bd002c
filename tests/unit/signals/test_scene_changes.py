"""The difference between two detections."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.scene import Scene
from avdataops.signals.scene_changes import Changes, scene_changes


def scene(
    start: int, stop: int, kind: str = "turn", actor: str | None = None, tag: str = ""
) -> Scene:
    return Scene(
        id=f"{kind}{start}-{stop}{actor or ''}{tag}",
        type=kind,
        measurement="m_1",
        vehicle="v",
        t_start_ns=start,
        t_end_ns=stop,
        detector=kind,
        detector_version=1,
        confidence=1.0,
        actor=actor,
    )


def counts(changes: Changes) -> tuple[int, int, int, int]:
    return len(changes.more), len(changes.gone), len(changes.moved), len(changes.same)


def test_nothing_and_nothing_are_the_same() -> None:
    assert counts(scene_changes((), ())) == (0, 0, 0, 0)
    assert str(scene_changes((), ())) == "0 more, 0 gone, 0 moved"


def test_the_same_scene_under_another_id_is_the_same() -> None:
    changes = scene_changes([scene(0, 10)], [scene(0, 10, tag="v2")])
    assert counts(changes) == (0, 0, 0, 1)
    assert (changes.same[0].before.id, changes.same[0].after.id) == ("turn0-10", "turn0-10v2")


def test_another_edge_is_a_move() -> None:
    changes = scene_changes([scene(0, 10)], [scene(1, 10)])
    assert counts(changes) == (0, 0, 1, 0)
    assert str(changes) == "0 more, 0 gone, 1 moved"


def test_what_only_touches_is_another_scene() -> None:
    assert counts(scene_changes([scene(0, 10)], [scene(10, 20)])) == (1, 1, 0, 0)


def test_type_and_actor_must_be_the_same() -> None:
    assert counts(scene_changes([scene(0, 10)], [scene(0, 10, "brake")])) == (1, 1, 0, 0)
    assert counts(scene_changes([scene(0, 10, actor="a")], [scene(0, 10, actor="b")])) == (
        1,
        1,
        0,
        0,
    )
    assert counts(scene_changes([scene(0, 10)], [scene(0, 10, actor="b")])) == (1, 1, 0, 0)


def test_one_scene_that_falls_in_two_is_one_moved_and_one_more() -> None:
    changes = scene_changes([scene(0, 20)], [scene(0, 6), scene(8, 20)])
    assert counts(changes) == (1, 0, 1, 0)
    assert [one.id for one in changes.more] == ["turn0-6"]
    assert changes.moved[0].after.id == "turn8-20"


def test_the_sum_of_overlaps_decides_not_the_first_that_fits() -> None:
    before = [scene(0, 10), scene(10, 20)]
    after = [scene(4, 13), scene(14, 20)]
    changes = scene_changes(before, after)
    assert [(p.before.t_start_ns, p.after.t_start_ns) for p in changes.moved] == [(0, 4), (10, 14)]


def test_what_is_told_comes_in_order_of_time() -> None:
    changes = scene_changes([], [scene(30, 40), scene(0, 10, "brake"), scene(10, 20)])
    assert [one.t_start_ns for one in changes.more] == [0, 10, 30]


_SCENES = st.lists(
    st.builds(
        lambda start, length, kind, actor: scene(start, start + length, kind, actor),
        st.integers(0, 60),
        st.integers(1, 20),
        st.sampled_from(["turn", "brake"]),
        st.sampled_from([None, "a"]),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(_SCENES, _SCENES)
def test_every_scene_is_told_exactly_once(before: list[Scene], after: list[Scene]) -> None:
    changes = scene_changes(before, after)
    pairs = (*changes.moved, *changes.same)
    old = [one.id for one in changes.gone] + [pair.before.id for pair in pairs]
    new = [one.id for one in changes.more] + [pair.after.id for pair in pairs]
    assert sorted(old) == sorted(one.id for one in before)
    assert sorted(new) == sorted(one.id for one in after)
    back = scene_changes(after, before)
    assert (len(back.more), len(back.gone)) == (len(changes.gone), len(changes.more))


@given(_SCENES)
def test_a_detection_is_the_same_as_itself(scenes: list[Scene]) -> None:
    changes = scene_changes(scenes, [replace(one, id=f"{one.id}x") for one in scenes])
    assert len(changes.same) + len(changes.moved) == len(scenes)
    assert changes.more == changes.gone == ()

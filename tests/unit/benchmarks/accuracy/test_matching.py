"""Matching of events and scenes, by cases worked out by hand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.matching import Event, Matched, Scene, match, temporal_iou


def event(start_s: float, stop_s: float, *actors: str, cut: bool = False) -> Event:
    return Event(
        start_s=start_s, stop_s=stop_s, actors=frozenset(actors) if actors else None, cut=cut
    )


def scene(start_s: float, stop_s: float, actor: str | None = None, *, cut: bool = False) -> Scene:
    return Scene(start_s=start_s, stop_s=stop_s, actor=actor, truncated=cut)


def test_nothing_gives_nothing() -> None:
    assert match((), (), (), tolerance_s=1.0) == Matched((), (), (), (), ())


def test_an_overlap_with_a_near_onset_is_a_pair() -> None:
    outcome = match((event(10, 14),), (scene(10.9, 15),), (), tolerance_s=1.0)
    assert outcome == Matched(((0, 0),), (), (), (), ())


def test_the_tolerance_counts_both_ways_and_holds_at_its_end() -> None:
    for start in (9.0, 11.0):
        assert match((event(10, 14),), (scene(start, 13),), (), tolerance_s=1.0).pairs == ((0, 0),)
    for start in (8.99, 11.01):
        outcome = match((event(10, 14),), (scene(start, 13),), (), tolerance_s=1.0)
        assert (outcome.missed, outcome.false) == ((0,), (0,))


def test_a_near_onset_without_overlap_is_no_pair() -> None:
    outcome = match((event(10, 10.5),), (scene(10.5, 11),), (), tolerance_s=1.0)
    assert (outcome.pairs, outcome.missed, outcome.false) == ((), (0,), (0,))


def test_another_actor_is_no_pair() -> None:
    outcome = match((event(10, 14, "a"),), (scene(10, 14, "b"),), (), tolerance_s=1.0)
    assert (outcome.missed, outcome.false) == ((0,), (0,))


def test_any_id_of_the_actor_is_the_actor() -> None:
    events = (event(10, 14, "a", "a after the switch"),)
    assert match(events, (scene(10, 14, "a after the switch"),), (), tolerance_s=1.0).pairs


def test_an_event_with_an_actor_needs_one() -> None:
    assert match((event(10, 14, "a"),), (scene(10, 14),), (), tolerance_s=1.0).pairs == ()


def test_one_event_is_found_once() -> None:
    outcome = match((event(10, 14),), (scene(10.5, 14), scene(10.1, 12)), (), tolerance_s=1.0)
    assert (outcome.pairs, outcome.false) == (((0, 1),), (0,))


def test_more_pairs_count_more_than_nearer_onsets() -> None:
    # Greedily, the first event would take the second scene and leave the other without any.
    events = (event(10.0, 20.0), event(11.2, 20.0))
    scenes = (scene(9.2, 20.0), scene(10.3, 20.0))
    outcome = match(events, scenes, (), tolerance_s=1.0)
    assert outcome.pairs == ((0, 0), (1, 1))


def test_of_as_many_pairs_the_nearest_onsets_are_taken() -> None:
    events = (event(10.0, 20.0), event(10.8, 20.0))
    scenes = (scene(10.9, 20.0), scene(10.1, 20.0))
    assert match(events, scenes, (), tolerance_s=1.0).pairs == ((0, 1), (1, 0))


def test_an_event_in_unknown_time_is_excused_unless_it_was_found() -> None:
    events = (event(10, 14), event(30, 34))
    outcome = match(events, (scene(30, 34),), ((12.0, 13.0), (31.0, 32.0)), tolerance_s=1.0)
    assert (outcome.pairs, outcome.excused, outcome.missed) == (((1, 0),), (0,), ())


def test_unknown_time_beside_an_event_excuses_nothing() -> None:
    outcome = match((event(10, 14),), (), ((14.0, 20.0), (5.0, 10.0)), tolerance_s=1.0)
    assert (outcome.excused, outcome.missed) == ((), (0,))


def test_a_truncated_scene_of_an_event_that_was_cut_needs_no_onset() -> None:
    cut, whole = event(10, 30, cut=True), event(10, 30)
    late = scene(20, 30, cut=True)
    assert match((cut,), (late,), (), tolerance_s=1.0).pairs == ((0, 0),)
    assert match((whole,), (late,), (), tolerance_s=1.0).pairs == ()
    assert match((cut,), (scene(20, 30),), (), tolerance_s=1.0).pairs == ()


def test_the_other_piece_of_an_event_that_was_cut_is_no_false_alarm() -> None:
    pieces = (scene(10, 15, cut=True), scene(20, 30, cut=True))
    outcome = match((event(10, 30, cut=True),), pieces, (), tolerance_s=1.0)
    assert (outcome.pairs, outcome.pieces, outcome.false) == (((0, 0),), (1,), ())
    outcome = match((event(10, 30),), pieces, (), tolerance_s=1.0)
    assert outcome.false == (1,)


@pytest.mark.parametrize(
    ("other", "expected"),
    [((10, 14), 1.0), ((12, 16), 1 / 3), ((14, 16), 0.0), ((20, 30), 0.0), ((11, 12), 0.25)],
)
def test_overlap_is_shared_over_joint_time(other: tuple[float, float], expected: float) -> None:
    assert temporal_iou(event(10, 14), scene(*other)) == pytest.approx(expected)


def test_two_instants_share_nothing() -> None:
    assert temporal_iou(event(10, 10), scene(10, 10)) == 0.0


spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 6)).map(lambda x: (float(x[0]), float(sum(x)))),
    max_size=5,
)


@given(spans, spans)
def test_as_many_pairs_as_any_assignment_has(
    true: list[tuple[float, float]], told: list[tuple[float, float]]
) -> None:
    events, scenes = [event(*one) for one in true], [scene(*one) for one in told]
    outcome = match(events, scenes, (), tolerance_s=2.0)

    def fits(a: Event, b: Scene) -> bool:
        overlap = a.start_s < b.stop_s and b.start_s < a.stop_s
        return overlap and abs(a.start_s - b.start_s) <= 2.0

    few, many = sorted((len(events), len(scenes)))
    best = 0
    for chosen in itertools.permutations(range(many), few):
        pairs = [(i, j) if few == len(events) else (j, i) for i, j in enumerate(chosen)]
        best = max(best, sum(fits(events[i], scenes[j]) for i, j in pairs))
    assert len(outcome.pairs) == best
    assert len(outcome.pairs) + len(outcome.missed) == len(events)
    assert len(outcome.pairs) + len(outcome.false) == len(scenes)
    assert all(fits(events[i], scenes[j]) for i, j in outcome.pairs)

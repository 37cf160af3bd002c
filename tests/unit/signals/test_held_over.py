"""Truth over time follows Kleene, tick by tick."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.ports.detecting import Signals
from avdataops.ports.question_answers import Answer
from avdataops.signals.held_over import (
    NEVER,
    Held,
    all_of,
    always,
    any_of,
    found_in,
    over_ticks,
    unknown_in,
    value_at,
    whole,
)

LENGTH = 12
SPAN = whole(0, LENGTH)
ANSWERS = st.lists(st.sampled_from([True, False, None]), min_size=LENGTH, max_size=LENGTH)


def held(answers: list[Answer]) -> Held:
    t = np.arange(LENGTH, dtype=np.int64)
    return over_ticks(Signals(t, {}, 3), SPAN, lambda row: answers[row])


def ticks(pairs: np.ndarray) -> set[int]:
    return {tick for start, stop in pairs for tick in range(start, stop)}


def answers_of(given_held: Held) -> list[Answer]:
    yes, no = ticks(given_held.true), ticks(given_held.false)
    assert not yes & no
    return [True if t in yes else False if t in no else None for t in range(LENGTH)]


def both(one: Answer, other: Answer) -> Answer:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def opposite(one: Answer) -> Answer:
    return None if one is None else not one


@given(ANSWERS, ANSWERS)
def test_and_or_not_are_those_of_kleene(one: list[Answer], other: list[Answer]) -> None:
    a, b = held(one), held(other)
    assert answers_of(a) == one
    assert answers_of(a.opposite()) == [opposite(x) for x in one]
    assert answers_of(all_of([a, b])) == [both(x, y) for x, y in zip(one, other, strict=True)]
    either = [opposite(both(opposite(x), opposite(y))) for x, y in zip(one, other, strict=True)]
    assert answers_of(any_of([a, b])) == either
    unknown = {t for t, x in enumerate(one) if x is None}
    assert ticks(unknown_in(SPAN, a)) == unknown


def test_a_row_holds_until_the_next_but_not_over_a_gap() -> None:
    t = np.array([0, 2, 9, 10], dtype=np.int64)
    found = over_ticks(Signals(t, {}, 3), whole(0, 11), lambda _: True)
    assert found.true.tolist() == [[0, 5], [9, 11]]
    assert found.false.tolist() == []


def test_an_empty_context_tells_nothing() -> None:
    nothing = Signals(np.empty(0, dtype=np.int64), {}, 3)
    assert len(over_ticks(nothing, SPAN, lambda _: True).true) == 0


def test_no_scene_is_only_told_where_it_was_judged() -> None:
    found = found_in(SPAN, true=whole(2, 4), maybe=whole(5, 6), judged=whole(0, 8))
    assert found.true.tolist() == [[2, 4]]
    assert found.false.tolist() == [[0, 2], [4, 5], [6, 8]]
    assert unknown_in(SPAN, found).tolist() == [[5, 6], [8, 12]]


def test_what_is_the_same_everywhere_is_so_in_the_span() -> None:
    assert answers_of(always(SPAN, true=True)) == [True] * LENGTH
    assert answers_of(always(SPAN, true=False)) == [False] * LENGTH
    assert NEVER.shape == (0, 2)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (np.array([1.5]), 1.5),
        (np.array([np.nan]), None),
        (np.array([np.inf]), None),
        (np.array(["a"], dtype=object), "a"),
        (np.array([None], dtype=object), None),
    ],
)
def test_values_are_known_or_none(column: np.ndarray, value: object) -> None:
    signals = Signals(np.zeros(1, dtype=np.int64), {"x": column}, 1)
    assert value_at(signals, "x", 0) == value
    assert value_at(signals, "y", 0) is None

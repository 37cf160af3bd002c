"""One normal form: questions that mean the same by their build are the same."""

import pytest

from avdataops.model.time import TimeRange
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.question_forms import normal, question_of, seconds_text, types_of, written
from avdataops.ports.questions import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Known,
    Not,
    OfType,
    Question,
    Related,
    Relation,
)

A, B, C = (OfType((name,)) for name in "abc")
SLOW = Condition("v", Comparison.LT, 1.0)
FAST = Condition("v", Comparison.GE, 1.0)
RAIN = Related(Relation.WITH, OfType(("rain",)))


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (Not(Not(A)), A),
        (Not(SLOW), FAST),
        (Not(AllOf((A, SLOW))), AnyOf((FAST, Not(A)))),
        (Not(AnyOf((RAIN, SLOW))), AllOf((Not(RAIN), FAST))),
        (AllOf((A, AllOf((SLOW, RAIN)))), AllOf((RAIN, A, SLOW))),
        (AllOf((A, A)), A),
        (AllOf((A, B)), NOTHING),
        (AllOf((OfType(("a", "b")), OfType(("b", "c")))), B),
        (AnyOf((A, B)), OfType(("b", "a", "a"))),
        (AnyOf((A, NOTHING)), A),
        (AnyOf((A, EVERYTHING)), EVERYTHING),
        (AllOf((A, EVERYTHING)), A),
        (AllOf((A, NOTHING)), NOTHING),
        (OfType(()), NOTHING),
        (Not(OfType(())), EVERYTHING),
        (Not(EVERYTHING), NOTHING),
        (Not(OfType(("a", "b"))), AllOf((Not(B), Not(A)))),
        (Condition("type", Comparison.EQ, "a"), A),
        (Condition("type", Comparison.NE, "a"), Not(A)),
        (Related(Relation.WITH, AllOf((A, A))), Related(Relation.WITH, A)),
    ],
)
def test_questions_of_one_meaning_have_one_form(one: Question, same: Question) -> None:
    assert normal(one) == normal(same)
    assert written(normal(one)) == written(normal(same))


@pytest.mark.parametrize(
    ("question", "types"),
    [
        (A, ("a",)),
        (AllOf((OfType(("a", "b")), SLOW)), ("a", "b")),
        (AnyOf((A, AllOf((B, SLOW)))), ("a", "b")),
        (AnyOf((A, SLOW)), None),
        (Not(A), None),
        (RAIN, None),
        (EVERYTHING, None),
        (NOTHING, ()),
    ],
)
def test_types_bound_what_can_be_found(question: Question, types: tuple[str, ...] | None) -> None:
    assert types_of(normal(question)) == types


def test_all_of_a_query_is_one_question() -> None:
    query = SceneQuery(
        types=("b", "a"),
        measurement="m_1",
        vehicle="car 1",
        time=TimeRange(0, 10**9),
        where=(SLOW,),
        during=("rain",),
        matching=Known("x"),
    )
    assert written(question_of(query)) == (
        "type in (a, b) & measurement = m_1"
        " & time in 1970-01-01T00:00:00Z .. 1970-01-01T00:00:01Z"
        ' & v < 1 & vehicle = "car 1" & with (type = rain) & x is known'
    )
    assert question_of(SceneQuery()) == EVERYTHING


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0"), (10**9, "1"), (1_500_000_000, "1.5"), (1, "0.000000001"), (60 * 10**9, "60")],
)
def test_durations_have_the_digits_they_need(ns: int, text: str) -> None:
    assert seconds_text(ns) == text


@pytest.mark.parametrize("word", ["rain & x", "and", "a b", "ü", '"', "in", "1st", ""])
def test_words_that_could_be_mistaken_are_quoted(word: str) -> None:
    told = written(Condition("vehicle", Comparison.EQ, word))
    assert told.startswith('vehicle = "')

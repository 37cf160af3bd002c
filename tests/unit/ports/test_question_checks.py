"""What no catalog is asked: names that cannot be, places off the earth, too much."""

import pytest

from avdataops.model.errors import HostileInput, InputError
from avdataops.ports.question_checks import (
    MAX_BOUND_NS,
    MAX_LEAVES,
    MAX_NESTED,
    MAX_RELATED,
    check_question,
)
from avdataops.ports.questions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Known,
    Near,
    Not,
    OfType,
    Question,
    Related,
    Relation,
)

RAIN = OfType(("rain",))


def many(count: int) -> tuple[Question, ...]:
    return tuple(Condition("v", Comparison.GT, float(n)) for n in range(count))


def nested(depth: int) -> Question:
    question: Question = RAIN
    for _ in range(depth):
        question = AllOf((RAIN, Not(Related(Relation.WITH, question))))
    return question


def test_what_is_at_the_limit_is_asked() -> None:
    check_question(AnyOf(many(MAX_LEAVES)), list)
    check_question(nested(MAX_NESTED), list)
    check_question(AllOf(tuple(Related(Relation.WITH, RAIN) for _ in range(MAX_RELATED))), list)
    check_question(Related(Relation.AFTER, RAIN, MAX_BOUND_NS), list)


@pytest.mark.parametrize(
    "question",
    [
        AnyOf(many(MAX_LEAVES + 1)),
        nested(MAX_NESTED + 1),
        AllOf(tuple(Related(Relation.WITH, RAIN) for _ in range(MAX_RELATED + 1))),
    ],
)
def test_what_is_over_it_is_refused(question: Question) -> None:
    with pytest.raises(HostileInput, match="at most"):
        check_question(question, list)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (Known("Min_ttc_s"), "did you mean 'min_ttc_s'"),
        (Related(Relation.WITH, Condition("a b", Comparison.EQ, 1)), "not an attribute"),
        (Near(91.0, 0.0, 5.0), "no place"),
        (Not(Near(0.0, 0.0, -1.0)), "not a distance"),
        (Related(Relation.AROUND, RAIN), "needs how far"),
        (Related(Relation.AFTER, RAIN, -1), "no distance in time"),
        (Related(Relation.AFTER, RAIN, MAX_BOUND_NS + 1), "no distance in time"),
    ],
)
def test_what_cannot_be_is_refused(question: Question, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_question(question, lambda: ["min_ttc_s"])

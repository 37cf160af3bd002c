"""Rules for reviews, without a database."""

from dataclasses import replace

import pytest

from avdataops.model.errors import InputError, Outdated
from avdataops.model.review import Review, Verdict
from avdataops.ports.review_rules import MAX_COMMENT, MAX_NAME, MAX_REVIEWS, next_review
from avdataops.testing.facts import scene, uploaded

SCENE = scene(uploaded().id, "cut_in")
GOOD = Review(scene=SCENE.id, verdict=Verdict.ACCEPTED, by="ann", at_ns=1)
MOVED = replace(GOOD, verdict=Verdict.ADJUSTED, t_start_ns=SCENE.t_start_ns + 1)


def test_entries_are_numbered_from_one() -> None:
    history: list[Review] = []
    for number in range(1, 4):
        history.append(next_review(SCENE, history, GOOD, None))
        assert history[-1] == replace(GOOD, number=number)


def test_a_number_that_a_writer_claims_does_not_count() -> None:
    assert next_review(SCENE, [], replace(GOOD, number=9), None).number == 1


def test_the_history_that_a_writer_has_seen_counts() -> None:
    first = next_review(SCENE, [], GOOD, 0)
    assert next_review(SCENE, [first], GOOD, 1).number == 2
    for wrong in (0, 2, -1):
        with pytest.raises(Outdated, match="has 1 reviews"):
            next_review(SCENE, [first], GOOD, wrong)


def test_the_same_request_is_found_again_whatever_came_after() -> None:
    first = next_review(SCENE, [], replace(GOOD, request="r"), None)
    second = next_review(SCENE, [first], GOOD, None)
    again = next_review(SCENE, [first, second], replace(GOOD, request="r", at_ns=9), 0)
    assert again == first


def test_entries_without_a_request_are_never_the_same() -> None:
    first = next_review(SCENE, [], GOOD, None)
    assert next_review(SCENE, [first], GOOD, None).number == 2


def test_a_history_ends_somewhere() -> None:
    full = [replace(GOOD, number=n) for n in range(1, MAX_REVIEWS + 1)]
    assert next_review(SCENE, full[:-1], GOOD, None).number == MAX_REVIEWS
    with pytest.raises(InputError, match="takes no more"):
        next_review(SCENE, full, GOOD, None)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REJECTED])
@pytest.mark.parametrize("change", [{"t_start_ns": 1}, {"t_end_ns": 1}, {"type": "rain"}], ids=str)
def test_only_an_adjustment_changes_anything(verdict: Verdict, change: dict[str, object]) -> None:
    facts = {name: getattr(GOOD, name) for name in Review.__slots__} | change
    with pytest.raises(InputError, match="neither time nor type"):
        next_review(SCENE, [], Review(**{**facts, "verdict": verdict}), None)


def test_an_adjustment_changes_something() -> None:
    with pytest.raises(InputError, match="another start, end or type"):
        next_review(SCENE, [], replace(GOOD, verdict=Verdict.ADJUSTED), None)
    for good in (
        MOVED,
        replace(MOVED, t_start_ns=None, t_end_ns=SCENE.t_end_ns - 1),
        replace(MOVED, t_start_ns=None, type="lane_change_left"),
        replace(MOVED, t_start_ns=SCENE.t_end_ns),
        replace(MOVED, t_start_ns=-(2**63), t_end_ns=2**63 - 1),
    ):
        assert next_review(SCENE, [], good, None).number == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [(SCENE.t_end_ns + 1, None), (None, SCENE.t_start_ns - 1), (5, 4), (None, 2**63),
     (-(2**63) - 1, None)],
)  # fmt: skip
def test_a_scene_does_not_end_before_it_starts(start: int | None, end: int | None) -> None:
    wrong = replace(GOOD, verdict=Verdict.ADJUSTED, t_start_ns=start, t_end_ns=end)
    with pytest.raises(InputError, match="before it starts"):
        next_review(SCENE, [], wrong, None)


@pytest.mark.parametrize("kind", ["", "Rain", "1rain", "rain ", "rain;", "r" * 65, "räin"])
def test_a_type_is_named_like_one(kind: str) -> None:
    with pytest.raises(InputError, match="cannot be a scene type"):
        next_review(SCENE, [], replace(MOVED, type=kind), None)


def test_words_have_limits() -> None:
    assert next_review(SCENE, [], replace(GOOD, comment="x" * MAX_COMMENT, by="y" * MAX_NAME), None)
    with pytest.raises(InputError, match="at most 2000"):
        next_review(SCENE, [], replace(GOOD, comment="x" * (MAX_COMMENT + 1)), None)
    for nobody in ("", "y" * (MAX_NAME + 1)):
        with pytest.raises(InputError, match="who made it"):
            next_review(SCENE, [], replace(GOOD, by=nobody), None)

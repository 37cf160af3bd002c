"""Sources that agree, stand alone, or contradict each other."""

import numpy as np
import pytest

from avdataops.signals.arrays import Pairs
from avdataops.signals.witnesses import (
    AGAINST,
    ALONE,
    BOTH,
    Witness,
    belief,
    known_by_any,
    names_of,
    said_by_any,
    share,
    silenced,
    witness,
)


def pairs(*rows: tuple[int, int]) -> Pairs:
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


WHOLE = pairs((0, 100))
EVER = pairs((0, 1000))


def test_what_samples_say_becomes_stretches_and_unknown_ones_are_not_said() -> None:
    t = np.arange(10, dtype=np.int64) * 10
    known = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1, 1], dtype=np.bool_)
    says = np.array([0, 1, 1, 0, 1, 1, 1, 0, 1, 1], dtype=np.bool_)
    found = witness("a", t, known, says, 20)
    assert found.known.tolist() == [[0, 30], [70, 90]]
    assert found.says.tolist() == [[10, 30], [80, 90]]


def test_a_lone_unknown_sample_is_bridged() -> None:
    t = np.arange(5, dtype=np.int64) * 10
    known = np.array([1, 1, 0, 1, 1], dtype=np.bool_)
    found = witness("a", t, known, np.ones(5, dtype=np.bool_), 20)
    assert found.says.tolist() == [[0, 40]]


def test_nothing_known_says_nothing() -> None:
    found = witness("a", np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0, np.bool_), 20)
    assert (found.known.size, found.says.size) == (0, 0)


def test_a_silenced_source_neither_says_nor_denies() -> None:
    found = silenced(Witness("a", EVER, pairs((100, 300))), pairs((200, 400)))
    assert found.known.tolist() == [[0, 200], [400, 1000]]
    assert found.says.tolist() == [[100, 200]]


def test_of_several_sources_any_is_enough() -> None:
    both = (Witness("a", pairs((0, 50)), pairs((10, 20))),
            Witness("b", pairs((40, 90)), pairs((15, 60))))  # fmt: skip
    assert known_by_any(both).tolist() == [[0, 90]]
    assert said_by_any(both).tolist() == [[10, 60]]
    assert known_by_any(()).size == said_by_any(()).size == 0


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (pairs((0, 100)), pairs((0, 60)), BOTH),
        (pairs((0, 100)), pairs((0, 40)), AGAINST),
        (pairs((0, 100)), None, ALONE),
        (pairs((0, 40)), pairs((0, 40)), AGAINST),
    ],
)
def test_belief(first: Pairs, second: Pairs | None, expected: float) -> None:
    silent = pairs()
    witnesses = (
        Witness("a", EVER, first),
        Witness("b", silent if second is None else EVER, silent if second is None else second),
    )
    assert belief(witnesses, WHOLE) == expected


def test_two_sources_are_needed_to_be_sure() -> None:
    assert BOTH >= 0.8 > ALONE > AGAINST > 0


def test_names_and_shares() -> None:
    witnesses = (Witness("a", EVER, pairs((90, 200))), Witness("b", EVER, pairs((100, 200))),
                 Witness("c", pairs(), pairs()))  # fmt: skip
    assert names_of(witnesses, WHOLE) == ("a", "a b")
    assert share(pairs((0, 25), (50, 75)), WHOLE) == 0.5

"""What runs say about where they judged is kept exactly, and nonsense is refused."""

import pytest

from avdataops.model.errors import InputError
from avdataops.ports.judged import FACT, Tile, judged_fact, judged_from

KNOWN, UNKNOWN = Tile(0, 5, known=True), Tile(5, 9, known=False)


def test_types_with_the_same_tiles_share_them() -> None:
    fact = judged_fact(
        [("b", KNOWN), ("a", UNKNOWN), ("a", KNOWN), ("b", UNKNOWN), ("c", Tile(0, 9, known=True))]
    )
    assert fact == [
        {"types": ["a", "b"], "tiles": [[0, 5, True], [5, 9, False]]},
        {"types": ["c"], "tiles": [[0, 9, True]]},
    ]
    assert judged_from({FACT: fact}) == {
        "a": (KNOWN, UNKNOWN),
        "b": (KNOWN, UNKNOWN),
        "c": (Tile(0, 9, known=True),),
    }


def test_a_run_that_says_nothing_judges_nothing() -> None:
    assert judged_from({}) == {}
    assert judged_from({FACT: []}) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        "x",
        [3],
        [{"types": ["a"]}],
        [{"types": ["a"], "tiles": [[1, 2]]}],
        [{"types": ["a"], "tiles": [[1, 2.5, True]]}],
        [{"types": ["a"], "tiles": [[1, 2**63, True]]}],
        [{"types": ["a"], "tiles": [[1, 2, 1]]}],
        [{"types": [3], "tiles": [[1, 2, True]]}],
    ],
)
def test_what_is_no_coverage_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="judged"):
        judged_from({FACT: wrong})

"""The SQL subset of the double: grammar, three-valued answers, indexes, distances."""

import math
from typing import Any

import pytest

from tests.doubles.cosmos.geo import distance_m
from tests.doubles.cosmos.refusals import Refused
from tests.doubles.cosmos.sql_indexes import check_order, is_indexed, unindexed
from tests.doubles.cosmos.sql_parse import parse
from tests.doubles.cosmos.sql_run import UNDEFINED, project, select

ITEMS: list[dict[str, Any]] = [
    {"id": "a", "n": 1, "t": "x", "deep": {"v": 5, "no": None}},
    {"id": "b", "n": 2.5, "t": "ü", "flag": True},
    {"id": "c", "n": "2", "list": [1, "x"]},
]


def found(where: str, **given: Any) -> list[str]:
    statement = parse(f"SELECT * FROM c WHERE {where}")  # noqa: S608 - the test's own text
    return [
        item["id"]
        for item in select(statement, ITEMS, {f"@{name}": one for name, one in given.items()})
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("c.n = 1", ["a"]),
        ("c.n != 1", ["b"]),
        ("c.n < 3", ["a", "b"]),
        ("c.n >= 2.5", ["b"]),
        ("c.n = '2'", ["c"]),
        ('c.t > "x"', ["b"]),
        ("c.deep.v = 5", ["a"]),
        ('c["deep"]["v"] = 5', ["a"]),
        ("c.deep.v.w = 5", []),
        ("c.deep.no = null", ["a"]),
        ("c.deep.missing = null", []),
        ("c.flag = true", ["b"]),
        ("c.flag", ["b"]),
        ("NOT c.flag", []),
        ("NOT (c.n = 1)", ["b"]),
        ("c.n = 1 OR c.n = '2'", ["a", "c"]),
        ("c.missing = 1 OR c.n = 1", ["a"]),
        ("c.missing = 1 AND c.n = 1", []),
        ("NOT (c.missing = 1 AND c.n = 1)", ["b"]),
        ("c.n = 1 AND c.t = 'x' OR c.t = 'ü'", ["a", "b"]),
        ("c.n = 1 AND (c.t = 'x' OR c.t = 'ü')", ["a"]),
        ("IS_DEFINED(c.t)", ["a", "b"]),
        ("NOT IS_DEFINED(c.t)", ["c"]),
        ("IS_NUMBER(c.n)", ["a", "b"]),
        ("IS_STRING(c.n)", ["c"]),
        ("ARRAY_CONTAINS(c.list, 'x')", ["c"]),
        ("ARRAY_CONTAINS(c.list, '1')", []),
        ("true", ["a", "b", "c"]),
        ("false", []),
    ],
)
def test_what_has_no_answer_is_not_true(where: str, expected: list[str]) -> None:
    assert found(where) == expected


def test_values_are_bound_and_never_read_as_text() -> None:
    assert found("c.t = @t", t="x' OR true") == []
    assert found("ARRAY_CONTAINS(@some, c.id)", some=["a", "c", 1]) == ["a", "c"]


@pytest.mark.parametrize("where", ["c.flag < true", "c.deep = c.deep", "c.n = @missing"])
def test_comparisons_that_the_double_does_not_make_are_refused(where: str) -> None:
    with pytest.raises(Refused):
        found(where)


def test_columns_are_named_and_the_undefined_left_out() -> None:
    statement = parse("SELECT c.n, c.deep.v AS five, c.missing FROM c")
    assert project(statement, ITEMS[0]) == {"n": 1, "five": 5}
    assert project(parse("SELECT VALUE c.missing FROM c"), ITEMS[0]) is UNDEFINED


def test_sorting_by_what_is_missing_or_mixed_is_refused() -> None:
    for path in ("c.t", "c.flag"):
        with pytest.raises(Refused):
            select(parse(f"SELECT * FROM c ORDER BY {path}"), ITEMS, {})  # noqa: S608 - the test's own text


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/id", True), ("/_ts", True), ("/a", True), ("/a/b", False), ("/d/x", True),
     ("/d/no", False), ("/d/no/y", False), ("/other", False)],
)  # fmt: skip
def test_the_more_precise_rule_of_a_policy_wins(path: str, *, expected: bool) -> None:
    policy = {
        "includedPaths": [{"path": "/a/?"}, {"path": "/d/*"}],
        "excludedPaths": [{"path": "/*"}, {"path": "/d/no/*"}],
    }
    assert is_indexed(path, policy) is expected


def test_every_path_of_a_condition_needs_its_index() -> None:
    policy = {"includedPaths": [{"path": "/a/?"}], "excludedPaths": [{"path": "/*"}]}
    text = "SELECT * FROM c WHERE NOT (c.a = 1 OR IS_DEFINED(c.b)) AND ARRAY_CONTAINS(@x, c.d)"
    assert unindexed(parse(text), policy) == ["/b", "/d"]
    assert unindexed(parse("SELECT c.b FROM c"), policy) == []
    with pytest.raises(Refused, match="excluded"):
        check_order(parse("SELECT * FROM c ORDER BY c.b"), policy)


@pytest.mark.parametrize(
    ("a", "b", "expected_m"),
    [
        ((0.0, 0.0), (0.0, 0.0), 0.0),
        ((0.0, 0.0), (1.0, 0.0), 111_319.5),
        ((0.0, 0.0), (0.0, 1.0), 110_574.4),
        ((0.0, 89.0), (180.0, 89.0), 223_388.0),
        ((179.5, 0.0), (-179.5, 0.0), 111_319.5),
    ],
)
def test_distances_follow_the_ellipsoid(
    a: tuple[float, float], b: tuple[float, float], expected_m: float
) -> None:
    """Lengths of one degree on WGS 84: along the equator, and along meridians."""
    assert distance_m(*a, *b) == pytest.approx(expected_m, rel=1e-5)
    assert distance_m(*b, *a) == pytest.approx(expected_m, rel=1e-5)


def test_opposite_places_are_half_the_earth_apart() -> None:
    assert distance_m(0.0, 0.0, 180.0, 0.0) == pytest.approx(math.pi * 6_371_008.8)

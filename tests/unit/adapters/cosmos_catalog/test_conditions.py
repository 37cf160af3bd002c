"""Questions as SQL: names from the whitelist, values bound, impossible ones refused."""

import math
import re

import pytest

from avdataops.adapters.cosmos_catalog.conditions import Tests as Compiled
from avdataops.adapters.cosmos_catalog.conditions import asked
from avdataops.model.errors import InputError
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.question_checks import check_question
from avdataops.ports.question_forms import question_of
from avdataops.ports.questions import Comparison, Condition, Near
from avdataops.testing.catalog_store import HOSTILE
from tests.doubles.cosmos.sql_parse import parse

EQ, NE, LT, LE, GT, GE = Comparison


def compiled(query: SceneQuery) -> Compiled:
    question = question_of(query)
    check_question(question, lambda: ["gap_m", "min_ttc_s"])
    return asked(question).tests


def where(*conditions: Condition) -> tuple[str, dict[str, object]]:
    tests = compiled(SceneQuery(where=conditions))
    return tests.where, tests.values


def test_evidence_is_guarded_by_its_type() -> None:
    assert where(Condition("min_ttc_s", LT, 2)) == (
        'IS_NUMBER(c.evidence["min_ttc_s"]) AND c.evidence["min_ttc_s"] < @v0',
        {"v0": 2.0},
    )
    assert where(Condition("road", NE, "a")) == (
        'IS_STRING(c.evidence["road"]) AND c.evidence["road"] != @v0',
        {"v0": "a"},
    )


def test_own_fields_are_not_evidence_and_have_one_type() -> None:
    assert where(Condition("confidence", GE, True))[0].startswith('IS_NUMBER(c.own["confidence"])')
    for condition in (Condition("confidence", EQ, "1"), Condition("actor", NE, 1)):
        assert where(condition) == ("false", {})


@pytest.mark.parametrize(
    ("value", "holding"), [(math.inf, {NE, LT, LE}), (-math.inf, {NE, GT, GE}), (math.nan, set())]
)
def test_what_json_cannot_say_is_decided_here(value: float, holding: set[Comparison]) -> None:
    for op in Comparison:
        text, values = where(Condition("v", op, value))
        assert values == {}
        assert text == ('IS_NUMBER(c.evidence["v"])' if op in holding else "false")


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400])
def test_numbers_of_more_than_64_bits_are_refused(value: int) -> None:
    with pytest.raises(InputError, match="64 bits"):
        where(Condition("v", EQ, value))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_never_becomes_part_of_the_statement(hostile: str) -> None:
    text, values = where(Condition("actor", GT, hostile), Condition("road", EQ, hostile))
    assert list(values.values()) == [hostile, hostile]
    assert re.fullmatch(r'[A-Za-z_.@0-9 ()"\[\]<>=!]+', text)
    parse(f"SELECT * FROM c WHERE {text}")  # noqa: S608 - only parsed
    with pytest.raises(InputError, match="attribute"):
        where(Condition(hostile, EQ, 1))


def test_a_wrong_name_is_told_the_nearest_known_one() -> None:
    query = SceneQuery(where=(Condition("Min_TTC_s", EQ, 1),))
    with pytest.raises(InputError, match="did you mean 'min_ttc_s'"):
        compiled(query)


def test_time_is_compared_exactly() -> None:
    tests = compiled(SceneQuery(time=TimeRange(5, 7)))
    assert tests.where == "c.at < @v0 AND c.stop > @v1"
    assert tests.values == {"v0": "p0000000000000000007", "v1": "p0000000000000000005"}


def test_near_asks_wider_than_meant_and_far_asks_for_any_place() -> None:
    tests = compiled(SceneQuery(near=Near(48.0, 9.0, 1000.0)))
    assert tests.where == "ST_DISTANCE(c.place, @v0) <= @v1"
    assert tests.values["v0"] == {"type": "Point", "coordinates": [9.0, 48.0]}
    assert tests.values["v1"] == pytest.approx(1011.0)
    far = compiled(SceneQuery(near=Near(48.0, 9.0, 5e6)))
    assert far.values == {}
    assert "IS_NUMBER" in far.where


def test_no_condition_is_always_true() -> None:
    assert where() == ("true", {})

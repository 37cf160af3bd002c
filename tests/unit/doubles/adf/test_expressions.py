"""The expression language, as "Expressions and functions in Azure Data Factory" describes it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.adf.expressions import ExpressionError, expressions, parse, resolve
from tests.doubles.adf.functions import FUNCTIONS

SHOWN = {
    **FUNCTIONS,
    "pipeline": lambda: {"parameters": {"n": 42, "text": "abc", "o": {"a": [1, 2]}}},
    "nothing": lambda: None,
}


def value(text: object) -> Any:
    return resolve(text, SHOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parameters", "parameters"),
        ("parameters[1]", "parameters[1]"),
        ("@@", "@"),
        ("@@concat('a')", "@concat('a')"),
        (" @", " @"),
        ("", ""),
        ("@pipeline().parameters.n", 42),
        ("@{pipeline().parameters.n}", "42"),
        ("Answer is: @{pipeline().parameters.n}", "Answer is: 42"),
        ("Answer is: @@{pipeline().parameters.n}", "Answer is: @{pipeline().parameters.n}"),
        ("@concat('Answer is: ', string(pipeline().parameters.n))", "Answer is: 42"),
        ("@{1}-@{'}'}", "1-}"),
        ("@pipeline().parameters.o.a[1]", 2),
        ("@pipeline().parameters['text']", "abc"),
        ("@pipeline().Parameters.TEXT", "abc"),
        ("@CONCAT('a','b')", "ab"),
        ("@'it''s'", "it's"),
        ("@-1.5", -1.5),
        ("@true", True),
        ("@null", None),
        ("@{null}", ""),
        ("@{pipeline().parameters.o}", '{"a":[1,2]}'),
        ("@pipeline()?.nobody?.home", None),
        ("@pipeline()?['nobody']", None),
        ("@nothing()?.x", None),
    ],
)
def test_texts_come_to(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_objects_lists_and_marked_expressions_are_searched_for_expressions() -> None:
    given_ = {
        "a": {"value": "@add(1, 2)", "type": "Expression"},
        "b": ["@toUpper('x')", {"c": "plain", "d": 1}],
        "e": {"value": "@x", "type": "SecureString", "more": 1},
    }
    given_["e"] = {"value": "plain", "type": "SecureString"}
    assert value(given_) == {
        "a": 3,
        "b": ["X", {"c": "plain", "d": 1}],
        "e": {"value": "plain", "type": "SecureString"},
    }
    assert sorted(expressions(given_)) == ["@add(1, 2)", "@toUpper('x')"]


@pytest.mark.parametrize(
    "text",
    [
        "@concat('a'",
        "@concat('a',)",
        "@concat('a'))",
        "@concat 'a'",
        "@'open",
        "@pipeline().",
        "@pipeline()[",
        "@pipeline",
        "@",
        "@{1",
        "text @{concat('a'} more",
        "@1 2",
        "@,",
    ],
)
def test_broken_texts_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@contact('a')", "no function 'contact'; did you mean 'concat'"),
        ("@pipeline().parameters.m", "no 'm' (available: n, text, o)"),
        ("@pipeline().parameters.o.a[2]", "no '2'"),
        ("@nothing().x", "no 'x'"),
        ("@toLower(1)", "wants str, got 1"),
        ("@and(true, 'true')", "wants bool, got 'true'"),
        ("@if('yes', 1, 2)", "wants bool"),
        ("@if(true, 1, first(createArray()))", "first"),
        ("@add('1', 2)", "wants int or float"),
        ("@add(true, 2)", "wants int or float, got True"),
        ("@substring('abc', 2, 5)", "2 to 7 is not inside a text of 3"),
        ("@concat(createArray(), 'a')", "concat: wants"),
        ("@json('{')", "json"),
        ("@greater(1, 'a')", "greater"),
        ("@div(1, 0)", "div"),
        ("@concat()x", "more text"),
        ("@toLower('a', 'b')", "toLower"),
    ],
)
def test_what_cannot_be_evaluated_says_why(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@string(json('{\"a\": [1, null, true]}'))", '{"a":[1,null,true]}'),
        ("@split('drives/m_1/x', '/')", ["drives", "m_1", "x"]),
        ("@substring('hello world', 6, 5)", "world"),
        ("@substring('hello', 2)", "llo"),
        ("@replace('a-b-c', '-', '')", "abc"),
        ("@trim('  a ')", "a"),
        ("@startsWith('abc', 'ab')", True),
        ("@endsWith('abc', 'ab')", False),
        ("@indexOf('abcb', 'b')", 1),
        ("@lastIndexOf('abcb', 'b')", 3),
        ("@indexOf('abc', 'x')", -1),
        ("@length(createArray(1, 2))", 2),
        ("@length('abc')", 3),
        ("@empty('')", True),
        ("@empty(null)", True),
        ("@empty(createArray(1))", False),
        ("@contains(createArray('a'), 'a')", True),
        ("@contains(json('{\"k\": 1}'), 'k')", True),
        ("@first('abc')", "a"),
        ("@last(createArray(1, 2))", 2),
        ("@take(createArray(1, 2, 3), 2)", [1, 2]),
        ("@skip('abc', 1)", "bc"),
        ("@join(createArray('a', 1), '-')", "a-1"),
        ("@concat(createArray(1), createArray(2))", [1, 2]),
        ("@array('a')", ["a"]),
        ("@range(3, 2)", [3, 4]),
        ("@union(createArray(1, 2), createArray(2, 3))", [1, 2, 3]),
        ("@intersection(createArray(1, 2), createArray(2, 3))", [2]),
        ("@coalesce(null, 'b')", "b"),
        ("@if(less(1, 2), 'y', 'n')", "y"),
        ("@not(or(false, false))", True),
        ("@and(true, true)", True),
        ("@equals(1, 1.0)", True),
        ("@equals('a', 'A')", False),
        ("@equals(1, true)", False),
        ("@equals(null, null)", True),
        ("@greaterOrEquals('b', 'a')", True),
        ("@lessOrEquals(2, 1)", False),
        ("@greater(2, 1)", True),
        ("@sub(1, 2)", -1),
        ("@mul(2, 3)", 6),
        ("@div(7, 2)", 3),
        ("@div(-7, 2)", -3),
        ("@div(7.0, 2)", 3.5),
        ("@min(3, 1, 2)", 1),
        ("@max(3, 1, 2)", 3),
        ("@int('12')", 12),
        ("@float('1.5')", 1.5),
        ("@bool('False')", False),
        ("@bool(1)", True),
        ("@base64ToString(base64('ü'))", "ü"),
        ("@uriComponent('a b/c')", "a%20b%2Fc"),
        ("@string(true)", "True"),
        ("@addDays('2026-02-28T00:00:00Z', 1)", "2026-03-01T00:00:00.0000000Z"),
        ("@addHours('2026-01-01T00:00:00Z', -1)", "2025-12-31T23:00:00.0000000Z"),
        ("@formatDateTime('2026-01-02T03:04:05Z', 'yyyy/MM/dd')", "2026/01/02"),
    ],
)
def test_functions_give(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="@")))
def test_text_without_expressions_stays_as_it_is(text: str) -> None:
    assert value(text) == text


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_survives_as_a_literal(text: str) -> None:
    quoted = text.replace("'", "''")
    assert value(f"@concat('{quoted}')") == text
    assert value(f"<@{{'{quoted}'}}>") == f"<{text}>"


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_json_and_string_are_inverse_for_lists(document: Any) -> None:
    wrapped = [document]
    quoted = json.dumps(wrapped).replace("'", "''")
    assert value(f"@json(string(json('{quoted}')))") == wrapped


@given(st.text(alphabet="@{}()'.,[]? a1", max_size=30))
def test_nonsense_is_read_or_refused_and_never_anything_else(text: str) -> None:
    try:
        parse(text)
    except ExpressionError:
        return

"""Formulas against a second evaluation, made of Python's own arithmetic."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import HostileInput, InputError, SchemaMismatch
from avdataops.readers.mdf4.formula import evaluate

NAN = math.nan


def _guarded(function: Callable[..., float]) -> Callable[..., float]:
    """Return a function that gives NaN where Python's mathematics raise."""

    def call(*values: float) -> float:
        try:
            return function(*values)
        except (ArithmeticError, ValueError):
            return NAN

    return call


FUNCTIONS: dict[str, Callable[..., float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "atan": math.atan,
    "arctan": math.atan,
    "tanh": math.tanh,
    "abs": abs,
    "sqrt": _guarded(math.sqrt),
    "asin": _guarded(math.asin),
    "acos": _guarded(math.acos),
    "arcsin": _guarded(math.asin),
    "arccos": _guarded(math.acos),
}


@dataclass(frozen=True, slots=True)
class Term:
    """A formula and what it is worth at X."""

    text: str
    value: Callable[[float], float]


def _binary(sign: str, left: Term, right: Term) -> Term:
    work: dict[str, Callable[[float, float], float]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
    }
    return Term(f"({left.text} {sign} {right.text})", _joined(work[sign], left, right))


def _joined(work: Callable[[float, float], float], left: Term, right: Term) -> Callable[..., float]:
    return lambda x: work(left.value(x), right.value(x))


def _call(name: str, inner: Term) -> Term:
    return Term(f"{name}({inner.text})", lambda x: FUNCTIONS[name](inner.value(x)))


def _minus(inner: Term) -> Term:
    return Term(f"-{inner.text}", lambda x: -inner.value(x))


def _constant(value: float) -> Term:
    return Term(repr(value), lambda _: value)


leaves = st.one_of(
    st.sampled_from(["X", "x", "X1", "x1"]).map(lambda name: Term(name, lambda x: x)),
    st.integers(0, 100).map(float).map(_constant),
    st.floats(0, 10).map(_constant),
    st.sampled_from(["pi", "PI"]).map(lambda name: Term(name, lambda _: math.pi)),
)
terms = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(_binary, st.sampled_from("+-*"), inner, inner),
        st.builds(_call, st.sampled_from(sorted(FUNCTIONS)), inner),
        st.builds(_minus, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(terms, st.lists(st.floats(-50, 50), min_size=1, max_size=4))
def test_random_formulas_are_worth_what_plain_arithmetic_says(term: Term, xs: list[float]) -> None:
    if len(term.text) > 1000:
        return
    got = evaluate(term.text, np.array(xs))
    expected = np.array([term.value(x) for x in xs])
    # Libraries of mathematics may differ in the last digits, and sums may cancel the others.
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("8-4-2", 2),
        ("64/4/2", 8),
        ("2**3**2", 512),
        ("-2**2", -4),
        ("2*-X", -6),
        ("+X--X", 6),
        ("7 % 4 * 2", 6),
        ("X^2", 9),
        ("2^X", 8),
        ("1e3", 1000),
        ("1.5E-1*2", 0.3),
        (".5+5.", 5.5),
        ("  X  ", 3),
        ("sqrt(X*X)+abs(-X)", 6),
        ("exp(ln(X))", 3),
        ("log10(100)*log(exp(1))", 2),
        ("sinh(0)+cosh(0)+tanh(0)", 1),
        ("SQRT(16)", 4),
    ],
)
def test_precedence_and_functions(formula: str, expected: float) -> None:
    assert evaluate(formula, np.array([3]))[0] == pytest.approx(expected, rel=1e-12)


def test_a_caret_binds_as_loosely_as_python_reads_it() -> None:
    # Written as a power, read by Python's grammar: sums and products come first.
    assert evaluate("2*X^2", np.array([3]))[0] == 36


@pytest.mark.parametrize(
    ("formula", "x", "expected"),
    [
        ("1/X", 0, math.inf),
        ("-1/X", 0, -math.inf),
        ("X/X", 0, NAN),
        ("sqrt(X)", -1, NAN),
        ("log(X)", 0, -math.inf),
        ("log(X)", -1, NAN),
        ("log10(X)", -5, NAN),
        ("asin(X)", 2, NAN),
        ("exp(X)", 1000, math.inf),
        ("X % 0", 3, NAN),
        ("X ** 0.5", -4, NAN),
        ("0 ** -1 * X", 1, math.inf),
    ],
)
def test_what_has_no_value_is_not_a_number(formula: str, x: float, expected: float) -> None:
    np.testing.assert_array_equal(evaluate(formula, np.array([x])), [expected])


def test_not_a_number_and_infinity_go_through() -> None:
    got = evaluate("2*X+1", np.array([NAN, math.inf, -math.inf]))
    np.testing.assert_array_equal(got, [NAN, math.inf, -math.inf])


@pytest.mark.parametrize("code", ["u1", "i1", "u2", "i4", "u8", "f4", ">i2", "?"])
def test_raw_values_of_every_type_are_taken_as_doubles(code: str) -> None:
    got = evaluate("X*300-1", np.array([0, 1], dtype=code))
    assert got.dtype == np.float64
    assert got.tolist() == [-1, 299]


@pytest.mark.parametrize(
    "formula",
    [
        "X[0]",
        "X and X",
        "not X",
        "~X",
        "X // 2",
        "X << 70",
        "X & 1",
        "X if X > 1 else 0",
        "(X, X)",
        "{X}",
        "f'{X}'",
        "(X := 3)",
        "X.real",
        "sin",
        "sin()",
        "max(X)",
        "sin(*X)",
        "sin(**X)",
        "(lambda: X)()",
        "sin(X)(X)",
        "...",
        "None",
        "b'1'",
        "X2",
        "await X",
        "\x00",
        "X\nX",
    ],
)
def test_nothing_but_arithmetic_is_taken(formula: str) -> None:
    with pytest.raises(SchemaMismatch):
        evaluate(formula, np.array([1.0]))


@pytest.mark.parametrize(("levels", "is_taken"), [(20, True), (60, True), (70, False)])
def test_nesting_has_a_limit(levels: int, is_taken: bool) -> None:
    formula = "abs(" * levels + "X" + ")" * levels
    if is_taken:
        assert evaluate(formula, np.array([-2.0])).tolist() == [2]
    else:
        with pytest.raises(HostileInput, match="levels"):
            evaluate(formula, np.array([-2.0]))


@pytest.mark.parametrize("length", [1024, 1025])
def test_length_has_a_limit(length: int) -> None:
    formula = "X".ljust(length)
    if length == 1024:
        assert evaluate(formula, np.array([2.0])).tolist() == [2]
    else:
        with pytest.raises(HostileInput, match="characters"):
            evaluate(formula, np.array([2.0]))


@pytest.mark.parametrize(
    "formula",
    [
        "9**9**9**9**9*X",
        "(" * 500,
        "((((" * 200 + "X",
        "X" + "**X" * 300,
        "-" * 900 + "X",
        "9" * 1000,
    ],
)
def test_no_formula_takes_long(formula: str) -> None:
    started = time.monotonic()
    with suppress(InputError):
        evaluate(formula, np.arange(1000.0))
    assert time.monotonic() - started < 0.5

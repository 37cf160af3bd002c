"""Algebraic conversions of MDF, evaluated by a small grammar of our own."""

import ast
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from avdataops.model.errors import HostileInput, SchemaMismatch

MAX_FORMULA_CHARACTERS = 1024
MAX_DEPTH = 64

Floats = npt.NDArray[np.float64]

_BINARY: Mapping[type[ast.operator], Callable[[Floats, Floats], Floats]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.fmod,
    ast.Pow: np.float_power,
    ast.BitXor: np.float_power,  # The formulas of ASAM MCD-2 write powers so.
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Floats], Floats]] = {
    ast.UAdd: np.positive,
    ast.USub: np.negative,
}
_FUNCTIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "ln": np.log,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
_VARIABLES = ("x", "x1")


def evaluate(formula: str, raw: npt.NDArray[np.generic]) -> Floats:
    """Return ``formula`` of each raw value; ``X`` and ``X1`` stand for it.

    All arithmetic is in 64-bit floats, so no formula can take more time than its length: a power
    too large is infinite.  Raises ``SchemaMismatch`` for what is no formula, and ``HostileInput``
    for one over 1024 characters or 64 levels.
    """
    if len(formula) > MAX_FORMULA_CHARACTERS:
        raise HostileInput(f"a conversion formula has {len(formula)} characters")
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SchemaMismatch(f"'{formula[:80]}' is no conversion formula") from error
    with np.errstate(all="ignore"):
        value = _value(tree, raw.astype(np.float64), 0)
    return np.broadcast_to(value, raw.shape).astype(np.float64)


def _value(node: ast.expr, raw: Floats, depth: int) -> Floats:
    if depth > MAX_DEPTH:
        raise HostileInput(f"a conversion formula is nested over {MAX_DEPTH} levels deep")
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _value(node.left, raw, depth + 1), _value(node.right, raw, depth + 1)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_value(node.operand, raw, depth + 1))
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return _constant(node)
    if isinstance(node, ast.Name) and node.id.lower() in _VARIABLES:
        return raw
    if isinstance(node, ast.Name) and node.id.lower() == "pi":
        return np.array(np.pi)
    if isinstance(node, ast.Call):
        return _call(node, raw, depth)
    raise SchemaMismatch(f"'{ast.unparse(node)[:80]}' has no place in a conversion formula")


def _constant(node: ast.Constant) -> Floats:
    try:
        return np.array(float(str(node.value)))
    except (OverflowError, ValueError) as error:
        raise SchemaMismatch("a number in a conversion formula is too large") from error


def _call(node: ast.Call, raw: Floats, depth: int) -> Floats:
    name = node.func.id.lower() if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS or len(node.args) != 1 or node.keywords:
        raise SchemaMismatch(f"'{ast.unparse(node)[:80]}' has no place in a conversion formula")
    return _FUNCTIONS[name](_value(node.args[0], raw, depth + 1))

"""Evaluates the part of Batch's autoscale language that our formula uses; refuses the rest."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Value = float | list[float] | str
_TOKEN = re.compile(r"\s*(\$?[A-Za-z_][\w.$]*|\d+(?:\.\d+)?|<=|>=|==|[-+*/()<>?:;=,])")
_FUNCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "min": min,
    "max": max,
    "avg": lambda given: sum(given) / len(given),
    "ceil": lambda given: float(math.ceil(given[0])),
}
_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
}
_LEVELS = (("<", ">", "<=", ">="), ("+", "-"), ("*", "/"))
_MINUTE_S = 60.0
_SAMPLE_S = 30.0


@dataclass(slots=True)
class Evaluation:
    """One evaluation; ``samples`` has the values of each variable, newest last, 30 s apart."""

    samples: Mapping[str, Sequence[float]]
    values: dict[str, Value] = field(default_factory=dict)
    _tokens: list[str] = field(default_factory=list)

    def run(self, formula: str) -> dict[str, Value]:
        """Return all variables that the formula sets."""
        end = 0
        while formula[end:].strip():
            found = _TOKEN.match(formula, end)
            if found is None:
                raise SyntaxError(f"not of the language: {formula[end : end + 20]!r}")
            self._tokens.append(found[1])
            end = found.end()
        while self._tokens:
            name = self._tokens.pop(0)
            self._expect("=")
            if name == "$NodeDeallocationOption":
                self.values[name] = self._tokens.pop(0)
            else:
                self.values[name] = self._choice()
            self._expect(";")
        return self.values

    def _expect(self, word: str) -> None:
        given = self._tokens.pop(0)
        if given != word:
            raise SyntaxError(f"{given!r} where {word!r} should be")

    def _next_is(self, *tokens: str) -> bool:
        return bool(self._tokens) and self._tokens[0] in tokens

    def _choice(self) -> Value:
        condition = self._level(0)
        if not self._next_is("?"):
            return condition
        self._expect("?")
        first = self._choice()
        self._expect(":")
        second = self._choice()
        return first if condition else second

    def _level(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._atom()
        left = self._level(level + 1)
        while self._next_is(*_LEVELS[level]):
            operator = _OPERATORS[self._tokens.pop(0)]
            left = operator(_number(left), _number(self._level(level + 1)))
        return left

    def _atom(self) -> Value:
        word = self._tokens.pop(0)
        if word == "(":
            inner = self._choice()
            self._expect(")")
            return inner
        if word[0].isdigit():
            return float(word)
        if word == "TimeInterval_Minute":
            return _MINUTE_S
        if self._next_is("("):
            return self._call(word, self._arguments())
        return self.values[word]

    def _arguments(self) -> list[Value]:
        self._expect("(")
        given = [self._choice()]
        while self._next_is(","):
            self._expect(",")
            given.append(self._choice())
        self._expect(")")
        return given

    def _call(self, name: str, given: list[Value]) -> Value:
        variable, _, method = name.partition(".")
        if not method:
            flat = [one for value in given for one in _vector(value)]
            return _FUNCTIONS[name](flat)
        known = [float(one) for one in self.samples[variable]]
        wanted = _number(given[0])
        count = int(wanted / _SAMPLE_S) if wanted >= _SAMPLE_S else int(wanted)
        if method == "GetSamplePercent":
            return 100.0 * min(len(known), count) / count
        if method == "GetSample" and known:
            return known[-count:]
        raise ValueError(f"{name}: no samples, or no such method")


def _vector(value: Value) -> list[float]:
    return value if isinstance(value, list) else [_number(value)]


def _number(value: Value) -> float:
    if not isinstance(value, float):
        raise TypeError(f"{value!r} is no number")
    return value


def targets(formula: str, samples: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """Return the targets (Spot nodes, dedicated nodes)."""
    values = Evaluation(samples).run(formula)
    return _number(values["$TargetLowPriorityNodes"]), _number(values["$TargetDedicatedNodes"])

"""Messages of random types, encoded apart from the product, decode to what was put in."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag.decode import Rows, check_message, decode
from avdataops.readers.rosbag.definitions import parse_definition
from avdataops.readers.rosbag.layout import Table, layout_of
from avdataops.testing.cdr_by_hand import CODES, RULES, Field, encode

NAME = "made/msg/Root"
RULE = "=" * 80
STAMPS = (
    f"{RULE}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n"
    f"{RULE}\nMSG: builtin_interfaces/Duration\nint32 sec\nuint32 nanosec\n"
)
OCTETS = ("byte", "char", "uint8")
EXTREMES: dict[str, tuple[Any, Any]] = {
    "bool": (False, True),
    "float32": (-1.5, 2.0**120),
    "float64": (-1.5, 5e-324),
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    "byte": (0, 255),
    "char": (0, 255),
}
Type = tuple[Field, ...]
Expected = dict[str, list[tuple[int, int | None, int | None, dict[str, Any]]]]


def _definition(fields: Type) -> str:
    """Return the text of a type with all types inside; their names are numbered."""
    sections: list[str] = []

    def body(some: Type) -> str:
        lines = []
        for one in some:
            base = one.base
            if isinstance(base, tuple):
                number = len(sections)
                sections.append("")
                sections[number] = f"{RULE}\nMSG: made/T{number}\n{body(base)}"
                base = f"made/T{number}"
            elif base in ("time", "duration"):
                base = f"builtin_interfaces/{base.title()}"
            lines.append(f"{base}{one.many} {one.name}  # a comment = 1")
        return "int8 CONSTANT=3\n" + "\n".join(lines) + "\n"

    return body(fields) + "".join(sections) + STAMPS


def _table(fields: Type) -> Table:
    return layout_of(NAME, parse_definition(NAME, _definition(fields), "ros2msg"))


def _plain(one: Field, value: Any) -> Any:
    """Return a value as its column gives it."""
    if one.base in ("time", "duration"):
        stamps = [s * 10**9 + ns for s, ns in (value if one.many else [value])]
        return stamps if one.many else stamps[0]
    return bytes(value) if one.many and one.base in OCTETS else value


def _expect(fields: Type, messages: list[list[Any]]) -> Expected:
    """Return rows by path: message, element, parent element, columns."""
    found: Expected = {}

    def visit(some: Type, path: str, rows: list[tuple[int, int | None, int | None, Any]]) -> None:
        columns: list[dict[str, Any]] = [{} for _ in rows]
        found[path] = [(*row[:3], own) for row, own in zip(rows, columns, strict=True)]
        flat(some, (), path, [(row[0], row[1], row[3], c) for row, c in zip(rows, columns)])  # noqa: B905 - of one length by construction

    def flat(some: Type, names: tuple[str, ...], path: str, rows: list[Any]) -> None:
        for number, one in enumerate(some):
            here = (*names, one.name)
            values = [(m, e, v[number], own) for m, e, v, own in rows]
            if not isinstance(one.base, tuple):
                suffix = "_ns" if one.base in ("time", "duration") else ""
                for _, _, value, own in values:
                    own["_".join(here) + suffix] = _plain(one, value)
            elif one.many:
                child = ".".join((path, *here)) if path else ".".join(here)
                inside = [(m, e, v) for m, e, elements, _ in values for v in elements]
                counters: dict[int, itertools.count[int]] = {}
                numbered: list[tuple[int, int | None, int | None, Any]] = [
                    (m, next(counters.setdefault(m, itertools.count())), e, v) for m, e, v in inside
                ]
                visit(one.base, child, numbered)
            else:
                flat(one.base, here, path, values)

    visit(fields, "", [(number, None, None, value) for number, value in enumerate(messages)])
    return found


def _got(decoded: list[Rows]) -> Expected:
    found: Expected = {}
    for rows in decoded:
        names = [leaf.column for leaf in rows.table.leaves]
        columns = [column.to_pylist() for column in rows.columns]
        size = len(rows.message)
        elements = [None] * size if rows.element is None else rows.element.tolist()
        parents = [None] * size if rows.parent_element is None else rows.parent_element.tolist()
        found[rows.table.path] = [
            (m, elements[n], parents[n], {k: c[n] for k, c in zip(names, columns, strict=True)})
            for n, m in enumerate(rows.message.tolist())
        ]
    return found


def _one(base: str | Type) -> st.SearchStrategy[Any]:
    if isinstance(base, tuple):
        return st.tuples(*(_value(one) for one in base)).map(list)
    if base == "string":
        return st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
    if base in ("time", "duration"):
        return st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 999_999_999))
    if base == "bool":
        return st.booleans()
    if base.startswith("float"):
        return st.floats(width=32 if base == "float32" else 64, allow_nan=False)
    # rosbags takes a byte for a signed one; the extremes are tested apart.
    return st.integers(0, 127) if base == "byte" else st.integers(*EXTREMES[base])


def _value(one: Field) -> st.SearchStrategy[Any]:
    if not one.many:
        return _one(one.base)
    count = int(one.many.strip("[]<=") or 3)
    return st.lists(_one(one.base), min_size=0 if one.is_counted else count, max_size=count)


@st.composite
def types(draw: st.DrawFn, depth: int = 2, least: int = 0) -> Type:
    """Draw the fields of a message type."""
    fields = []
    for number in range(draw(st.integers(least, 4))):
        base: str | Type = draw(st.sampled_from([*CODES, "string", "time", "duration"]))
        if depth and draw(st.integers(0, 3)) == 0:
            base = draw(types(depth=depth - 1, least=least))
        many = draw(st.sampled_from(["", "", "", "[]", "[2]", "[<=3]", "[1]"]))
        fields.append(Field(f"f{number}", base, many))
    return tuple(fields)


@pytest.mark.parametrize("name", ["cdr-little", "cdr-big", "ros1"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_message_of_any_type_comes_back(name: str, data: st.DataObject) -> None:
    # In ROS 1 an empty message has no bytes; a count of such is refused as a bomb.
    fields = data.draw(types(least=1 if name == "ros1" else 0))
    messages = data.draw(st.lists(_one(fields), max_size=3))
    rules = RULES[name]
    encoded = [encode(rules, fields, message) for message in messages]
    assert _got(decode(_table(fields), rules.encoding, encoded)) == _expect(fields, messages)


def _object(store: Any, fields: Type, values: list[Any], name: str) -> Any:
    """Return the values as rosbags holds them."""
    found = []
    for one, value, (_, description) in zip(fields, values, store.fielddefs[name][1], strict=True):
        kind = str(description[1][0][1] if one.many else description[1])
        elements = []
        for element in value if one.many else [value]:
            if isinstance(one.base, tuple):
                elements.append(_object(store, one.base, element, kind))
            elif one.base in ("time", "duration"):
                elements.append(store.types[kind](sec=element[0], nanosec=element[1]))
            else:
                elements.append(element)
        is_array = one.many and one.base in CODES
        many: Any = np.array(elements, np.dtype(CODES[str(one.base)])) if is_array else elements
        found.append(many if one.many else elements[0])
    return store.types[name](*found)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_encoder_of_these_tests_agrees_with_rosbags(data: st.DataObject) -> None:
    fields = data.draw(types(least=1))
    values = data.draw(_one(fields))
    store: Any = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg(_definition(fields), NAME))
    message = _object(store, fields, values, NAME)
    for name, little in (("cdr-little", True), ("cdr-big", False)):
        theirs = bytes(store.serialize_cdr(message, NAME, little_endian=little))
        ours = encode(RULES[name], fields, values)
        assert theirs.startswith(ours)
        assert len(theirs) - len(ours) < 4
        table = _table(fields)
        assert _got(decode(table, "cdr", [theirs])) == _expect(fields, [values])


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("first", CODES)
def test_every_primitive_stands_right_behind_every_other(name: str, first: str) -> None:
    rules = RULES[name]
    for second, third in itertools.product(CODES, ("uint8", "float64")):
        fields = tuple(
            Field(f"f{number}", base) for number, base in enumerate((first, second, third))
        )
        messages = [[EXTREMES[base][pick] for base in (first, second, third)] for pick in (0, 1)]
        encoded = [encode(rules, fields, message) for message in messages]
        got = _got(decode(_table(fields), rules.encoding, encoded))
        assert got == _expect(fields, messages), (second, third)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("many", ["[]", "[3]", "[<=5]"])
def test_lists_of_every_primitive_stand_right_behind_a_text_of_any_length(
    name: str, many: str
) -> None:
    rules = RULES[name]
    for base in CODES:
        fields = (Field("text", "string"), Field("list", base, many), Field("end", "uint8"))
        low, high = EXTREMES[base]
        messages: list[list[Any]] = [["x" * n, [low, high, low], n] for n in range(9)]
        if many != "[3]":
            messages.append(["", [], 9])
        encoded = [encode(rules, fields, message) for message in messages]
        got = _got(decode(_table(fields), rules.encoding, encoded))
        assert got == _expect(fields, messages), base


WIDE: Type = (
    Field("a", "uint8"),
    Field("b", "string"),
    Field("c", "float64", "[]"),
    Field("d", (Field("x", "int16"), Field("y", "string", "[]")), "[]"),
    Field("e", "time", "[2]"),
)
WIDE_VALUE = [7, "text", [1.0, 2.0], [[1, ["p", "qr"]], [2, []]], [(1, 2), (3, 4)]]


@pytest.mark.parametrize("name", ["cdr-little", "cdr-big", "ros1"])
def test_a_message_that_ends_anywhere_too_early_is_refused(name: str) -> None:
    rules, table = RULES[name], _table(WIDE)
    whole = encode(rules, WIDE, WIDE_VALUE)
    check_message(table, rules.encoding, whole)
    for length in range(len(whole)):
        with pytest.raises(SchemaMismatch):
            check_message(table, rules.encoding, whole[:length])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["cdr-little", "cdr-big", "ros1"]), st.data())
def test_a_message_with_any_bytes_changed_is_decoded_or_refused(
    name: str, data: st.DataObject
) -> None:
    rules, table = RULES[name], _table(WIDE)
    damaged = bytearray(encode(rules, WIDE, WIDE_VALUE))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(len(rules.header), len(damaged) - 1))
        damaged[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    try:
        check_message(table, rules.encoding, bytes(damaged))
    except SchemaMismatch:
        return
    root = decode(table, rules.encoding, [bytes(damaged)])[0]
    assert len(root.message) == 1
    for column in root.columns:
        column.validate(full=True)

"""Message definitions: texts from recordings to fields by type."""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from avdataops.model.errors import HostileInput, SchemaMismatch

if TYPE_CHECKING:
    from rosbags.interfaces.typing import FieldDesc, Typesdict

LANGUAGES = ("ros1msg", "ros2msg", "ros2idl")
MAX_TEXT_BYTES = 1 << 20
TIME = "builtin_interfaces/msg/Time"
DURATION = "builtin_interfaces/msg/Duration"
_SHORT = {"time": TIME, "duration": DURATION, "Header": "std_msgs/msg/Header"}
_PRIMITIVES = frozenset(
    [
        *("bool", "byte", "char", "string", "wchar", "wstring", "float32", "float64", "float128"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    ]
)
_FIELD = re.compile(
    r"(?P<base>[A-Za-z][\w/]*)(?:<=\d+)?"
    r"(?P<many>\[(?:(?P<bound><=)?(?P<count>\d+))?\])?"
    r"\s+(?P<name>[A-Za-z]\w*)\s*(?P<rest>.*)"
)
_SEPARATOR = re.compile(r"^={3,}[ \t]*$", re.MULTILINE)
_TITLE = re.compile(r"\s*(MSG|IDL):[ \t]*([\w/]+)[ \t]*\n?")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message type."""

    name: str
    base: str
    """A primitive (``float64``, ``string``, …) or the full name of a message type."""
    is_list: bool = False
    length: int | None = None
    """Elements of a fixed list; None for a list of any length."""


Types = Mapping[str, tuple[Field, ...]]


def is_primitive(base: str) -> bool:
    """Say whether ``base`` is a built-in type rather than a message."""
    return base in _PRIMITIVES


def is_complete(types: Types) -> bool:
    """Say whether all message types that the fields name are among ``types``."""
    builtin = {*_PRIMITIVES, TIME, DURATION}
    return all(
        one.base in types or one.base in builtin for fields in types.values() for one in fields
    )


def full_name(name: str, package: str = "") -> str:
    """Return ``package/msg/Name`` for the ROS 1 and ROS 2 ways to write a message type."""
    name = _SHORT.get(name, name)
    parts = [part for part in name.split("/") if part]
    if len(parts) == 1 and package:
        parts = [package, *parts]
    if len(parts) == 2:  # noqa: PLR2004 - package and name, as ROS 1 writes it
        parts.insert(1, "msg")
    return "/".join(parts)


def parse_definition(type_name: str, text: str, language: str) -> Types:
    """Return the fields of ``type_name`` and of all types that its definition brings along.

    ``language`` is ``ros1msg``, ``ros2msg`` or ``ros2idl``.  Raises ``SchemaMismatch`` for a text
    that is not in the language, and ``HostileInput`` for one over a megabyte.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise HostileInput(f"the definition of '{type_name}' has {len(text)} characters")
    first_kind = "IDL" if language == "ros2idl" else "MSG"
    found: dict[str, tuple[Field, ...]] = {}
    for number, section in enumerate(_SEPARATOR.split(text)):
        title = _TITLE.match(section)
        if title:
            kind, name, body = title[1], title[2], section[title.end() :]
        elif number == 0 and (section.strip() or first_kind == "MSG"):
            kind, name, body = first_kind, type_name, section
        else:
            continue
        if kind == "IDL":
            found.update(_parse_idl(name, body))
        else:
            found.setdefault(full_name(name), tuple(_parse_msg(full_name(name), body)))
    return found


def _parse_msg(type_name: str, body: str) -> Iterable[Field]:
    package = type_name.split("/", maxsplit=1)[0]
    for line in body.splitlines():
        code = line.split("#", maxsplit=1)[0].strip()
        if not code or code.startswith("@"):
            continue
        parts = _FIELD.fullmatch(code)
        if not parts:
            raise SchemaMismatch(f"'{code[:80]}' is no field of '{type_name}'")
        if parts["rest"].startswith("="):
            continue  # A constant: part of the type, not of its messages.
        base = parts["base"]
        yield Field(
            name=parts["name"],
            base=base if base in _PRIMITIVES else full_name(base, package),
            is_list=parts["many"] is not None,
            length=int(parts["count"]) if parts["count"] and not parts["bound"] else None,
        )


def _parse_idl(name: str, body: str) -> Types:
    from rosbags.typesys.idl import get_types_from_idl

    try:
        return _from_rosbags(get_types_from_idl(body))
    except (Exception, RecursionError) as error:
        # The IDL grammar of the library raises what its rules happen to raise.
        raise SchemaMismatch(f"the IDL definition of '{name}' cannot be read") from error


def _from_rosbags(typesdict: "Typesdict") -> Types:
    return {
        name: tuple(_rosbags_field(field, description) for field, description in fields)
        for name, (_, fields) in typesdict.items()
    }


def _rosbags_field(name: str, description: "FieldDesc") -> Field:
    """Return a field from rosbags' (node, (base, size) | name | (element, count))."""
    from rosbags.interfaces import Nodetype

    node, what = description
    if node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
        (element_node, element), count = cast("tuple[tuple[int, Any], int]", what)
        base = element if element_node == Nodetype.NAME else element[0]
        return Field(
            name, str(base), is_list=True, length=count if node == Nodetype.ARRAY else None
        )
    return Field(name, str(what if node == Nodetype.NAME else what[0]))


@functools.cache
def default_types() -> Types:
    """Return the standard message types of ROS 2 Humble, for recordings that carry none."""
    from rosbags.typesys.stores.ros2_humble import FIELDDEFS

    return _from_rosbags(FIELDDEFS)

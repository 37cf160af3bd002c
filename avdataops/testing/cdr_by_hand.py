"""A small encoder of ROS messages, written without the product's tables of layouts."""

import struct
from dataclasses import dataclass, field
from typing import Any

CODES = {
    "bool": "?",
    "byte": "B",
    "char": "B",
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """How one encoding places values (OMG DDS-XTYPES 1.3, 7.4.3; wiki.ros.org/msg)."""

    encoding: str
    header: bytes
    order: str
    largest: int
    """Largest alignment; 1 packs."""


RULES = {
    "cdr-little": Rules("cdr", bytes.fromhex("00 01 00 00"), "<", 8),
    "cdr-big": Rules("cdr", bytes.fromhex("00 00 00 00"), ">", 8),
    "cdr2-little": Rules("cdr", bytes.fromhex("00 07 00 00"), "<", 4),
    "cdr2-big": Rules("cdr", bytes.fromhex("00 06 00 00"), ">", 4),
    "ros1": Rules("ros1", b"", "<", 1),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field; ``base`` is a primitive, ``string``, ``time``, ``duration`` or fields."""

    name: str
    base: "str | tuple[Field, ...]"
    many: str = ""
    """Empty, or what stands in brackets: ``[]``, ``[3]``, ``[<=3]``."""

    @property
    def is_counted(self) -> bool:
        """Say whether the number of elements is in the message."""
        return self.many == "[]" or "<=" in self.many


@dataclass(slots=True)
class Encoder:
    """Bytes of one message so far."""

    rules: Rules
    body: bytearray = field(default_factory=bytearray)

    def number(self, code: str, value: Any) -> None:
        """Append a number at its alignment."""
        size = struct.calcsize(code)
        step = min(size, self.rules.largest)
        self.body += bytes(-len(self.body) % step)
        self.body += struct.pack(self.rules.order + code, value)

    def text(self, value: str) -> None:
        """Append a string; CDR counts and writes a final NUL."""
        raw = value.encode() + (b"\0" if self.rules.encoding == "cdr" else b"")
        self.number("I", len(raw))
        self.body += raw

    def stamp(self, base: str, value: tuple[int, int]) -> None:
        """Append seconds and nanoseconds."""
        seconds, nanoseconds = "i", "I"
        if self.rules.encoding == "ros1":
            seconds = nanoseconds = "I" if base == "time" else "i"
        self.number(seconds, value[0])
        self.number(nanoseconds, value[1])

    def one(self, base: "str | tuple[Field, ...]", value: Any) -> None:
        """Append a value that is no list."""
        if isinstance(base, tuple):
            self.fields(base, value)
        elif base == "string":
            self.text(value)
        elif base in ("time", "duration"):
            self.stamp(base, value)
        else:
            self.number(CODES[base], value)

    def fields(self, fields: tuple[Field, ...], values: list[Any]) -> None:
        """Append a message; one without fields is a byte in CDR."""
        if not fields and self.rules.encoding == "cdr":
            self.number("B", 0)
        for one, value in zip(fields, values, strict=True):
            if not one.many:
                self.one(one.base, value)
                continue
            if one.is_counted:
                self.number("I", len(value))
            for element in value:
                self.one(one.base, element)


def encode(rules: Rules, fields: tuple[Field, ...], values: list[Any]) -> bytes:
    """Return a message with its encapsulation header."""
    encoder = Encoder(rules)
    encoder.fields(fields, values)
    return rules.header + bytes(encoder.body)

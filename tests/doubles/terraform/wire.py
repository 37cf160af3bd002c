"""Protocol Buffers on the wire: the few field types that Terraform's provider protocol needs.

Written by hand, so that no generated code and no runtime for it is kept: a message is a sequence
of fields, each a key (number and type) and a value (https://protobuf.dev/programming-guides/encoding).
"""

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED64: 8, _FIXED32: 4}


def varint(value: int) -> bytes:
    """Return a non-negative integer in groups of seven bits, lowest first."""
    if value < 0:
        raise ValueError(f"{value} is negative")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the integer at ``at`` and where the next thing starts; raises ``ValueError``."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
        shift += 7
    raise ValueError("the message ends inside a number")


def text(number: int, value: str | bytes) -> bytes:
    """Return a field with a string, bytes, or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | _BYTES) + varint(len(data)) + data


def flag(number: int, value: bool) -> bytes:
    """Return a field with a boolean; false is not sent."""
    return varint(number << 3 | _VARINT) + b"\x01" if value else b""


def integer(number: int, value: int) -> bytes:
    """Return a field with a non-negative integer; zero is not sent."""
    return varint(number << 3 | _VARINT) + varint(value) if value else b""


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field; raises ``ValueError`` where it is no message."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = read_varint(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = read_varint(data, at)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise ValueError(f"field {number} has the unknown type {kind}")
        if at + size > len(data):
            raise ValueError(f"the message ends inside field {number}")
        yield number, data[at : at + size]
        at += size


def message(data: bytes, number: int) -> bytes:
    """Return the last value of a field with bytes, empty if there is none."""
    found = [value for n, value in fields(data) if n == number and isinstance(value, bytes)]
    return found[-1] if found else b""

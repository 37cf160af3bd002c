"""Random changes of a recording; the same seed makes the same ones."""

import random
import re
import struct
from collections.abc import Callable

_ODD_NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63, -1)
_WIDTHS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_BLOCK = re.compile(rb"##[A-Z]{2}")
"""Where MDF blocks begin: addresses that links may be bent to."""
MAX_CHANGES = 6
MAX_GROWTH = 1 << 16


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return a recording with one to six changes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, MAX_CHANGES)):
        if changed:
            rng.choice(_WAYS)(changed, rng)
    return bytes(changed)


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _noise(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at : at + rng.randint(1, 16)] = rng.randbytes(rng.randint(1, 16))


def _number(data: bytearray, rng: random.Random) -> None:
    """Put a number in that counts and sizes are often wrong about, of either byte order."""
    width = rng.choice(tuple(_WIDTHS))
    at = rng.randrange(len(data)) // width * width
    order = rng.choice("<>")
    value = rng.choice(_ODD_NUMBERS) % 2 ** (8 * width)
    data[at : at + width] = struct.pack(order + _WIDTHS[width], value)


def _nudge(data: bytearray, rng: random.Random) -> None:
    """Make a number a little larger or smaller."""
    at = rng.randrange(len(data))
    data[at] = (data[at] + rng.choice((-8, -1, 1, 8))) % 256


def _link(data: bytearray, rng: random.Random) -> None:
    """Bend something that may be a link to a block of the file, also to itself."""
    blocks = [found.start() for found in _BLOCK.finditer(data)]
    if blocks:
        at = rng.choice(blocks) + 24 + 8 * rng.randrange(8)
        data[at : at + 8] = struct.pack("<Q", rng.choice(blocks))


def _copy(data: bytearray, rng: random.Random) -> None:
    size = rng.randint(1, 256)
    source, target = rng.randrange(len(data)), rng.randrange(len(data))
    data[target : target + size] = data[source : source + size]


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.randint(1, 64)] * rng.choice((1, 1, 1, MAX_GROWTH // 64))


def _delete(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 2, 4, 8, 64, 1024))]


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


_WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _noise,
    _number,
    _number,
    _nudge,
    _link,
    _copy,
    _insert,
    _delete,
    _cut,
)

"""Conversions of MDF 4 from raw to physical values (ASAM MDF 4.2, 5.15)."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.readers.mdf4 import arithmetic
from avdataops.readers.mdf4.blocks import Block, Blocks
from avdataops.readers.mdf4.facts import Physical, Samples
from avdataops.readers.mdf4.formula import evaluate

IDENTITY, LINEAR, RATIONAL, ALGEBRAIC, INTERPOLATED, NEAREST, RANGES = range(7)
TEXTS, RANGE_TEXTS, TEXT_TO_VALUE, TEXT_TO_TEXT, BITFIELD = range(7, 12)
_OF_TEXT = (TEXT_TO_VALUE, TEXT_TO_TEXT)
_GIVE_TEXT = (TEXTS, RANGE_TEXTS, TEXT_TO_TEXT, BITFIELD)
_COUNTS_AT, _VALUES_AT = 4, 24
_FIRST_REF, _UNIT, _NAME = 4, 1, 0
MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Conversion:
    """One conversion with the texts and conversions that it refers to."""

    kind: int
    values: tuple[float, ...] = ()
    refs: "tuple[str | Conversion | None, ...]" = ()
    unit: str = ""
    name: str = ""

    @property
    def takes_text(self) -> bool:
        """Say whether raw values are texts."""
        return self.kind in _OF_TEXT

    @property
    def gives_text(self) -> bool:
        """Say whether any physical value is a text."""
        return self.kind in _GIVE_TEXT and any(
            one.gives_text if isinstance(one, Conversion) else one is not None for one in self.refs
        )

    def physical(self, raw: Samples) -> Physical:
        """Return physical values; texts are an Arrow array of strings, null where none is named.

        Raises an ``InputError`` if the conversion cannot be worked out.
        """
        try:
            return _KINDS[self.kind](self, raw)
        except (IndexError, KeyError, ValueError, ArithmeticError) as error:
            raise SchemaMismatch(f"its conversion cannot be worked out: {error}") from error

    def of_texts(self, texts: pa.Array) -> pa.Array:
        """Return what texts stand for (conversion types 9 and 10)."""
        if self.kind == TEXT_TO_VALUE:
            named = dict(zip(self.refs, self.values, strict=False))
            default = self.values[-1] if len(self.values) > len(self.refs) else None
            return pa.array([named.get(text, default) for text in texts.to_pylist()], pa.float64())
        pairs = dict(zip(self.refs[:-1:2], self.refs[1:-1:2], strict=False))
        other = self.refs[-1] if len(self.refs) % 2 else None
        said = [pairs.get(text, other) for text in texts.to_pylist()]
        plain = texts.to_pylist()
        kept = [own if new is None else new for own, new in zip(plain, said, strict=True)]
        return pa.array(kept, pa.string())


def read_conversion(blocks: Blocks, address: int, known: dict[int, Conversion | None]) -> Any:
    """Return the conversion at an address, None without one.

    ``known`` keeps those that were read.  Raises ``HostileInput`` for one that refers to itself.
    """
    return _read(blocks, address, known, ())


def _read(
    blocks: Blocks, address: int, known: dict[int, Conversion | None], above: tuple[int, ...]
) -> Conversion | None:
    if not address:
        return None
    if address in above or len(above) > MAX_DEPTH:
        raise HostileInput(f"the conversion at byte {address} refers to itself or is too deep")
    if address not in known:
        found = blocks.block(address, "CC", _VALUES_AT)
        known[address] = _conversion(blocks, found, known, above) if found else None
    return known[address]


def _conversion(
    blocks: Blocks, block: Block, known: dict[int, Conversion | None], above: tuple[int, ...]
) -> Conversion:
    kind = block.content[0]
    refs, values = struct.unpack_from("<HH", block.content, _COUNTS_AT)
    values = min(values, (len(block.content) - _VALUES_AT) // 8)
    refs = min(refs, max(len(block.links) - _FIRST_REF, 0))
    code = "Q" if kind == BITFIELD else "d"
    path = (*above, block.address)
    return Conversion(
        kind=kind,
        values=struct.unpack_from(f"<{values}{code}", block.content, _VALUES_AT),
        refs=tuple(
            _ref(blocks, at, known, path) for at in block.links[_FIRST_REF : _FIRST_REF + refs]
        ),
        unit=blocks.text(block.link(_UNIT)),
        name=blocks.text(block.link(_NAME)) if kind != ALGEBRAIC else "",
    )


def _ref(
    blocks: Blocks, address: int, known: dict[int, Conversion | None], path: tuple[int, ...]
) -> "str | Conversion | None":
    head = blocks.head(address) if address else None
    if head is None:
        return None
    if head.kind == "CC":
        return _read(blocks, address, known, path)
    return blocks.text(address)


def _needs(one: Conversion, count: int) -> None:
    if len(one.values) < count:
        raise SchemaMismatch(f"its conversion has {len(one.values)} of {count} numbers")


def _identity(one: Conversion, raw: Samples) -> Physical:  # noqa: ARG001 - same call for all
    return raw


def _linear(one: Conversion, raw: Samples) -> Physical:
    _needs(one, 2)
    offset, factor = one.values[:2]
    if (offset, factor) == (0, 1):
        return raw
    with np.errstate(all="ignore"):
        scaled: Samples = raw * factor
        if offset:
            scaled = scaled + offset
    return scaled


def _rational(one: Conversion, raw: Samples) -> Physical:
    _needs(one, 6)
    return arithmetic.rational(one.values, raw)


def _algebraic(one: Conversion, raw: Samples) -> Physical:
    (text,) = one.refs[:1] or ("",)
    return evaluate(text if isinstance(text, str) else "", raw)


def _pairs(one: Conversion) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    numbers = np.array(one.values[: len(one.values) // 2 * 2], np.float64).reshape(-1, 2)
    if not len(numbers):
        raise SchemaMismatch("its conversion cannot be worked out: the table is empty")
    if (np.diff(numbers[:, 0]) < 0).any():
        raise SchemaMismatch("its conversion cannot be worked out: the table is not in order")
    return numbers[:, 0], numbers[:, 1]


def _interpolated(one: Conversion, raw: Samples) -> Physical:
    keys, values = _pairs(one)
    found: Samples = np.interp(raw.reshape(-1), keys, values).reshape(raw.shape)
    return found


def _nearest(one: Conversion, raw: Samples) -> Physical:
    keys, values = _pairs(one)
    x = raw.astype(np.float64)
    above = np.minimum(np.searchsorted(keys, x), len(keys) - 1)
    below = np.maximum(above - 1, 0)
    is_lower = np.abs(x - keys[above]) >= np.abs(x - keys[below])
    found: Samples = np.where(is_lower, values[below], values[above])
    return found


def _ranges(one: Conversion, raw: Samples) -> Physical:
    _needs(one, 1)
    numbers = np.array(one.values, np.float64)
    rows = numbers[: (len(numbers) - 1) // 3 * 3].reshape(-1, 3)
    return arithmetic.ranges(rows, float(numbers[-1]), raw)


def _texts(one: Conversion, raw: Samples) -> Physical:
    keys = one.values
    places = {key: number for number, key in reversed(list(enumerate(keys)))}
    default = len(keys)

    def place(value: Any) -> int:
        return places.get(value, default)

    return _by_place(one, raw, place)


def _range_texts(one: Conversion, raw: Samples) -> Physical:
    ends = np.array(one.values[: len(one.values) // 2 * 2], np.float64).reshape(-1, 2)
    rows = np.column_stack([ends, np.arange(len(ends), dtype=np.float64)])

    def place(value: Any) -> int:
        return int(arithmetic.ranges(rows, len(rows), np.array([value], raw.dtype))[0])

    return _by_place(one, raw, place)


def _by_place(one: Conversion, raw: Samples, place: Callable[[Any], int]) -> Physical:
    """Return for each value what the reference at its place gives."""
    values, inverse = np.unique(raw.reshape(-1), return_inverse=True)
    said = [_said(one, place(value.item()), values[n : n + 1]) for n, value in enumerate(values)]
    if one.gives_text:
        texts = pa.array([None if text is None else str(text) for text in said], pa.string())
        return texts.take(pa.array(inverse.astype(np.int64)))
    numbers = np.array([np.nan if value is None else value for value in said], np.float64)
    return numbers[inverse].reshape(raw.shape)


def _said(one: Conversion, place: int, value: Samples) -> Any:
    ref = one.refs[place] if place < len(one.refs) else None
    if isinstance(ref, Conversion):
        physical = ref.physical(value)
        return physical[0].as_py() if isinstance(physical, pa.Array) else physical[0].item()
    if ref is None and not one.gives_text:
        return value[0].item()
    return ref or None


def _bitfield(one: Conversion, raw: Samples) -> Physical:
    """Return the texts of all masked parts, joined by ``|`` (cc_type 11 of MDF 4.2)."""
    values, inverse = np.unique(raw.reshape(-1), return_inverse=True)
    said = []
    for value in values:
        whole = int(value) & 0xFFFF_FFFF_FFFF_FFFF
        texts = [
            _bits(ref, whole & int(mask)) for mask, ref in zip(one.values, one.refs, strict=False)
        ]
        said.append("|".join(text for text in texts if text) or None)
    return pa.array(said, pa.string()).take(pa.array(inverse.astype(np.int64)))


def _bits(ref: "str | Conversion | None", bits: int) -> str | None:
    if not isinstance(ref, Conversion):
        return ref if bits else None
    physical = ref.physical(np.array([bits], np.uint64))
    value = physical[0].as_py() if isinstance(physical, pa.Array) else physical[0].item()
    if value is None:
        return None
    return f"{ref.name}={value}" if ref.name else str(value)


def _of_text(one: Conversion, raw: Samples) -> Physical:  # noqa: ARG001 - same call for all
    raise SchemaMismatch("its conversion is for texts and its values are numbers")


_KINDS: Mapping[int, Callable[[Conversion, Samples], Physical]] = {
    IDENTITY: _identity,
    LINEAR: _linear,
    RATIONAL: _rational,
    ALGEBRAIC: _algebraic,
    INTERPOLATED: _interpolated,
    NEAREST: _nearest,
    RANGES: _ranges,
    TEXTS: _texts,
    RANGE_TEXTS: _range_texts,
    TEXT_TO_VALUE: _of_text,
    TEXT_TO_TEXT: _of_text,
    BITFIELD: _bitfield,
}

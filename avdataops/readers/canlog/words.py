"""Words of many lines at once: places in one buffer, and the numbers that they are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avdataops.model.time import NS_PER_S
from avdataops.readers.canlog.found import Bytes, Mask, Places

_PAD = bytes(256)
"""Follows the text, so that looking a little past a word stays inside the buffer."""
_BLANK, _NEWLINE, _POINT = 0x20, 0x0A, 0x2E
_CASE = 0x20
_HEX = 16
_MAX_SECONDS = 9_000_000_000
"""So that ns fit into 64 bits: the year 2255."""
_MAX_FRACTION = 9


def _digit_values() -> Bytes:
    values = np.full(256, 255, dtype=np.uint8)
    for value, digit in enumerate(b"0123456789abcdef"):
        values[digit] = value
    values[list(b"ABCDEF")] = range(10, 16)
    return values


DIGITS = _digit_values()
"""Value of each hexadecimal digit by its byte; 255 for all other bytes."""


@dataclass(frozen=True, slots=True)
class Words:
    """Some words, each a stretch of ``text``; an empty one stands for a word that is not there."""

    text: Bytes
    start: Places
    stop: Places

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.start)

    @property
    def length(self) -> Places:
        """Bytes of each word."""
        return self.stop - self.start

    def take(self, which: npt.NDArray[np.generic]) -> "Words":
        """Return some words, by mask or by number."""
        return Words(self.text, self.start[which], self.stop[which])

    def between(self, start: Places, stop: Places) -> "Words":
        """Return other stretches of the same text."""
        return Words(self.text, start, np.maximum(start, stop))

    def at(self, offset: Places | int) -> Bytes:
        """Return the byte of each word ``offset`` bytes from its start."""
        return np.asarray(self.text[self.start + offset], dtype=np.uint8)

    def bytes_of(self, number: int) -> bytes:
        """Return one word."""
        return self.text[self.start[number] : self.stop[number]].tobytes()


@dataclass(frozen=True, slots=True)
class Lines:
    """All words of some lines."""

    words: Words
    first: Places
    """Number of the first word of each line."""
    count: Places
    """Words of each line."""

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.first)

    def word(self, number: Places | int, lines: Places | None = None) -> Words:
        """Return word ``number`` of each line, from 0; of some ``lines`` if they are given."""
        first = self.first if lines is None else self.first[lines]
        count = self.count if lines is None else self.count[lines]
        number = np.broadcast_to(np.asarray(number, dtype=np.int64), first.shape)
        is_there = (number >= 0) & (number < count)
        if not is_there.any():
            none = np.zeros(len(first), dtype=np.int64)
            return Words(self.words.text, none, none)
        place = np.where(is_there, first + number, 0)
        start = np.where(is_there, self.words.start[place], 0)
        return Words(self.words.text, start, np.where(is_there, self.words.stop[place], 0))


def split_words(text: bytes) -> Lines:
    """Return the words of ended lines; everything up to the space in ASCII parts them."""
    padded = np.frombuffer(text + _PAD, dtype=np.uint8)
    is_word = padded > _BLANK
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    if is_word[0]:
        edges = np.concatenate([np.zeros(1, dtype=np.int64), edges])
    words = Words(padded, edges[0::2], edges[1::2])
    ends = np.flatnonzero(padded[: len(text)] == _NEWLINE)
    after = np.searchsorted(words.start, ends)
    first = np.concatenate([np.zeros(1, dtype=np.int64), after])[:-1]
    return Lines(words, first, after - first)


def integers(words: Words, base: int, max_digits: int) -> tuple[Places, Mask]:
    """Return the numbers that words are, and which words are one of 1 to ``max_digits`` digits."""
    length = words.length
    good = (length > 0) & (length <= max_digits)
    value = np.zeros(len(words), dtype=np.int64)
    longest = int(length[good].max(initial=0))
    for place in range(longest):
        here = good & (length > place)
        digit = DIGITS[words.text[np.where(here, words.stop - 1 - place, 0)]]
        good &= ~here | (digit < base)
        value += np.where(here & good, digit.astype(np.int64) * base**place, 0)
    return value, good


def nanoseconds(words: Words) -> tuple[Places, Mask]:
    """Return the decimal seconds that words are as ns, and which words are ``123.456789``.

    There must be a point, and 1 to 9 digits behind it; all of them count.
    """
    point = _first(words, _POINT)
    whole, has_whole = integers(words.between(words.start, point), 10, 10)
    behind = words.between(point + 1, words.stop)
    fraction, has_fraction = integers(behind, 10, _MAX_FRACTION)
    scale = 10 ** np.clip(_MAX_FRACTION - behind.length, 0, _MAX_FRACTION)
    good = has_whole & has_fraction & (whole <= _MAX_SECONDS)
    return np.where(good, whole * NS_PER_S + fraction * scale, 0), good


def _first(words: Words, byte: int) -> Places:
    """Return where each word has its first such byte, its end if it has none."""
    places = np.append(np.flatnonzero(words.text == byte), len(words.text))
    found = places[np.searchsorted(places, words.start)]
    return np.asarray(np.minimum(found, words.stop), dtype=np.int64)


def first_mark(words: Words, mark: str) -> Places:
    """Return where each word has its first ``mark``, an ASCII character, or its end."""
    return _first(words, ord(mark))


def equals(words: Words, letters: str) -> Mask:
    """Say which words are ``letters``, upper and lower case alike."""
    wanted = letters.lower().encode()
    same: Mask = np.asarray(words.length == len(wanted), dtype=np.bool_)
    for place, letter in enumerate(wanted):
        byte = words.text[np.where(same, words.start + place, 0)]
        same &= (byte | _CASE if chr(letter).isalpha() else byte) == letter
    return same


def hex_bytes(words: Words, width: int) -> tuple[Bytes, Mask]:
    """Return the bytes that words spell with two digits each, at most ``width``, and which do.

    Bytes: one row per word, ``width`` columns, zero behind the end.
    """
    length = words.length
    good = (length % 2 == 0) & (length <= 2 * width)
    data = np.zeros((len(words), width), dtype=np.uint8)
    longest = int(length[good].max(initial=0)) // 2
    for column in range(longest):
        here = good & (length > 2 * column)
        at = np.where(here, words.start + 2 * column, 0)
        high, low = DIGITS[words.text[at]], DIGITS[words.text[at + 1]]
        good &= ~here | ((high < _HEX) & (low < _HEX))
        data[:, column] = np.where(here & good, (high << 4) | (low & 15), 0)
    return data, good

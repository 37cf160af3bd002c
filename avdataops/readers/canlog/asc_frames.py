"""Frames in lines of an ASC log, many lines at once."""

from dataclasses import dataclass

import numpy as np

from avdataops.readers.canlog.dlc import CLASSIC_BYTES, FD_BYTES, LENGTHS
from avdataops.readers.canlog.found import Bytes, Found, Mask, Places
from avdataops.readers.canlog.log import DATA, ERROR, REMOTE
from avdataops.readers.canlog.words import Lines, Words, equals, integers

_HEX, _DECIMAL = 16, 10
_ID_DIGITS = {_HEX: 8, _DECIMAL: 9}
_BYTE_DIGITS = {_HEX: 2, _DECIMAL: 3}
_CHANNEL_DIGITS = 3
_MAX_STANDARD, _MAX_EXTENDED, _MAX_BYTE = (1 << 11) - 1, (1 << 29) - 1, 255
_REMOTE_FLAG = 0x10
"""Of the flags behind the data of a CANFD event."""


@dataclass(frozen=True, slots=True)
class _Ids:
    id: Places
    extended: Mask
    good: Mask


def classic_frames(lines: Lines, rows: Places, base: int) -> Found:
    """Return what is a frame among ``rows``: ``<time> <channel> <id> Rx|Tx d <dlc> <bytes>``.

    ``r`` in place of ``d`` is a remote frame, and ``ErrorFrame`` in place of the id an error.
    """
    rows = rows[_is_classic(lines, rows, base)]
    channel, good = integers(lines.word(1, rows), _DECIMAL, _CHANNEL_DIGITS)
    is_error = equals(lines.word(2, rows), "ErrorFrame")
    ids = _ids(lines.word(2, rows), base)
    sent, is_said = _directions(lines.word(3, rows))
    is_data, is_remote = equals(lines.word(4, rows), "d"), equals(lines.word(4, rows), "r")
    dlc, has_dlc = _code(lines.word(5, rows))
    limit = np.where(is_data, FD_BYTES, 0)
    data, count = _bytes(lines, rows, np.full(len(rows), 6), limit, base)
    # Some converters write CAN FD like this; a classic frame may say a DLC over 8 and has 8 bytes.
    fits = (count == LENGTHS[dlc]) | ((dlc > CLASSIC_BYTES) & (count == CLASSIC_BYTES))
    is_frame = ids.good & is_said & (is_remote | (is_data & has_dlc & fits))
    return Found(
        place=rows,
        good=good & (is_error | is_frame),
        kind=_kind(is_error, is_remote),
        channel=channel,
        sent=sent,
        id=ids.id,
        extended=ids.extended,
        dlc=dlc,
        length=count,
        data=data,
    )


def fd_frames(lines: Lines, rows: Places, base: int) -> Found:
    """Return what is a frame among ``rows``.

    ``<time> CANFD <channel> Rx|Tx <id> [<name>] <brs> <esi> <dlc> <n> <n bytes> <duration>
    <length> <flags> ...``; the name of the message may lack.
    """
    rows = rows[~equals(lines.word(3, rows), "TxRq")]
    channel, good = integers(lines.word(2, rows), _DECIMAL, _CHANNEL_DIGITS)
    sent, is_said = _directions(lines.word(3, rows))
    is_error = equals(lines.word(3, rows), "ErrorFrame") | equals(lines.word(4, rows), "ErrorFrame")
    ids = _ids(lines.word(4, rows), base)
    at = np.where(_is_bit(lines.word(5, rows)), 5, 6)
    dlc, has_dlc = _code(lines.word(at + 2, rows))
    said, has_said = integers(lines.word(at + 3, rows), _DECIMAL, 2)
    limit = np.where(is_error, 0, np.minimum(said, FD_BYTES))
    data, count = _bytes(lines, rows, at + 4, limit, base)
    flags, _ = integers(lines.word(at + 6 + said, rows), _HEX, 8)
    is_remote = ((said == 0) & (dlc > 0)) | (flags & _REMOTE_FLAG != 0)
    has_bits = _is_bit(lines.word(at, rows)) & _is_bit(lines.word(at + 1, rows))
    is_frame = ids.good & is_said & has_bits & has_dlc & has_said & (count == said)
    return Found(
        place=rows,
        good=good & (is_error | is_frame),
        kind=_kind(is_error, is_remote),
        channel=channel,
        sent=sent,
        id=ids.id,
        extended=ids.extended,
        dlc=dlc,
        length=count,
        data=data,
    )


def _is_classic(lines: Lines, rows: Places, base: int) -> Mask:
    """Say which events are frames or damaged ones, not statistics or requests to send."""
    name, way = lines.word(2, rows), lines.word(3, rows)
    _, is_said = _directions(way)
    has_id = _ids(name, base).good & ~equals(way, "TxRq")
    return is_said | has_id | equals(name, "ErrorFrame")


def _ids(words: Words, base: int) -> _Ids:
    extended = equals(words.between(words.stop - 1, words.stop), "x") & (words.length > 0)
    digits = words.between(words.start, words.stop - extended)
    number, good = integers(digits, base, _ID_DIGITS[base])
    good &= number <= np.where(extended, _MAX_EXTENDED, _MAX_STANDARD)
    return _Ids(number, extended, good)


def _directions(words: Words) -> tuple[Mask, Mask]:
    """Return which frames were sent, and of which the direction is said."""
    sent = equals(words, "Tx")
    return sent, sent | equals(words, "Rx")


def _is_bit(words: Words) -> Mask:
    return equals(words, "0") | equals(words, "1")


def _code(words: Words) -> tuple[Places, Mask]:
    """Return data length codes: a hexadecimal digit, or 10 to 15 as some tools write them."""
    digit, is_digit = integers(words, _HEX, 1)
    number, is_number = integers(words, _DECIMAL, 2)
    code = np.where(is_digit, digit, number)
    good = (is_digit | is_number) & (code < len(LENGTHS))
    return np.where(good, code, 0), good


def _bytes(
    lines: Lines, rows: Places, first: Places, limit: Places, base: int
) -> tuple[Bytes, Places]:
    """Return the bytes that stand from word ``first`` on, and how many there are before another.

    Of each line at most ``limit`` are read.
    """
    data = np.zeros((len(rows), FD_BYTES), dtype=np.uint8)
    count = np.zeros(len(rows), dtype=np.int64)
    going = np.flatnonzero(limit > 0)
    for column in range(FD_BYTES):
        if not len(going):
            break
        words = lines.word(first[going] + column, rows[going])
        value, good = integers(words, base, _BYTE_DIGITS[base])
        good &= (value <= _MAX_BYTE) & ((words.length == _BYTE_DIGITS[_HEX]) | (base == _DECIMAL))
        data[going[good], column] = value[good]
        count[going[good]] += 1
        going = going[good & (limit[going] > column + 1)]
    return data[:, : max(CLASSIC_BYTES, int(count.max(initial=0)))], count


def _kind(is_error: Mask, is_remote: Mask) -> Bytes:
    return np.select([is_error, is_remote], [ERROR, REMOTE], DATA).astype(np.uint8)

"""The head of an ASC log: start of the measurement, base of its numbers, kind of its times."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import NS_PER_S
from avdataops.ports.files import ReadableFile

HEAD_BYTES = 64 << 10
_CLOCK = re.compile(
    r"\b(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(?:\s*([ap])\.?m\b)?", re.IGNORECASE
)
_YEAR = re.compile(r"(?<![\d.:])(\d{4})(?!\d)")
_DAY = re.compile(r"(?<!\d)(\d{1,2})(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_MONTHS = "jan jän,feb,mar mär mrz,apr,may mai,jun,jul,aug,sep,oct okt,nov,dec dez"
"""First three letters in English and German, the languages that loggers write."""
_NOON = 12
_FIRST_YEAR, _LAST_YEAR = 1970, 2149


@dataclass(frozen=True, slots=True, kw_only=True)
class AscHeader:
    """What the first lines say."""

    start_ns: int | None
    """Start of the measurement as a clock without a zone shows it, taken for UTC."""
    base: int
    """Of identifiers and data."""
    is_relative: bool
    """Times count from the event before, not from the start."""


def read_header(file: ReadableFile) -> AscHeader:
    """Return what the head of an ASC log says; numbers are hexadecimal if it does not.

    A trigger block whose first event is the start of the measurement has the date of that event,
    which then counts more than the file's own date.  Raises ``UnreadableFile`` without a whole
    line.
    """
    head = file.read_at(0, HEAD_BYTES)
    lines = [_text(line) for line in head.split(b"\n")[:-1]]
    if not lines:
        raise UnreadableFile(f"{file.name} breaks off in its first line")
    date = lines[0].lstrip("\ufeff \t").partition(" ")[2]
    base, is_relative = 16, False
    for number, line in enumerate(lines):
        words = line.lower().split()
        if words[:1] == ["base"]:
            base = 10 if "dec" in words else 16
            is_relative = "relative" in words
        elif words[:2] == ["begin", "triggerblock"]:
            after = lines[number + 1].lower() if number + 1 < len(lines) else ""
            if "start of measurement" in after and parse_date(line) is not None:
                date = line
            break
    return AscHeader(start_ns=parse_date(date), base=base, is_relative=is_relative)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def parse_date(text: str) -> int | None:
    """Return ns since the epoch of ``Fri Feb 14 08:51:20.123 am 2020``, taken for UTC.

    The order does not matter, am or pm and the fraction may lack, month names are English or
    German.  None for other texts and other centuries.
    """
    clock = _CLOCK.search(text)
    rest = text[: clock.start()] + " " + text[clock.end() :] if clock else text
    year, day = _YEAR.search(rest), _DAY.search(_YEAR.sub(" ", rest))
    # The weekday comes first and may look like a month: "Mar" is Tuesday elsewhere.
    months = [_month(word) for word in _WORD.findall(rest.lower())]
    month = next((found for found in reversed(months) if found), None)
    if clock is None or year is None or day is None or month is None:
        return None
    if not _FIRST_YEAR <= int(year[1]) <= _LAST_YEAR:
        return None
    hour = int(clock[1])
    if clock[5] and 1 <= hour <= _NOON:
        hour = hour % _NOON + (_NOON if clock[5].lower() == "p" else 0)
    try:
        moment = datetime(
            int(year[1]), month, int(day[1]), hour, int(clock[2]), int(clock[3]), tzinfo=UTC
        )
    except ValueError:
        return None
    return int(moment.timestamp()) * NS_PER_S + int((clock[4] or "").ljust(9, "0"))


def _month(word: str) -> int | None:
    numbers = enumerate(_MONTHS.split(","), 1)
    return next((number for number, names in numbers if word[:3] in names.split()), None)

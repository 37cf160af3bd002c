"""Time as everything here means it: int64 nanoseconds since the Unix epoch, UTC, half-open."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from avdataops.model.errors import InputError

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
NS_PER_US = 1_000

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?"
)
_RELATIVE = re.compile(r"\+(\d{1,12})(?:\.(\d{1,9}))?s?")
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class TimeRange:
    """A stretch of time: ``start_ns <= t < stop_ns``.

    >>> av.TimeRange(0, 1_500_000_000).duration_s
    1.5
    """

    start_ns: int
    stop_ns: int

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        if self.stop_ns < self.start_ns:
            raise InputError(f"time range ends at {self.stop_ns}, before it starts {self.start_ns}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return (self.stop_ns - self.start_ns) / NS_PER_S

    def overlaps(self, other: "TimeRange") -> bool:
        """Say whether the two share at least one instant."""
        return self.start_ns < other.stop_ns and other.start_ns < self.stop_ns

    def union(self, other: "TimeRange") -> "TimeRange":
        """Return the shortest range that holds both."""
        return TimeRange(min(self.start_ns, other.start_ns), max(self.stop_ns, other.stop_ns))


def parse_time(text: str, origin_ns: int | None = None) -> int:
    """Return ns since the epoch for RFC 3339, integer ns, or ``+12.5s`` after ``origin_ns``.

    A stamp without a zone is UTC.  All nine digits of a fraction count.  Raises ``InputError``.

    >>> av.parse_time("2026-10-14T16:58:22Z")
    1791997102000000000
    """
    text = text.strip()
    shown = ascii(text[:60])
    value = _time_of(text, shown, origin_ns)
    if not -_INT64_MAX - 1 <= value <= _INT64_MAX:
        raise InputError(f"time {shown} does not fit into 64 bits of nanoseconds")
    return value


def _time_of(text: str, shown: str, origin_ns: int | None) -> int:
    if re.fullmatch(r"-?[0-9]{1,19}", text):
        return int(text)
    relative = _RELATIVE.fullmatch(text)
    if relative:
        if origin_ns is None:
            raise InputError(
                f"{shown} counts from the start of a measurement, and none was named",
                hint="add --measurement ID, or give the time as RFC 3339",
            )
        return origin_ns + int(relative[1]) * NS_PER_S + _fraction_ns(relative[2])
    stamp = _RFC3339.fullmatch(text)
    if not stamp:
        raise InputError(
            f"{shown} is not a time; give RFC 3339 (2026-11-20T17:03:04.5Z), integer ns or +12.5s"
        )
    zone = (stamp[4] or "Z").upper().replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}{zone}")
    except ValueError as error:
        raise InputError(f"{shown} is not a time: {error}") from error
    # Whole seconds are exact in a float; the fraction is added as an integer.
    return int(moment.timestamp()) * NS_PER_S + _fraction_ns(stamp[3])


def _fraction_ns(digits: str | None) -> int:
    return int((digits or "").ljust(9, "0") or "0")


def format_time(t_ns: int) -> str:
    """Return RFC 3339 in UTC with as many digits as the value needs (none, 3, 6 or 9)."""
    seconds, ns = divmod(t_ns, NS_PER_S)
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if not ns:
        return f"{stamp}Z"
    digits = f"{ns:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{stamp}.{digits}Z"

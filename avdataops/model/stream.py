"""What a recording holds: streams, attachments and the problems found in it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One named, timestamped source inside a recording.

    Child streams hold the list elements of their parent's messages: one row per element, with
    the parent's ``t_ns`` and ``row``; they have no messages of their own (``parent`` is set).
    """

    name: str
    """Unique in the recording; for ROS the topic, for MDF the group or CAN message."""
    topic: str
    """The name that the recording uses; equals ``name`` unless two streams share it."""
    type: str
    """Message type, channel-group kind or ``can/<message>``."""
    rows: int | None
    """Messages by the recording's own index; None if it has none or it is damaged."""
    start_ns: int | None = None
    stop_ns: int | None = None
    """Half-open time of its messages on the recorder's clock, None if not known yet."""
    parent: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    """Extra facts: encoding, bus, frame, CAN id."""

    @property
    def rate_hz(self) -> float | None:
        """Mean rate, None when rows or times are unknown or there is no span."""
        if not self.rows or self.rows < 2 or self.start_ns is None or self.stop_ns is None:  # noqa: PLR2004 - a rate needs two messages
            return None
        span_ns = self.stop_ns - 1 - self.start_ns
        return (self.rows - 1) * 1e9 / span_ns if span_ns > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a recording that did not stop its reading."""

    code: str
    """Stable word: truncated, bad_crc, no_definition, unordered, decode_failed, …"""
    message: str
    """One sentence with the place: byte offset, chunk, stream."""
    stream: str | None = None
    lost_rows: int | None = None
    """Messages that did not come out because of it; None if they cannot be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Conservation of rows: ``rows_in == rows_out + sum(dropped)`` wherever rows_in is known."""

    stream: str
    rows_in: int | None
    rows_out: int
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason -> rows."""

    @property
    def balanced(self) -> bool:
        """Say whether nothing is missing without a reason (True if the source had no count)."""
        return self.rows_in is None or self.rows_in == self.rows_out + sum(self.dropped.values())

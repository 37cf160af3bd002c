"""DBC texts to message descriptions that can be decoded in bulk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from avdataops.model.errors import HostileInput, UnreadableFile

MAX_DBC_BYTES = 16 << 20
_ENCODINGS = ("utf-8-sig", "cp1252")
_PDU2_FIRST = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal of a message."""

    name: str
    start: int
    """Start bit as the DBC numbers it: least significant for Intel, most for Motorola."""
    bits: int
    is_motorola: bool
    is_signed: bool
    is_float: bool
    factor: float
    offset: float
    unit: str | None
    labels: Mapping[int, str] = field(default_factory=dict)
    """Texts of raw values."""
    selector: str | None = None
    """Multiplexer signal that decides whether this one is in a frame."""
    selector_values: tuple[int, ...] = ()

    @property
    def last_byte(self) -> int:
        """Number of the last byte that the signal touches."""
        if not self.is_motorola:
            return (self.start + self.bits - 1) // 8
        most = 8 * (self.start // 8) + 7 - self.start % 8
        return (most + self.bits - 1) // 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a DBC."""

    name: str
    id: int
    extended: bool
    is_j1939: bool
    signals: tuple[Signal, ...]
    dbc: str
    """Name of the file it is from."""
    length: int = 8
    """Bytes by the DBC."""
    bus: str = "CAN"
    """Kind of bus that the DBC is for: CAN or LIN."""
    is_fd: bool = False


def load_dbc(name: str, text: bytes) -> tuple[Message, ...]:
    """Return the messages of a DBC.

    Overlapping or overlong signals are taken as they are.  Raises ``UnreadableFile`` for a text
    that is no DBC, and ``HostileInput`` for one over 16 MB.
    """
    if len(text) > MAX_DBC_BYTES:
        raise HostileInput(f"{name} has {len(text)} bytes; a DBC may have {MAX_DBC_BYTES}")
    import cantools

    try:
        database: Any = cantools.database.load_string(_decode(text), "dbc", strict=False)
    except Exception as error:
        # The parser raises what its grammar and its dictionaries happen to raise.
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UnreadableFile(f"{name} cannot be read as a DBC: {first}") from error
    bus = _bus(database)
    return tuple(_message(name, message, bus) for message in database.messages)


def _bus(database: Any) -> str:
    """Return the kind of bus by the attribute that Vector's tools write."""
    attributes = getattr(database.dbc, "attributes", None) or {}
    value = str(getattr(attributes.get("BusType"), "value", ""))
    return "LIN" if value.upper().startswith("LIN") else "CAN"


def _decode(text: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            continue
    return text.decode("latin-1")


def _message(dbc: str, message: Any, bus: str) -> Message:
    return Message(
        name=message.name,
        id=message.frame_id,
        extended=message.is_extended_frame,
        is_j1939=message.protocol == "j1939",
        signals=tuple(_signal(signal) for signal in message.signals),
        dbc=dbc,
        length=message.length,
        is_fd=bool(message.is_fd),
        bus=bus,
    )


def _signal(signal: Any) -> Signal:
    choices = signal.choices or {}
    return Signal(
        name=signal.name,
        start=signal.start,
        bits=signal.length,
        is_motorola=signal.byte_order == "big_endian",
        is_signed=signal.is_signed,
        is_float=signal.is_float,
        factor=float(signal.scale),
        offset=float(signal.offset),
        unit=signal.unit or None,
        labels={int(value): str(label) for value, label in choices.items()},
        selector=signal.multiplexer_signal,
        selector_values=tuple(signal.multiplexer_ids or ()),
    )


def parameter_group(frame_id: int) -> int:
    """Return the J1939 parameter group number of a 29-bit id (SAE J1939-21, 5.2).

    The destination address in the second byte of a PDU1 format is not part of it.
    """
    group = (frame_id >> 8) & 0x3FFFF
    is_addressed = (group >> 8) & 0xFF < _PDU2_FIRST
    return group & 0x3FF00 if is_addressed else group


@dataclass(frozen=True, slots=True)
class Match:
    """The messages of several DBCs, by what frames they are in."""

    exact: Mapping[tuple[int, bool], Message]
    groups: Mapping[int, Message]
    """By J1939 parameter group."""
    shadowed: Mapping[tuple[int, bool], tuple[Message, ...]]
    """Messages of later DBCs under an id that an earlier one has."""

    def find(self, frame_id: int, *, extended: bool) -> Message | None:
        """Return the message of a frame: by its id, else by its J1939 parameter group."""
        found = self.exact.get((frame_id, extended))
        if found is None and extended:
            found = self.groups.get(parameter_group(frame_id))
        return found


def match_messages(databases: Sequence[Sequence[Message]]) -> Match:
    """Index messages; where DBCs share an id, the first one counts."""
    exact: dict[tuple[int, bool], Message] = {}
    groups: dict[int, Message] = {}
    shadowed: dict[tuple[int, bool], tuple[Message, ...]] = {}
    for messages in databases:
        for message in messages:
            key = (message.id, message.extended)
            if exact.setdefault(key, message) is not message:
                shadowed[key] = (*shadowed.get(key, ()), message)
            elif message.is_j1939 and message.extended:
                groups.setdefault(parameter_group(message.id), message)
    return Match(exact, groups, shadowed)

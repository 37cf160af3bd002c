"""AUTOSAR system descriptions (ARXML) to message descriptions, through canmatrix."""

import io
from collections.abc import Mapping
from typing import Any

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.readers.can.dbc import MAX_DBC_BYTES, Message, Signal

_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")


def load_arxml(name: str, text: bytes) -> tuple[Message, ...]:
    """Return the messages of an ARXML, those of all its clusters.

    Raises ``UnreadableFile`` for a text that is none, and ``HostileInput`` for one over 16 MB or
    with declarations of its own, which no tool writes and which entities could be hidden in.
    """
    if len(text) > MAX_DBC_BYTES:
        raise HostileInput(f"{name} has {len(text)} bytes; an ARXML may have {MAX_DBC_BYTES}")
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in text[:200]:
        raise UnreadableFile(f"{name} is not in UTF-8, as ARXML is")
    if any(one in text for one in _DECLARATIONS):
        raise HostileInput(f"{name} declares a document type or entities; an ARXML has none")
    import canmatrix.formats

    try:
        clusters: Mapping[str, Any] = canmatrix.formats.load(io.BytesIO(text), "arxml")
        found = [_message(name, frame) for cluster in clusters.values() for frame in cluster.frames]
    except Exception as error:
        # The parser raises what its look-ups happen to raise.
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UnreadableFile(f"{name} cannot be read as an ARXML: {first}") from error
    if not found:
        raise UnreadableFile(f"{name} describes no frame of a bus")
    return tuple(found)


def _message(name: str, frame: Any) -> Message:
    return Message(
        name=frame.name,
        id=int(frame.arbitration_id.id),
        extended=bool(frame.arbitration_id.extended),
        is_j1939=bool(frame.is_j1939),
        signals=tuple(_signal(signal) for signal in frame.signals),
        dbc=name,
        length=int(frame.size),
        is_fd=bool(frame.is_fd),
    )


def _signal(signal: Any) -> Signal:
    multiplexed = signal.mux_val is not None and not signal.is_multiplexer
    return Signal(
        name=signal.name,
        start=int(signal.get_startbit(bit_numbering=1)),
        bits=int(signal.size),
        is_motorola=not signal.is_little_endian,
        is_signed=bool(signal.is_signed),
        is_float=bool(signal.is_float),
        factor=float(signal.factor),
        offset=float(signal.offset),
        unit=signal.unit or None,
        labels={int(value): str(label) for value, label in signal.values.items()},
        selector=signal.muxer_for_signal if multiplexed else None,
        selector_values=(int(signal.mux_val),) if multiplexed else (),
    )

"""The frames on the vehicle's CAN bus: one table that makes both the DBC text and the payloads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_data.noise import Floats


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal as a DBC describes it: ``physical = raw * factor + offset``."""

    name: str
    start: int
    """Start bit in DBC numbering: least significant bit for Intel, most for Motorola."""
    length: int
    unit: str
    factor: float = 1.0
    offset: float = 0.0
    signed: bool = False
    motorola: bool = False
    page: int | None = None
    """Multiplexer value for which the signal is present."""
    multiplexer: bool = False
    values: tuple[str, ...] = ()
    """Texts of the raw values 0, 1, 2, ..."""

    @property
    def raw_range(self) -> tuple[int, int]:
        """Smallest and largest raw value."""
        if self.signed:
            return -(1 << (self.length - 1)), (1 << (self.length - 1)) - 1
        return 0, (1 << self.length) - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One CAN message of eight bytes or less."""

    identifier: int
    name: str
    size: int
    rate_hz: float
    signals: tuple[Signal, ...]


def _big(name: str, start: int, unit: str, factor: float) -> Signal:
    return Signal(name, start, 16, unit, factor, signed=True, motorola=True)


FRAMES = (
    Frame(
        0x100,
        "VehicleDynamics",
        8,
        50.0,
        (
            _big("VehicleSpeed", 7, "km/h", 0.01),
            _big("YawRate", 23, "deg/s", 0.01),
            _big("LongAcceleration", 39, "m/s2", 0.002),
            _big("LatAcceleration", 55, "m/s2", 0.002),
        ),
    ),
    Frame(
        0x101,
        "WheelSpeeds",
        8,
        50.0,
        tuple(
            Signal(f"WheelSpeed{corner}", 16 * index, 16, "km/h", 0.01)
            for index, corner in enumerate(("FL", "FR", "RL", "RR"))
        ),
    ),
    Frame(
        0x102,
        "Steering",
        4,
        50.0,
        (Signal("SteeringAngle", 0, 16, "deg", 0.1, signed=True),),
    ),
    Frame(
        0x110,
        "LaneLines",
        8,
        20.0,
        (
            Signal("LeftC0", 0, 14, "m", 0.002, signed=True),
            Signal("LeftC1", 14, 14, "rad", 0.0001, signed=True),
            Signal("LeftQuality", 28, 3, ""),
            Signal("RightC0", 32, 14, "m", 0.002, signed=True),
            Signal("RightC1", 46, 14, "rad", 0.0001, signed=True),
            Signal("RightQuality", 60, 3, ""),
        ),
    ),
    Frame(
        0x120,
        "Body",
        4,
        10.0,
        (
            Signal("Gear", 0, 3, "", values=("P", "R", "N", "D")),
            Signal("TurnIndicator", 3, 2, "", values=("Off", "Left", "Right", "Both")),
            Signal("WiperStatus", 5, 2, "", values=("Off", "Slow", "Fast")),
            Signal("BrakePedal", 7, 1, "", values=("Released", "Pressed")),
            Signal("AmbientTemperature", 8, 8, "degC", 0.5, -40.0),
        ),
    ),
    Frame(
        0x130,
        "Powertrain",
        6,
        20.0,
        (
            Signal("Mux", 0, 4, "", multiplexer=True),
            Signal("EngineSpeed", 8, 16, "rpm", 0.25, page=0),
            Signal("EngineTorque", 24, 16, "Nm", 0.5, signed=True, page=0),
            Signal("BatteryVoltage", 8, 16, "V", 0.01, page=1),
            Signal("CoolantTemperature", 24, 8, "degC", 1.0, -40.0, page=1),
        ),
    ),
)


def dbc_text() -> str:
    """Return the database of all frames as a DBC file."""
    lines = ['VERSION "1.0"', "", "NS_ :", "", "BS_:", "", "BU_: Gateway Logger", ""]
    for frame in FRAMES:
        lines.append(f"BO_ {frame.identifier} {frame.name}: {frame.size} Gateway")
        lines.extend(_signal_line(signal) for signal in frame.signals)
        lines.append("")
    lines.append('BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;')
    lines.append('BA_DEF_DEF_ "GenMsgCycleTime" 0;')
    lines.extend(
        f'BA_ "GenMsgCycleTime" BO_ {frame.identifier} {round(1000.0 / frame.rate_hz)};'
        for frame in FRAMES
    )
    for frame in FRAMES:
        for signal in frame.signals:
            if signal.values:
                texts = " ".join(f'{raw} "{text}"' for raw, text in enumerate(signal.values))
                lines.append(f"VAL_ {frame.identifier} {signal.name} {texts} ;")
    return "\n".join(lines) + "\n"


def _signal_line(signal: Signal) -> str:
    mark = " M" if signal.multiplexer else "" if signal.page is None else f" m{signal.page}"
    layout = f"{signal.start}|{signal.length}@{0 if signal.motorola else 1}"
    low, high = (raw * signal.factor + signal.offset for raw in signal.raw_range)
    return (
        f" SG_ {signal.name}{mark} : {layout}{'-' if signal.signed else '+'}"
        f" ({signal.factor:g},{signal.offset:g}) [{low:g}|{high:g}]"
        f' "{signal.unit}" Logger'
    )


def pack(frame: Frame, values: Mapping[str, Floats]) -> NDArray[np.uint8]:
    """Return payloads of shape ``(n, 8)`` for physical values of shape ``(n,)`` per signal.

    Values are rounded to the raw step and clipped to the raw range. Signals of a page are placed
    only where the multiplexer has that page; bytes beyond the frame's size stay zero.
    """
    count = next(iter(values.values())).size
    little, big = np.zeros(count, dtype="<u8"), np.zeros(count, dtype=">u8")
    pages = next((values[s.name] for s in frame.signals if s.multiplexer), np.zeros(count))
    for signal in frame.signals:
        raw = np.rint((values[signal.name] - signal.offset) / signal.factor)
        bits = np.clip(raw, *signal.raw_range).astype(np.int64).astype(np.uint64)
        bits &= np.uint64((1 << signal.length) - 1)
        if signal.page is not None:
            bits = np.where(pages == signal.page, bits, np.uint64(0))
        if signal.motorola:
            from_top = 8 * (signal.start // 8) + 7 - signal.start % 8
            big |= bits << np.uint64(64 - from_top - signal.length)
        else:
            little |= bits << np.uint64(signal.start)
    return little.view(np.uint8).reshape(count, 8) | big.view(np.uint8).reshape(count, 8)

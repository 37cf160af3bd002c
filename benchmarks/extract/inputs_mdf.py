"""The MDF recordings that are timed: made from a seed, written by asammdf.

``measured`` is 200 groups of 10 channels at 100 Hz; ``bus`` is 3,000,000 CAN frames of 40 messages
with 8 signals each, half of them Motorola, with the DBC that decodes them beside it.
"""

from pathlib import Path
from typing import Any

import numpy as np
from asammdf import MDF, Signal
from asammdf.blocks.source_utils import Source
from asammdf.blocks.v4_constants import BUS_TYPE_CAN, SOURCE_BUS

GROUPS, CHANNELS, ROWS = 200, 10, 25_000
FRAMES, MESSAGES, SIGNALS = 3_000_000, 40, 8
PLAIN, DEFLATE, TRANSPOSED = range(3)
"""Compressions of asammdf."""
_FRAME = np.dtype(
    [
        ("CAN_DataFrame.BusChannel", "u1"),
        ("CAN_DataFrame.ID", "<u4"),
        ("CAN_DataFrame.IDE", "u1"),
        ("CAN_DataFrame.DLC", "u1"),
        ("CAN_DataFrame.DataLength", "u1"),
        ("CAN_DataFrame.DataBytes", "(8,)u1"),
        ("CAN_DataFrame.Dir", "u1"),
    ]
)
Values = np.ndarray[Any, np.dtype[Any]]


def write_measured(compression: int, path: Path, share: float) -> None:
    """Write the share of the measured recording that is asked for."""
    rng = np.random.default_rng(1)
    rows = max(int(ROWS * share), 10)
    seconds = np.arange(rows) * 0.01
    mdf: Any = MDF(version="4.10")
    for group in range(GROUPS):
        signals = [
            _channel(rng, rows, seconds, f"g{group}_c{number}") for number in range(CHANNELS)
        ]
        index = mdf.append(signals, common_timebase=True)
        mdf.groups[index].channel_group.acq_name = f"group {group}"
    mdf.save(path, compression=compression, overwrite=True)
    mdf.close()


def _channel(rng: np.random.Generator, rows: int, seconds: Values, name: str) -> Signal:
    """Return what a control unit may tell: walks, counters, states, a scaled temperature."""
    kind = int(name[-1]) % 5
    conversion = {"a": 0.1, "b": -40.0} if kind == 2 else None  # noqa: PLR2004 - one of five
    made: Values = (
        np.cumsum(rng.normal(size=rows)).astype(np.float32),
        np.round(np.cumsum(rng.normal(size=rows)), 3),
        ((np.arange(rows) // 7) % 300 + int(rng.integers(0, 50))).astype(np.uint16),
        np.round(rng.normal(size=rows), 6),
        np.cumsum(rng.integers(0, 3, rows)).astype(np.uint32),
    )[kind]
    return Signal(made, seconds, name=name, unit="V", conversion=conversion)


def write_bus(compression: int, path: Path, share: float) -> None:
    """Write the share of the bus log that is asked for, and its DBC."""
    rng = np.random.default_rng(2)
    count = max(int(FRAMES * share), MESSAGES)
    samples = np.zeros(count, _FRAME)
    samples["CAN_DataFrame.BusChannel"] = 1
    samples["CAN_DataFrame.ID"] = 0x100 + rng.permutation(np.arange(count) % MESSAGES)
    samples["CAN_DataFrame.DLC"] = samples["CAN_DataFrame.DataLength"] = 8
    samples["CAN_DataFrame.DataBytes"] = rng.integers(0, 256, (count, 8), np.uint8)
    source = Source("CAN", "CAN", "", SOURCE_BUS, BUS_TYPE_CAN)
    signal = Signal(samples, np.arange(count) * 2e-4, name="CAN_DataFrame", source=source)
    mdf: Any = MDF(version="4.10")
    mdf.append([signal], acq_source=source)
    mdf.save(path, compression=compression, overwrite=True)
    mdf.close()
    path.with_suffix(".dbc").write_text(dbc(), encoding="ascii")


def dbc() -> str:
    """Return the database: 8 signals of 4 to 12 bits for each message."""
    lines = ['VERSION ""', "BS_:", "BU_: ECU"]
    for message in range(MESSAGES):
        lines.append(f"BO_ {0x100 + message} M{message}: 8 ECU")
        for number in range(SIGNALS):
            bits = 4 + (message + number) % 5
            order, start = (0, 8 * number + 7) if number % 2 else (1, 8 * number)
            sign = "-" if number % 3 == 0 else "+"
            name = f"S{message}_{number}"
            lines.append(f' SG_ {name} : {start}|{bits}@{order}{sign} (0.5,-3) [0|0] "V" ECU')
    return "\n".join(lines) + "\n"

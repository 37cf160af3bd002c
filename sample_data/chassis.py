"""The CAN logger's file: MDF 4.11 with raw frames and two measured channel groups.

All times are those of the logger's own clock, which is off and drifts against the ROS clock.
"""

import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_data.can_database import FRAMES, pack
from sample_data.can_signals import SOURCES, brake_pressure
from sample_data.ego_streams import outside_temperature
from sample_data.noise import Floats, generator, sample_times
from sample_data.world import World

_NS_PER_S = 1_000_000_000
_CAN_DTYPE = np.dtype(
    [
        ("CAN_DataFrame.BusChannel", "<u1"),
        ("CAN_DataFrame.ID", "<u4"),
        ("CAN_DataFrame.IDE", "<u1"),
        ("CAN_DataFrame.DLC", "<u1"),
        ("CAN_DataFrame.DataLength", "<u1"),
        ("CAN_DataFrame.DataBytes", "(8,)u1"),
        ("CAN_DataFrame.Dir", "<u1"),
    ]
)
_HD_ADDRESS = 64
_FIRST_HISTORY_LINK = _HD_ADDRESS + 24 + 8
"""Second link of the header block (ASAM MDF 4.1, HDBLOCK: hd_dg_first, hd_fh_first)."""


def write_chassis(world: World, path: Path) -> None:
    """Write the logger's file."""
    from asammdf import MDF

    start_ns = int(world.logger_stamps(np.zeros(1))[0])
    # asammdf keeps the start time in microseconds, so the clock origin is rounded to them.
    start_ns -= start_ns % 1000
    mdf = MDF(version="4.11")
    mdf.header.start_time = datetime.fromtimestamp(start_ns // _NS_PER_S, UTC).replace(
        microsecond=start_ns % _NS_PER_S // 1000
    )
    _append_frames(mdf, world, start_ns)
    _append_brake(mdf, world, start_ns)
    _append_ambient(mdf, world, start_ns)
    mdf.save(path, overwrite=True, compression=2)
    mdf.close()
    fix_history(path, start_ns)


def _logger_seconds(world: World, t_s: Floats, start_ns: int) -> Floats:
    shown: Floats = (world.logger_stamps(t_s) - start_ns).astype(np.float64) / _NS_PER_S
    return shown


def frames_on_bus(world: World) -> tuple[Floats, NDArray[np.void]]:
    """Return true times [s] and records of all CAN frames in the order of their arrival.

    A frame arrives 0.25 ms (its length at 500 kbit/s) plus arbitration delay after the values
    were taken.
    """
    times, records = [], []
    for frame in FRAMES:
        rng = generator(world.seed, f"frame {frame.name}")
        t_s = sample_times(
            rng, rate_hz=frame.rate_hz, duration_s=world.duration_s - 0.01, jitter_s=1e-4
        )
        rows = np.zeros(t_s.size, dtype=_CAN_DTYPE)
        rows["CAN_DataFrame.BusChannel"] = 1
        rows["CAN_DataFrame.ID"] = frame.identifier
        rows["CAN_DataFrame.DLC"] = frame.size
        rows["CAN_DataFrame.DataLength"] = frame.size
        rows["CAN_DataFrame.DataBytes"] = pack(frame, SOURCES[frame.name](world, t_s, rng))
        records.append(rows)
        times.append(t_s + 2.5e-4 + rng.exponential(8e-5, t_s.size))
    t_all = np.concatenate(times)
    order = np.argsort(t_all, kind="stable")
    return t_all[order], np.concatenate(records)[order]


def _append_frames(mdf: Any, world: World, start_ns: int) -> None:
    from asammdf import Signal
    from asammdf.blocks.v4_blocks import SourceInformation
    from asammdf.blocks.v4_constants import BUS_TYPE_CAN, SOURCE_BUS

    t_s, rows = frames_on_bus(world)
    mdf.append(
        Signal(
            name="CAN_DataFrame",
            samples=rows,
            timestamps=_logger_seconds(world, t_s, start_ns),
            source=SourceInformation(source_type=SOURCE_BUS, bus_type=BUS_TYPE_CAN),
        ),
        acq_name="CAN1",
        comment="raw frames, 500 kbit/s",
    )


def _append_brake(mdf: Any, world: World, start_ns: int) -> None:
    """Append the brake pressure at 100 Hz as 16-bit integers with a linear conversion."""
    from asammdf import Signal
    from asammdf.blocks.conversion_utils import from_dict

    rng = generator(world.seed, "brake system")
    t_s = sample_times(rng, rate_hz=100.0, duration_s=world.duration_s, jitter_s=2e-5)
    pressure = brake_pressure(world, t_s) + rng.normal(0.0, 0.15, t_s.size)
    mdf.append(
        Signal(
            name="BrakePressure",
            samples=np.rint(np.maximum(pressure, 0.0) / 0.05).astype(np.uint16),
            timestamps=_logger_seconds(world, t_s, start_ns),
            unit="bar",
            conversion=from_dict({"a": 0.05, "b": 0.0}),
        ),
        acq_name="BrakeSystem",
        comment="BrakeSystem",
    )


def _append_ambient(mdf: Any, world: World, start_ns: int) -> None:
    """Append light, rain and temperature at 1 Hz."""
    from asammdf import Signal

    rng = generator(world.seed, "ambient")
    t_s = sample_times(rng, rate_hz=1.0, duration_s=world.duration_s, jitter_s=1e-4)
    roof = world.in_tunnel(world.ego(t_s).s_m)
    light = np.where(roof, 45.0, 12.0 * world.daylight(t_s) + 0.4)
    rain = np.where(roof, 0.0, world.rain(t_s) + rng.normal(0.0, 0.12, t_s.size))
    seconds = _logger_seconds(world, t_s, start_ns)
    channels = (
        ("AmbientLight", light * rng.normal(1.0, 0.02, t_s.size), "lx"),
        ("RainIntensity", np.where(world.rain(t_s) > 0.0, np.maximum(rain, 0.0), 0.0), "mm/h"),
        ("Temperature", outside_temperature(world, t_s) + rng.normal(0.0, 0.05, t_s.size), "degC"),
    )
    mdf.append(
        [
            Signal(name=name, samples=values.astype(np.float32), timestamps=seconds, unit=unit)
            for name, values, unit in channels
        ],
        acq_name="Ambient",
        comment="Ambient",
        common_timebase=True,
    )


def fix_history(path: Path, stamp_ns: int) -> None:
    """Set the time of every file-history block to ``stamp_ns``.

    The writer puts the time of writing there, which would make two runs differ.
    """
    data = bytearray(path.read_bytes())
    (address,) = struct.unpack_from("<Q", data, _FIRST_HISTORY_LINK)
    while address:
        next_address, _comment = struct.unpack_from("<QQ", data, address + 24)
        struct.pack_into("<QhhB", data, address + 40, stamp_ns, 0, 0, 0)
        address = next_address
    path.write_bytes(bytes(data))

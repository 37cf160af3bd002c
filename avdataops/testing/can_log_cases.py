"""The same CAN frames in every log format, with the rows that they are."""

from collections.abc import Sequence

import pyarrow as pa

from avdataops.ports.reading import Sidecars
from avdataops.readers.can.frames import FRAMES_SCHEMA
from avdataops.readers.formats import ASC, BLF, CANDUMP
from avdataops.testing.can_logs import (
    LENGTHS,
    START_NS,
    STORED,
    Sent,
    asc_bytes,
    blf_bytes,
    candump_bytes,
)
from avdataops.testing.reader_suite import Case

SPEEDS = 0x123
DBC = b"""VERSION ""

BU_: Vector__XXX

BO_ 291 Speeds: 8 Vector__XXX
 SG_ VehicleSpeed : 0|16@1+ (0.01,0) [0|0] "km/h" Vector__XXX
 SG_ Gear : 23|8@0- (1,0) [0|0] "" Vector__XXX

VAL_ 291 Gear 0 "P" 1 "D" -1 "R" ;
"""
_KINDS = {7: "remote", 11: "error"}


def sent(count: int = 60) -> list[Sent]:
    """Return frames of two channels: classic and FD, both lengths of ids, both directions.

    Every third is the message that ``DBC`` names.
    """
    found = []
    for number in range(count):
        kind = _KINDS.get(number % 13, "data")
        is_named = number % 3 == 0
        is_fd = number % 4 == 1 and kind == "data" and not is_named
        size = LENGTHS[number % 16] if is_fd else number % 9
        data = bytes((number * 7 + place) % 256 for place in range(8 if is_named else size))
        found.append(
            Sent(
                t_ns=number * 1_500_000 + number // 10 * 1_000,
                id=SPEEDS if is_named else 0x200 + number,
                data=data if kind == "data" else b"",
                channel=1 + number % 2,
                extended=not number % 5 and not is_named,
                is_fd=is_fd,
                is_tx=not number % 4,
                kind=kind,
            )
        )
    return found


def frames_table(frames: Sequence[Sent], *, number: int, with_direction: bool = True) -> pa.Table:
    """Return the rows of a channel that the column ``bus_channel`` calls ``number``."""
    rows = [
        {
            "t_ns": START_NS + frame.t_ns,
            "bus_channel": number,
            "id": frame.id,
            "extended": frame.extended,
            "dlc": frame.dlc,
            "data": frame.data,
            "direction": ("tx" if frame.is_tx else "rx") if with_direction else None,
        }
        for frame in frames
        if frame.kind == "data"
    ]
    return pa.Table.from_pylist(rows, schema=FRAMES_SCHEMA)


def speeds_table(frames: Sequence[Sent]) -> pa.Table:
    """Return the rows of the message that ``DBC`` names."""
    ours = [one for one in frames if (one.id, one.extended, one.kind) == (SPEEDS, False, "data")]
    gears = [int.from_bytes(one.data[2:3], "big", signed=True) for one in ours]
    columns = {
        "t_ns": [START_NS + one.t_ns for one in ours],
        "vehicle_speed": [int.from_bytes(one.data[:2], "little") * 0.01 for one in ours],
        "gear": [float(gear) for gear in gears],
        "gear_label": [{0: "P", 1: "D", -1: "R"}.get(gear) for gear in gears],
    }
    schema = pa.schema(
        [
            pa.field("t_ns", pa.int64(), nullable=False),
            pa.field("vehicle_speed", pa.float64()),
            pa.field("gear", pa.float64()),
            pa.field("gear_label", pa.string()),
        ]
    )
    return pa.table(columns, schema=schema)


def can_log_cases() -> list[Case]:
    """Return the cases of BLF, ASC and candump."""
    frames = sent()
    plain = [frame for frame in frames if frame.kind == "data"]
    files = {
        "blf-deflated": (BLF, blf_bytes(frames)),
        "blf-split": (BLF, blf_bytes(frames, 100, STORED)),
        "asc-hex": (ASC, asc_bytes(frames)),
        "asc-decimal": (ASC, asc_bytes(frames, 10)),
        "asc-relative": (ASC, asc_bytes(frames, is_relative=True)),
        "candump": (CANDUMP, candump_bytes(frames)),
        "candump-undirected": (CANDUMP, candump_bytes(plain, with_direction=False)),
    }
    found = []
    for name, (form, data) in files.items():
        is_candump = form is CANDUMP
        expected = {}
        for channel in (1, 2):
            here = [frame for frame in frames if frame.channel == channel]
            label = f"can{channel - 1}" if is_candump else f"CAN{channel}"
            expected[label] = frames_table(
                here,
                number=channel - 1 if is_candump else channel,
                with_direction=name != "candump-undirected",
            )
            expected[f"{label}.Speeds"] = speeds_table(here)
        sidecars = Sidecars(dbc={"speeds.dbc": DBC})
        case = Case(name=name, format=form, data=data, expected=expected, sidecars=sidecars)
        found.append(case)
    return found

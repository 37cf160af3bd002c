"""Recordings of every format with the rows that they hold, for ``ReaderSuite``."""

import functools
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from avdataops.readers.formats import BAG1, DB3, MCAP, MDF4
from avdataops.testing.can_log_cases import can_log_cases
from avdataops.testing.reader_suite import Case
from avdataops.testing.recordings import (
    McapStyle,
    Said,
    bag1_bytes,
    db3_bytes,
    mcap_bytes,
    mdf4_bytes,
)
from avdataops.testing.tdms_cases import tdms_cases

TRACKS = "made_msgs/msg/Tracks"
SHORT = "made_msgs/msg/Short"
_RULE = "=" * 80
_HEADER = {
    "ros2msg": "builtin_interfaces/Time stamp\nstring frame_id\n",
    "ros1msg": "uint32 seq\ntime stamp\nstring frame_id\n",
}


def definitions(language: str = "ros2msg") -> Mapping[str, str]:
    """Return the texts of the message types that the cases use."""
    tracks = (
        "uint8 KIND_CAR=1\n"
        "std_msgs/Header header\n"
        "geometry_msgs/Point position # a comment\n"
        "float32[3] size\n"
        "float64[] history\n"
        "uint8[] payload\n"
        "bool valid\n"
        "Part[] parts\n"
        f"{_RULE}\nMSG: made_msgs/Part\nuint16 id\nfloat64 score\nstring[] names\nDot[] dots\n"
        f"{_RULE}\nMSG: made_msgs/Dot\nint8 u\nint8 v\n"
        f"{_RULE}\nMSG: geometry_msgs/Point\nfloat64 x\nfloat64 y\nfloat64 z\n"
        f"{_RULE}\nMSG: std_msgs/Header\n{_HEADER[language]}"
    )
    return {TRACKS: tracks, SHORT: "string text\nint64 number\n"}


@functools.cache
def typestore(language: str) -> Typestore:
    """Return a rosbags store that knows the types, as an independent writer of messages."""
    base = Stores.ROS1_NOETIC if language == "ros1msg" else Stores.ROS2_HUMBLE
    store = get_typestore(base)
    for name, text in definitions(language).items():
        new = get_types_from_msg(text, name)
        store.register({key: new[key] for key in new if key not in store.fielddefs})
    return store


def tracks(number: int, language: str) -> Any:
    """Return the message ``number`` of the type ``Tracks``."""
    types = typestore(language).types
    stamp = types["builtin_interfaces/msg/Time"](sec=number, nanosec=5)
    seq = {"seq": number} if language == "ros1msg" else {}
    parts = [
        types["made_msgs/msg/Part"](
            id=part,
            score=part / 4,
            names=[f"n{one}" for one in range(part)],
            dots=[types["made_msgs/msg/Dot"](u=dot, v=-dot) for dot in range(part)],
        )
        for part in range(number % 4)
    ]
    return types[TRACKS](
        header=types["std_msgs/msg/Header"](stamp=stamp, frame_id="map" * (number % 3), **seq),
        position=types["geometry_msgs/msg/Point"](x=number / 2, y=-1.0, z=0.25),
        size=np.array([number, 2, 3], dtype=np.float32),
        history=np.arange(number % 3, dtype=np.float64),
        payload=np.arange(number % 5, dtype=np.uint8),
        valid=number % 2 == 0,
        parts=parts,
    )


def serialised(message: Any, kind: str, language: str) -> bytes:
    """Return the bytes of a message as its publisher writes them."""
    store = typestore(language)
    if language == "ros1msg":
        return bytes(store.serialize_ros1(message, kind))
    return bytes(store.serialize_cdr(message, kind))


def said(count: int = 40, language: str = "ros2msg") -> list[Said]:
    """Return messages of two topics, with stamps that are neither unique nor all ascending."""
    found = []
    for number in range(count):
        t_ns = 1_700_000_000_000_000_000 + (number // 2) * 1_000_000 - (number % 7 // 6) * 1_500_000
        data = serialised(tracks(number, language), TRACKS, language)
        found.append(Said("/tracks", TRACKS, t_ns, data))
        if number % 3 == 0:
            short = typestore(language).types[SHORT](text=f"é{number}", number=-number)
            found.append(Said("/short", SHORT, t_ns, serialised(short, SHORT, language)))
    return found


def _in_order(count: int) -> list[SimpleNamespace]:
    """Return number and time of the tracks in log-time order, ties as written."""
    times = [one.t_ns for one in said(count) if one.topic == "/tracks"]
    order = sorted(range(count), key=lambda number: (times[number], number))
    return [SimpleNamespace(row=row, number=n, t_ns=times[n]) for row, n in enumerate(order)]


def expected(language: str = "ros2msg", publish_delay_ns: int | None = None) -> dict[str, pa.Table]:
    """Return the rows of all streams in ``said()``."""
    order = _in_order(40)
    root: dict[str, Any] = {"t_ns": [one.t_ns for one in order]}
    if publish_delay_ns is not None:
        root["publish_ns"] = [one.t_ns + publish_delay_ns for one in order]
    root["row"] = [one.row for one in order]
    if language == "ros1msg":
        root["header_seq"] = pa.array([one.number for one in order], pa.uint32())
    root |= {
        "header_stamp_ns": [one.number * 10**9 + 5 for one in order],
        "header_frame_id": ["map" * (one.number % 3) for one in order],
        "position_x_m": [one.number / 2 for one in order],
        "position_y_m": [-1.0 for _ in order],
        "position_z_m": [0.25 for _ in order],
        "size": pa.array([[one.number, 2, 3] for one in order], pa.list_(pa.float32(), 3)),
        "history": [[float(v) for v in range(one.number % 3)] for one in order],
        "payload": [bytes(range(one.number % 5)) for one in order],
        "valid": [one.number % 2 == 0 for one in order],
    }
    parts = [(one, part) for one in order for part in range(one.number % 4)]
    dots = [(one, part, dot) for one, part in parts for dot in range(part)]
    return {
        "/tracks": _table(root),
        "/tracks.parts": _table(
            {
                "t_ns": [one.t_ns for one, _ in parts],
                "row": [one.row for one, _ in parts],
                "element": [part for _, part in parts],
                "id": pa.array([part for _, part in parts], pa.uint16()),
                "score": [part / 4 for _, part in parts],
                "names": [[f"n{n}" for n in range(part)] for _, part in parts],
            }
        ),
        "/tracks.parts.dots": _table(
            {
                "t_ns": [one.t_ns for one, _, _ in dots],
                "row": [one.row for one, _, _ in dots],
                "parent_element": [part for _, part, _ in dots],
                "u": pa.array([dot for _, _, dot in dots], pa.int8()),
                "v": pa.array([-dot for _, _, dot in dots], pa.int8()),
            }
        ),
    }


def _table(columns: Mapping[str, Any]) -> pa.Table:
    keys = ("t_ns", "publish_ns", "row", "element", "parent_element")
    table = pa.table(dict(columns))
    fields = [field.with_nullable(field.name not in keys) for field in table.schema]
    return table.cast(pa.schema(fields))


def ros_cases() -> list[Case]:
    """Return the same messages in every ROS container and style."""
    found = []
    delayed = expected(publish_delay_ns=7)
    for name, style in {
        "mcap-zstd": McapStyle(publish_delay_ns=7),
        "mcap-lz4": McapStyle(publish_delay_ns=7, compression="lz4", chunk_bytes=300),
        "mcap-plain": McapStyle(publish_delay_ns=7, compression="none"),
        "mcap-unindexed": McapStyle(publish_delay_ns=7, is_indexed=False),
        "mcap-unchunked": McapStyle(publish_delay_ns=7, is_chunked=False),
        "mcap-silent": McapStyle(publish_delay_ns=7, silent_topics={"/silent": TRACKS}),
    }.items():
        data = mcap_bytes(said(), definitions(), style)
        found.append(Case(name=name, format=MCAP, data=data, expected=delayed))
    for compression in ("none", "bz2", "lz4"):
        data = bag1_bytes(said(language="ros1msg"), definitions("ros1msg"), compression)
        rows = expected("ros1msg")
        found.append(Case(name=f"bag-{compression}", format=BAG1, data=data, expected=rows))
    data = db3_bytes(said(), definitions(), {"/silent": TRACKS})
    found.append(Case(name="db3", format=DB3, data=data, expected=expected()))
    return found


def mdf_cases() -> list[Case]:
    """Return measured channels, plain and compressed."""
    from asammdf import Signal

    seconds = np.arange(50) * 0.01
    speed = Signal(
        samples=np.arange(50, dtype=np.uint16),
        timestamps=seconds,
        name="VehicleSpeed",
        unit="km/h",
        conversion={"a": 0.5, "b": -10.0},
    )
    gear = Signal(
        samples=np.arange(50, dtype=np.uint8) % 3,
        timestamps=seconds,
        name="Gear",
        conversion={"val_0": 0, "text_0": "P", "val_1": 1, "text_1": "D"},
    )
    slow = Signal(samples=np.array([1.5, 2.5]), timestamps=np.array([0.0, 0.4]), name="slow one")
    start = datetime(2024, 2, 29, 12, 0, 0, tzinfo=UTC)
    start_ns = int(start.timestamp()) * 10**9
    times = [start_ns + number * 10_000_000 for number in range(50)]
    expected_rows = {
        "fast": _table(
            {
                "t_ns": times,
                "vehicle_speed": [number * 0.5 - 10 for number in range(50)],
                "gear": [("P", "D", None)[number % 3] for number in range(50)],
                "gear_raw": pa.array([number % 3 for number in range(50)], pa.uint8()),
            }
        ),
        "slow": _table({"t_ns": [start_ns, start_ns + 400_000_000], "slow_one": [1.5, 2.5]}),
    }
    return [
        Case(
            name=f"mdf4-{name}",
            format=MDF4,
            data=mdf4_bytes(
                [[speed, gear], [slow]], level, start_time=start, names=("fast", "slow")
            ),
            expected=expected_rows,
        )
        for name, level in {"plain": 0, "deflate": 1, "transposed": 2}.items()
    ]


def large_cases() -> list[Case]:
    """Return recordings of a few megabytes, whose opening must not read them."""
    from asammdf import Signal

    noise = np.random.default_rng(1).integers(32, 127, (100, 20_000), dtype=np.uint8)
    texts = [row.tobytes().decode() for row in noise]
    found = []
    for language, make in (("ros2msg", "mcap"), ("ros1msg", "bag"), ("ros2msg", "db3")):
        kind = typestore(language).types[SHORT]
        messages = [
            Said("/s", SHORT, n * 10**7, serialised(kind(text=text, number=n), SHORT, language))
            for n, text in enumerate(texts)
        ]
        rows: dict[str, Any] = {"t_ns": [n * 10**7 for n in range(100)]}
        if make == "mcap":
            rows["publish_ns"] = rows["t_ns"]
            style = McapStyle(compression="none", chunk_bytes=100_000)
            data, form = mcap_bytes(messages, definitions(), style), MCAP
        elif make == "bag":
            data, form = bag1_bytes(messages, definitions("ros1msg")), BAG1
        else:
            data, form = db3_bytes(messages, definitions()), DB3
        table = _table({**rows, "text": texts, "number": list(range(100))})
        case = Case(
            name=f"{make}-large",
            format=form,
            data=data,
            expected={"/s": table},
            opens_with_share=0.1,
        )
        found.append(case)
    wide = Signal(samples=noise[:, :8_000], timestamps=np.arange(100) / 100, name="wide")
    data = mdf4_bytes([[wide]], names=("g",), start_time=datetime(2024, 1, 1, tzinfo=UTC))
    found.append(Case(name="mdf4-large", format=MDF4, data=data, expected={}, opens_with_share=0.2))
    return found


def all_cases() -> list[Case]:
    """Return the cases of all formats."""
    return [*ros_cases(), *mdf_cases(), *tdms_cases(), *can_log_cases(), *large_cases()]

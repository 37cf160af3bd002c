"""TDMS files put together byte by byte, with the rows that they hold, for ``ReaderSuite``."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.readers.formats import TDMS
from avdataops.testing import tdms_bytes as b
from avdataops.testing.reader_suite import Case
from avdataops.testing.tdms_bytes import AsBefore, Daqmx, NoData, Obj, Plain, segment, waveform

START = 1_700_000_000_123_456_789
TENTH = 100_000_000


def _table(columns: dict[str, Any]) -> pa.Table:
    fields = [pa.field("t_ns", pa.int64(), nullable=False)]
    arrays = [pa.array(columns["t_ns"], pa.int64())]
    for name, values in columns.items():
        if name != "t_ns":
            array = values if isinstance(values, pa.Array) else pa.array(values)
            fields.append(pa.field(name, array.type))
            arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _times(rows: int, step_ns: int = TENTH) -> list[int]:
    return [START + row * step_ns for row in range(rows)]


def plain() -> tuple[bytes, dict[str, pa.Table]]:
    """Two channels one after the other, in two chunks."""
    objects = [
        Obj("/"),
        Obj("/'drive'"),
        Obj("/'drive'/'WheelSpeed.FL'", Plain(b.F64, 2), waveform(START, 0.1)),
        Obj("/'drive'/'Gear'", Plain(b.U8, 2), waveform(START, 0.1)),
    ]
    data = (
        b.numbers(b.F64, [1.5, 2.5]) + bytes([3, 4]) + b.numbers(b.F64, [3.5, 4.5]) + bytes([5, 6])
    )
    columns = {
        "t_ns": _times(4),
        "wheel_speed_fl": [1.5, 2.5, 3.5, 4.5],
        "gear": pa.array([3, 4, 5, 6], pa.uint8()),
    }
    return segment(objects, data), {"drive": _table(columns)}


def interleaved() -> tuple[bytes, dict[str, pa.Table]]:
    """Two channels row by row, big-endian."""
    objects = [
        Obj("/'g'/'a'", Plain(b.I16, 3), waveform(START, 0.1)),
        Obj("/'g'/'b'", Plain(b.F32, 3), waveform(START, 0.1)),
    ]
    data = b"".join(
        b.numbers(b.I16, [one], ">") + b.numbers(b.F32, [one / 2], ">") for one in (1, -2, 3)
    )
    columns = {
        "t_ns": _times(3),
        "a": pa.array([1, -2, 3], pa.int16()),
        "b": pa.array([0.5, -1.0, 1.5], pa.float32()),
    }
    toc = b.ALL | b.INTERLEAVED | b.BIG_ENDIAN
    return segment(objects, data, toc=toc), {"g": _table(columns)}


def types() -> tuple[bytes, dict[str, pa.Table]]:
    """Strings, truths, moments and complex numbers, with a channel of moments as time."""
    texts = ["", "Straße", "x" * 20]
    stamps = [START - 5, START, START]
    objects = [
        Obj("/'g'/'text'", Plain(b.STRING, 3, len(b.strings(texts)))),
        Obj("/'g'/'ok'", Plain(b.BOOLEAN, 3)),
        Obj("/'g'/'when'", Plain(b.STAMP, 3)),
        Obj("/'g'/'also'", Plain(b.STAMP, 3)),
        Obj("/'g'/'z'", Plain(b.COMPLEX64, 3)),
    ]
    data = b.strings(texts) + bytes([1, 0, 2])
    data += b"".join(map(b.stamp, stamps)) + b"".join(map(b.stamp, reversed(stamps)))
    data += b.numbers(b.F32, [1, -1, 2, -2, 3, -3])
    columns = {
        "t_ns": stamps,
        "text": texts,
        "ok": [True, False, True],
        "also": pa.array(stamps[::-1], pa.int64()),
        "z_re": pa.array([1, 2, 3], pa.float32()),
        "z_im": pa.array([-1, -2, -3], pa.float32()),
    }
    return segment(objects, data), {"g": _table(columns)}


def segments() -> tuple[bytes, dict[str, pa.Table]]:
    """A list that grows, a channel that pauses, metadata left out, sizes that change."""
    a, c = "/'g'/'a'", "/'h'/'c'"
    data = segment([Obj(a, Plain(b.I32, 2), waveform(START, 0.1))], b.numbers(b.I32, [1, 2]))
    data += segment(data=b.numbers(b.I32, [3, 4, 5, 6]), toc=b.RAW_DATA)
    more = [Obj(c, Plain(b.I32, 1), waveform(START, 0.2))]
    data += segment(more, b.numbers(b.I32, [7, 8, 100]), toc=b.METADATA | b.RAW_DATA)
    pause = [Obj(a, NoData()), Obj(c, AsBefore())]
    data += segment(pause, b.numbers(b.I32, [101, 102]), toc=b.METADATA | b.RAW_DATA)
    data += segment([Obj(a, AsBefore())], b.numbers(b.I32, [9, 10]))
    data += segment([Obj(a, Plain(b.I32, 3))], b.numbers(b.I32, [11, 12, 13]))
    first = {"t_ns": _times(13), "a": pa.array(range(1, 14), pa.int32())}
    other = {"t_ns": _times(3, 2 * TENTH), "c": pa.array([100, 101, 102], pa.int32())}
    return data, {"g": _table(first), "h": _table(other)}


def classes() -> tuple[bytes, dict[str, pa.Table]]:
    """One group with two rates, a channel without time, and one without values."""
    objects = [
        Obj("/'g'/'fast'", Plain(b.I8, 4), waveform(START, 0.1)),
        Obj("/'g'/'slow'", Plain(b.I8, 2), waveform(START, 0.2)),
        Obj("/'g'/'fast'' too'", Plain(b.I8, 4), waveform(START, 0.1)),
        Obj("/'g'/'bare'", Plain(b.I8, 4)),
        Obj("/'g'/'none'", Plain(b.F64, 0), waveform(START, 0.1)),
        Obj("/'g'/'never'"),
    ]
    data = bytes([1, 2, 3, 4, 10, 20, 5, 6, 7, 8, 31, 32, 33, 34])
    expected = {
        "g": {"t_ns": _times(4), "fast": [1, 2, 3, 4], "fast_too": [5, 6, 7, 8]},
        "g/2": {"t_ns": _times(2, 2 * TENTH), "slow": [10, 20]},
        "g/3": {"t_ns": [0, 1, 2, 3], "bare": [31, 32, 33, 34]},
    }
    tables = {
        stream: _table(
            {n: v if n == "t_ns" else pa.array(v, pa.int8()) for n, v in columns.items()}
        )
        for stream, columns in expected.items()
    }
    tables["g/4"] = _table({"t_ns": [], "none": pa.array([], pa.float64())})
    return segment(objects, data), tables


def scaled() -> tuple[bytes, dict[str, pa.Table]]:
    """A linear scale in the channel, and a polynomial one of its group for the other."""
    linear: dict[str, b.Property] = {
        "NI_Number_Of_Scales": (b.U32, 1),
        "NI_Scale[0]_Scale_Type": (b.STRING, "Linear"),
        "NI_Scale[0]_Linear_Slope": (b.F64, 0.5),
        "NI_Scale[0]_Linear_Y_Intercept": (b.F64, -10.0),
        "unit_string": (b.STRING, "km/h"),
    }
    polynomial: dict[str, b.Property] = {
        "NI_Scale[0]_Scale_Type": (b.STRING, "Polynomial"),
        "NI_Scale[0]_Polynomial_Coefficients_Size": (b.U32, 3),
        **{f"NI_Scale[0]_Polynomial_Coefficients[{n}]": (b.F64, n + 1.0) for n in range(3)},
    }
    objects = [
        Obj("/'g'", NoData(), polynomial),
        Obj("/'g'/'v'", Plain(b.I16, 3), waveform(START, 0.1) | linear),
        Obj("/'g'/'p'", Plain(b.F32, 3), waveform(START, 0.1)),
    ]
    data = b.numbers(b.I16, [0, 20, 41]) + b.numbers(b.F32, [0.0, 1.0, -0.5])
    columns = {"t_ns": _times(3), "v": [-10.0, 0.0, 10.5], "p": [1.0, 6.0, 0.75]}
    return segment(objects, data), {"g": _table(columns)}


def daqmx() -> tuple[bytes, dict[str, pa.Table]]:
    """Two cards: one with two channels, the second scaled, one with a digital line."""
    scale: dict[str, b.Property] = {
        "NI_Number_Of_Scales": (b.U32, 2),
        "NI_Scale[1]_Scale_Type": (b.STRING, "Linear"),
        "NI_Scale[1]_Linear_Slope": (b.F64, 2.0),
        "NI_Scale[1]_Linear_Y_Intercept": (b.F64, 1.0),
        "NI_Scale[1]_Linear_Input_Source": (b.U32, 0),
    }
    widths = (6, 1)
    line = Daqmx(3, [(0, 1, 2, 0)], widths, b.U8, is_digital=True)
    objects = [
        Obj("/'g'/'a'", Daqmx(3, [(3, 0, 0, 0)], widths), waveform(START, 0.1)),
        Obj("/'g'/'b'", Daqmx(3, [(5, 0, 2, 0)], widths), waveform(START, 0.1) | scale),
        Obj("/'g'/'d'", line, waveform(START, 0.1)),
    ]
    data = b"".join(b.numbers(b.I16, [n]) + b.numbers(b.I32, [100 * n]) for n in (1, 2, -3))
    data += bytes([0b100, 0b011, 0b111])
    columns = {
        "t_ns": _times(3),
        "a": pa.array([1, 2, -3], pa.int16()),
        "b": [201.0, 401.0, -599.0],
        "d": pa.array([1, 0, 1], pa.uint8()),
    }
    return segment(objects, data, toc=b.ALL | b.DAQMX), {"g": _table(columns)}


def truncated() -> tuple[bytes, dict[str, pa.Table]]:
    """Two chunks of two channels, cut in the second one's second channel."""
    objects = [
        Obj("/'g'/'a'", Plain(b.I16, 3), waveform(START, 0.1)),
        Obj("/'g'/'b'", Plain(b.I16, 3), waveform(START, 0.1)),
    ]
    data = b.numbers(b.I16, [1, 2, 3, 10, 20, 30, 4, 5, 6, 40]) + b"\x01"
    columns = {
        "t_ns": _times(6),
        "a": pa.array([1, 2, 3, 4, 5, 6], pa.int16()),
        "b": pa.array([10, 20, 30, 40, None, None], pa.int16()),
    }
    return segment(objects, data, promised=36), {"g": _table(columns)}


def unfinished() -> tuple[bytes, dict[str, pa.Table]]:
    """A recorder that crashed: its last segment has no size and half a chunk of rows."""
    data = segment([Obj("/'g'/'a'", Plain(b.U16, 2), waveform(START, 0.1))], b"\1\0\2\0")
    data += segment(data=b"\3\0\4\0\5\0\6", toc=b.RAW_DATA | b.INTERLEAVED, promised=b.UNKNOWN)
    columns = {"t_ns": _times(5), "a": pa.array([1, 2, 3, 4, 5], pa.uint16())}
    return data, {"g": _table(columns)}


def alternating() -> tuple[bytes, dict[str, pa.Table]]:
    """Channels of one stream that were written in turns."""
    data = b""
    for number in range(4):
        a = Obj("/'g'/'a'", Plain(b.I32, 3), waveform(START, 0.1))
        c = Obj("/'g'/'b'", Plain(b.I32, 2), waveform(START, 0.1))
        data += segment([a], b.numbers(b.I32, [3 * number + n for n in range(3)]))
        data += segment([c], b.numbers(b.I32, [-2 * number - n for n in range(2)]))
    last = Obj("/'g'/'b'", Plain(b.I32, 4))
    data += segment([last], b.numbers(b.I32, [-8, -9, -10, -11]))
    columns = {
        "t_ns": _times(12),
        "a": pa.array(range(12), pa.int32()),
        "b": pa.array(range(0, -12, -1), pa.int32()),
    }
    return data, {"g": _table(columns)}


SCENARIOS: dict[str, Callable[[], tuple[bytes, dict[str, pa.Table]]]] = {
    "plain": plain,
    "interleaved": interleaved,
    "types": types,
    "segments": segments,
    "classes": classes,
    "scaled": scaled,
    "daqmx": daqmx,
    "truncated": truncated,
    "unfinished": unfinished,
    "alternating": alternating,
}


def large() -> Case:
    """Return a file of a few megabytes, whose opening must not read them."""
    values = np.arange(500_000, dtype="<f8")
    index = Plain(b.F64, 100_000)
    data = segment([Obj("/'g'/'a'", index, waveform(START, 0.001))], values.tobytes())
    return Case(name="tdms-large", format=TDMS, data=data, expected={}, opens_with_share=0.1)


def tdms_cases() -> list[Case]:
    """Return the cases of TDMS."""
    found = []
    for name, make in SCENARIOS.items():
        data, expected = make()
        found.append(Case(name=f"tdms-{name}", format=TDMS, data=data, expected=expected))
    return [*found, large()]

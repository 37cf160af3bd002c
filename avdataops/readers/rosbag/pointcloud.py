"""PointCloud2: one list column per point field in place of the packed bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.names import UniqueNames, snake_case, with_unit
from avdataops.readers.rosbag.decode import Rows, decode
from avdataops.readers.rosbag.layout import Table

TYPE = "sensor_msgs/msg/PointCloud2"
TYPES = ((TYPE, "cdr"), (TYPE, "ros1"))
"""Type and encoding of messages that hold packed points."""
_DATATYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}
_MAX_STEP = 1 << 16
_METRES = ("x", "y", "z")

PointField = tuple[str, int, int, int]
"""Name, offset, datatype and count, as the message states them."""


@dataclass(frozen=True, slots=True)
class PointLayout:
    """How the points of one message are packed."""

    fields: tuple[PointField, ...]
    step: int
    is_bigendian: bool

    @property
    def dtype(self) -> np.dtype[np.void]:
        """NumPy type of one point; raises ``SchemaMismatch`` if the message contradicts itself."""
        order = ">" if self.is_bigendian else "<"
        formats = []
        for name, offset, datatype, count in self.fields:
            code = _DATATYPES.get(datatype)
            size = np.dtype(code).itemsize * count if code else 0
            if code is None or count < 1 or offset + size > min(self.step, _MAX_STEP):
                raise SchemaMismatch(f"point field '{name}' does not fit into {self.step} bytes")
            formats.append((order + code, (count,)) if count > 1 else order + code)
        return np.dtype(
            {
                "names": [str(number) for number in range(len(formats))],
                "formats": formats,
                "offsets": [offset for _, offset, _, _ in self.fields],
                "itemsize": self.step,
            }
        )

    def columns(self) -> list[pa.Field]:
        """Return one list column per point field."""
        unique = UniqueNames()
        return [
            pa.field(
                unique.claim(f"points_{with_unit(snake_case(name), _unit(name))}"),
                _list_type(self.dtype, number, count),
                metadata={"source": f"points.{name}", **_unit_metadata(name)},
            )
            for number, (name, _, _, count) in enumerate(self.fields)
        ]


def _unit(name: str) -> str | None:
    return "m" if name in _METRES else None


def _unit_metadata(name: str) -> dict[str, str]:
    return {"unit": "m"} if name in _METRES else {}


def _list_type(dtype: np.dtype[np.void], number: int, count: int) -> pa.DataType:
    single = pa.from_numpy_dtype(dtype[str(number)].base.newbyteorder("="))
    return pa.list_(pa.list_(single, count) if count > 1 else single)


def first_layout(table: Table, encoding: str, message: bytes) -> PointLayout | None:
    """Return the layout of a message, None if it cannot be decoded or contradicts itself."""
    try:
        layout = _layouts(decode(table, encoding, [message]))[0]
        is_usable = bool(layout.fields) and layout.dtype.itemsize > 0
    except (SchemaMismatch, ValueError):
        return None
    return layout if is_usable else None


def _values(rows: Rows) -> dict[str, pa.Array]:
    leaves = (leaf.source for leaf in rows.table.leaves)
    return dict(zip(leaves, rows.columns, strict=True))


def _layouts(decoded: Sequence[Rows]) -> list[PointLayout]:
    root, points = decoded[0], decoded[1]
    of_root, of_fields = _values(root), _values(points)
    facts = zip(
        points.message.tolist(),
        *(of_fields[name].to_pylist() for name in ("name", "offset", "datatype", "count")),
        strict=True,
    )
    fields: list[list[PointField]] = [[] for _ in root.message]
    for message, name, offset, datatype, count in facts:
        fields[message].append((name, offset, datatype, count))
    steps = of_root["point_step"].to_pylist()
    ends = of_root["is_bigendian"].to_pylist()
    return [
        PointLayout(tuple(one), step, big)
        for one, step, big in zip(fields, steps, ends, strict=True)
    ]


def explode(decoded: Sequence[Rows], layout: PointLayout) -> tuple[list[pa.Array], pa.Array]:
    """Return the columns of ``layout``, and the bytes of the messages that are packed otherwise.

    A message is packed otherwise if its fields, point step or byte order differ, or if its bytes
    are not ``width * height`` points without padding between rows: nothing is left out.
    """
    root = _values(decoded[0])
    data = root["data"]
    lengths = pc.binary_length(data).to_pylist()
    facts = zip(
        _layouts(decoded),
        lengths,
        *(root[name].to_pylist() for name in ("width", "height", "row_step")),
        strict=True,
    )
    fits = [
        one == layout
        and length == width * height * layout.step
        and (height <= 1 or row_step == width * layout.step)
        for one, length, width, height, row_step in facts
    ]
    counts = np.array(
        [length // layout.step if fit else 0 for length, fit in zip(lengths, fits, strict=True)],
        dtype=np.int64,
    )
    points = np.frombuffer(
        _content(data if all(fits) else data.filter(pa.array(fits))), layout.dtype
    )
    columns = [
        _column(field, points[str(number)], counts, fits)
        for number, field in enumerate(layout.columns())
    ]
    rest = pa.nulls(len(fits), pa.binary())
    if not all(fits):
        rest = pc.if_else(pa.array(fits, pa.bool_()), None, data)
    return columns, rest


def _content(data: pa.Array) -> memoryview:
    """Return all bytes of a column behind each other, where they are."""
    content = data.buffers()[2]
    if content is None or not len(data):
        return memoryview(b"")
    offsets = np.frombuffer(data.buffers()[1], np.int32, len(data) + 1, data.offset * 4)
    return memoryview(content)[int(offsets[0]) : int(offsets[-1])]


def _column(
    field: pa.Field,
    values: npt.NDArray[np.generic],
    counts: npt.NDArray[np.int64],
    fits: Sequence[bool],
) -> pa.Array:
    native = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("="), copy=False)
    flat = pa.array(native.reshape(-1))
    if native.ndim > 1:
        flat = pa.FixedSizeListArray.from_arrays(flat, native.shape[1])
    offsets = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    mask = pa.array([not fit for fit in fits], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets), flat, mask=mask).cast(field.type)

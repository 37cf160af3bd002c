"""PointCloud2: one list column per point field in place of the packed bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

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
    data = root["data"].to_pylist()
    sizes = zip(
        _layouts(decoded),
        data,
        *(root[name].to_pylist() for name in ("width", "height", "row_step")),
        strict=True,
    )
    fits = [
        one == layout
        and len(content) == width * height * layout.step
        and (height <= 1 or row_step == width * layout.step)
        for one, content, width, height, row_step in sizes
    ]
    clouds = [content if fit else b"" for content, fit in zip(data, fits, strict=True)]
    points = np.frombuffer(b"".join(clouds), layout.dtype)
    counts = np.array([len(cloud) // layout.step for cloud in clouds], dtype=np.int64)
    columns = [
        _column(field, points[str(number)], counts, fits)
        for number, field in enumerate(layout.columns())
    ]
    rest = [None if fit else content for content, fit in zip(data, fits, strict=True)]
    return columns, pa.array(rest, pa.binary())


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

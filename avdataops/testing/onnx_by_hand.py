"""Small ONNX networks written byte by byte, so that a test needs no library that makes them.

Field numbers are those of onnx.proto3 (ONNX IR version 8).
"""

import struct
from collections.abc import Iterable, Sequence

import numpy as np

_FLOAT, _INT64 = 1, 7
_INTS = 7
_SEVEN_BITS = 127
STRIDE = 8


def varint(value: int) -> bytes:
    """Return a whole number from 0 as protobuf writes it, seven bits a byte."""
    out = bytearray()
    while value > _SEVEN_BITS:
        out.append(value & _SEVEN_BITS | 128)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    """Return a field that holds a whole number."""
    return varint(field << 3) + varint(value)


def part(field: int, *data: bytes) -> bytes:
    """Return a field that holds bytes or another message."""
    whole = b"".join(data)
    return varint(field << 3 | 2) + varint(len(whole)) + whole


def tensor(name: str, values: Sequence[float], dims: Sequence[int], *, whole: bool) -> bytes:
    """Return an initial value: whole numbers of 64 bits, or floats of 32."""
    form = "q" if whole else "f"
    raw = struct.pack(f"<{len(values)}{form}", *values)
    kind = number(2, _INT64 if whole else _FLOAT)
    return b"".join(number(1, dim) for dim in dims) + kind + part(8, name.encode()) + part(9, raw)


def node(kind: str, inputs: Iterable[str], output: str, **ints: Sequence[int]) -> bytes:
    """Return one operation with lists of whole numbers as attributes."""
    attributes = (
        part(
            5,
            part(1, name.encode()),
            *(number(8, value) for value in values),
            number(20, _INTS),
        )
        for name, values in ints.items()
    )
    names = (part(1, name.encode()) for name in inputs)
    return b"".join([*names, part(2, output.encode()), part(4, kind.encode()), *attributes])


def port(name: str, dims: Sequence[int]) -> bytes:
    """Return an input or output of floats."""
    shape = part(2, *(part(1, number(1, dim)) for dim in dims))
    return part(1, name.encode()) + part(2, part(1, number(1, _FLOAT), shape))


def network(nodes: Iterable[bytes], tensors: Iterable[bytes], given: bytes, result: bytes) -> bytes:
    """Return a whole network."""
    graph = b"".join(
        [
            *(part(1, one) for one in nodes),
            part(2, b"g"),
            *(part(5, one) for one in tensors),
            part(11, given),
            part(12, result),
        ]
    )
    return number(1, 8) + part(7, graph) + part(8, part(1, b""), number(2, 13))


def colour_network(side_px: int = 32, size_cells: float = 1.0) -> bytes:
    """Return a YOLOX-like network of stride 8 that sees blue and red cells.

    Each cell of 8 px gives a box of so many cells, objectness = mean of blue plus red, and the
    means of blue (class 0) and red (class 1), each of 255.
    """
    cells = side_px // STRIDE
    weights = np.zeros((7, 3, STRIDE, STRIDE), dtype=np.float32)
    share = 1.0 / (STRIDE * STRIDE * 255.0)
    weights[4, 0] = weights[4, 2] = weights[5, 0] = weights[6, 2] = share
    size = float(np.log(size_cells))
    bias = [0.5, 0.5, size, size, 0.0, 0.0, 0.0]
    return network(
        [
            node(
                "Conv",
                ["picture", "w", "b"],
                "cells",
                kernel_shape=[STRIDE, STRIDE],
                strides=[STRIDE, STRIDE],
            ),
            node("Reshape", ["cells", "shape"], "flat"),
            node("Transpose", ["flat"], "boxes", perm=[0, 2, 1]),
        ],
        [
            tensor("w", weights.ravel().tolist(), weights.shape, whole=False),
            tensor("b", bias, [7], whole=False),
            tensor("shape", [1, 7, cells * cells], [3], whole=True),
        ],
        port("picture", [1, 3, side_px, side_px]),
        port("boxes", [1, cells * cells, 7]),
    )

"""Objects in pictures by a network that the user brings as ONNX, run by OpenCV."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avdataops.model.errors import ConfigError, UnreadableFile, did_you_mean
from avdataops.ports.seeing import Picture, Seen, Seer
from avdataops.signals.arrays import Floats, Indices

_FILL = 114
"""Grey beside the picture in the square of the network (the habit of YOLO networks)."""
_BOX, _END_TO_END = 4, 6
_MAX_LOG = 12.0
"""No honest box is larger than e^12 strides."""


class Boxes(NamedTuple):
    """What a network says, in pixels of its input; one row per box."""

    corners: Floats
    """Shape (n, 4): left, top, right, bottom."""
    scores: Floats
    classes: Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How a network wants its input and gives its output."""

    labels: tuple[str, ...]
    """Names of its classes, in its order."""
    side_px: int
    """Of its square input: float32, blue-green-red, 0 to 255, shape (1, 3, side, side)."""
    decode: str
    """``yolox``: per cell of the strides centre, log size, objectness and class scores, shape
    (1, cells, 5 + classes).  ``raw``: left, top, right, bottom, score, class, shape (1, n, 6)."""
    strides: tuple[int, ...] = (8, 16, 32)
    min_score: float = 0.3
    max_overlap: float = 0.45
    """Of two boxes of one class that overlap by more (intersection over union), the surer stays."""


def onnx_seer(weights: bytes, network: Network) -> Seer:
    """Return what finds objects with these weights.

    Raises ``UnreadableFile`` if OpenCV cannot load them, ``ConfigError`` for an unknown decode.
    """
    import cv2

    decode = _decoder(network)
    try:
        net: Any = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
    except cv2.error as error:
        raise UnreadableFile(
            f"the weights are no ONNX network that OpenCV runs: {error.err}"
        ) from error

    def see(picture: Picture) -> tuple[Seen, ...]:
        square, scale = letterboxed(picture, network.side_px)
        net.setInput(square.transpose(2, 0, 1)[np.newaxis].astype(np.float32))
        output = np.asarray(net.forward(), dtype=np.float64)
        boxes = decode(output.reshape(-1, output.shape[-1]))
        return tuple(_seen(boxes, row, scale, picture, network) for row in _kept(boxes, network))

    return Seer(
        name=f"onnx_{network.decode}",
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        confidence_class="normal",
        see=see,
    )


def letterboxed(picture: Picture, side_px: int) -> tuple[Picture, float]:
    """Return the picture at the top left of a square, its shape kept, and its scale."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(side_px / height, side_px / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    square = np.full((side_px, side_px, 3), _FILL, dtype=np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return square, scale


def _decoder(network: Network) -> Callable[[Floats], Boxes]:
    known: dict[str, Callable[[Floats], Boxes]] = {
        "yolox": lambda rows: decode_yolox(rows, network.side_px, network.strides),
        "raw": decode_raw,
    }
    if network.decode not in known:
        near = did_you_mean(network.decode, known)
        raise ConfigError(f"there is no decode '{network.decode}'{near} (yolox or raw)")
    return known[network.decode]


def decode_yolox(rows: Floats, side_px: int, strides: Sequence[int]) -> Boxes:
    """Return the boxes of a YOLOX head (Ge et al. 2021), shape (cells, 5 + classes).

    Cells come by stride, then line by line; centre = (offset + cell) * stride, size =
    exp(value) * stride, score = objectness * score of the best class.  Raises ``ConfigError``
    where the output has another number of cells than input and strides make.
    """
    cells = [_cells(side_px // stride, stride) for stride in strides]
    grid = np.concatenate([cell for cell, _ in cells])
    stride_px = np.concatenate([stride for _, stride in cells])[:, np.newaxis]
    if rows.shape[0] != grid.shape[0] or rows.shape[1] <= _BOX + 1:
        raise ConfigError(
            f"the network gives {rows.shape[0]} cells of {rows.shape[1]} values; an input of "
            f"{side_px} px with strides {tuple(strides)} makes {grid.shape[0]}"
        )
    centre = (rows[:, :2] + grid) * stride_px
    half = np.exp(np.clip(rows[:, 2:_BOX], -_MAX_LOG, _MAX_LOG)) * stride_px / 2
    by_class = rows[:, _BOX, np.newaxis] * rows[:, _BOX + 1 :]
    return Boxes(
        np.hstack((centre - half, centre + half)), by_class.max(axis=1), by_class.argmax(axis=1)
    )


def _cells(many: int, stride: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[:many, :many]
    cells = np.column_stack((x.ravel(), y.ravel())).astype(np.float64)
    return cells, np.full(many * many, float(stride))


def decode_raw(rows: Floats) -> Boxes:
    """Return the boxes of a network that decodes and suppresses itself, shape (n, 6)."""
    if rows.shape[1] != _END_TO_END:
        raise ConfigError(f"decode 'raw' wants 6 values per box; the network gives {rows.shape[1]}")
    return Boxes(rows[:, :_BOX], rows[:, 4], rows[:, 5].astype(np.int64))


def _kept(boxes: Boxes, network: Network) -> list[int]:
    """Return the rows that are sure enough and not told already, surest first."""
    order = np.argsort(-boxes.scores, kind="stable")
    kept: list[int] = []
    for row in order[boxes.scores[order] >= network.min_score].tolist():
        same = [one for one in kept if boxes.classes[one] == boxes.classes[row]]
        if not (overlap(boxes.corners[row], boxes.corners[same]) > network.max_overlap).any():
            kept.append(row)
    return kept


def overlap(one: Floats, others: Floats) -> Floats:
    """Return intersection over union of a box (4,) with others (n, 4), all as corners."""
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return np.asarray(shared / np.maximum(areas - shared, 1e-12))


def _seen(boxes: Boxes, row: int, scale: float, picture: Picture, network: Network) -> Seen:
    height, width = picture.shape[:2]
    limits = np.array([width, height, width, height], dtype=np.float64)
    left, top, right, bottom = np.clip(boxes.corners[row] / scale, 0.0, limits).tolist()
    number = int(boxes.classes[row])
    known = 0 <= number < len(network.labels)
    return Seen(
        object_class=network.labels[number] if known else f"class_{number}",
        score=float(boxes.scores[row]),
        x_px=left,
        y_px=top,
        width_px=right - left,
        height_px=bottom - top,
    )

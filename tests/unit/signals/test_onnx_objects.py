"""Objects by a network that OpenCV really loads, written byte by byte."""

import hashlib

import numpy as np
import pytest

from avdataops.model.errors import ConfigError, UnreadableFile
from avdataops.ports.seeing import Picture, Seen
from avdataops.signals.onnx_objects import (
    Network,
    decode_raw,
    decode_yolox,
    letterboxed,
    onnx_seer,
    overlap,
)
from avdataops.testing.onnx_by_hand import colour_network, varint

NETWORK = Network(labels=("blue", "red"), side_px=32, decode="yolox", strides=(8,), min_score=0.5)
BLUE, RED = (255, 0, 0), (0, 0, 255)


def dark(height: int, width: int) -> Picture:
    return np.zeros((height, width, 3), dtype=np.uint8)


def box(seen: Seen) -> tuple[str, float, float, float, float]:
    return seen.object_class, seen.x_px, seen.y_px, seen.width_px, seen.height_px


def test_a_network_of_the_user_sees_what_is_there_and_where() -> None:
    picture = dark(64, 64)
    picture[16:32, 32:48] = BLUE
    picture[48:64, 0:16] = RED
    seer = onnx_seer(colour_network(), NETWORK)
    found = seer.see(picture)
    assert sorted(map(box, found)) == [
        ("blue", 32.0, 16.0, 16.0, 16.0),
        ("red", 0.0, 48.0, 16.0, 16.0),
    ]
    assert [one.score for one in found] == pytest.approx([1.0, 1.0], abs=1e-5)
    assert seer.see(dark(64, 64)) == ()


def test_a_wide_picture_keeps_its_shape_and_boxes_come_back_in_its_pixels() -> None:
    picture = dark(64, 128)
    picture[32:64, 64:96] = BLUE
    (seen,) = onnx_seer(colour_network(), NETWORK).see(picture)
    assert box(seen) == ("blue", 64.0, 32.0, 32.0, 32.0)


def test_the_weights_and_the_method_are_named() -> None:
    seer = onnx_seer(colour_network(), NETWORK)
    assert seer.weights_sha256 == hashlib.sha256(colour_network()).hexdigest()
    assert (seer.name, seer.confidence_class) == ("onnx_yolox", "normal")


def test_a_class_without_a_name_is_told_by_number() -> None:
    picture = dark(32, 32)
    picture[0:8, 0:8] = RED
    unnamed = Network(labels=("blue",), side_px=32, decode="yolox", strides=(8,))
    (seen,) = onnx_seer(colour_network(), unnamed).see(picture)
    assert seen.object_class == "class_1"


@pytest.mark.parametrize("data", [b"", b"not a network", b"\x00" * 100])
def test_what_is_no_network_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="no ONNX network that OpenCV runs"):
        onnx_seer(data, NETWORK)


def test_a_network_of_another_size_is_refused_with_both_numbers() -> None:
    wrong = Network(labels=(), side_px=32, decode="yolox", strides=(8, 16))
    with pytest.raises(ConfigError, match=r"gives 16 cells of 7 values; .* makes 20"):
        onnx_seer(colour_network(), wrong).see(dark(32, 32))


def test_an_unknown_decode_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no decode 'yolx'; did you mean 'yolox'\?"):
        onnx_seer(colour_network(), Network(labels=(), side_px=32, decode="yolx"))


def test_a_letterbox_fills_with_grey_and_tells_its_scale() -> None:
    square, scale = letterboxed(dark(10, 40), 20)
    assert (square.shape, scale) == ((20, 20, 3), 0.5)
    assert square[:5].max() == 0
    assert set(square[5:].ravel().tolist()) == {114}


def test_cells_come_by_stride_then_line_by_line() -> None:
    """16 px with strides 8 and 16: two by two cells, then one."""
    rows = np.zeros((5, 7))
    rows[:, 4] = [0.5, 0.6, 0.7, 0.8, 0.9]
    rows[:, 6] = 1.0
    boxes = decode_yolox(rows, 16, (8, 16))
    centres = (boxes.corners[:, :2] + boxes.corners[:, 2:]) / 2
    assert centres.tolist() == [[0, 0], [8, 0], [0, 8], [8, 8], [0, 0]]
    assert (boxes.corners[:, 2] - boxes.corners[:, 0]).tolist() == [8, 8, 8, 8, 16]
    assert boxes.scores.tolist() == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert boxes.classes.tolist() == [1] * 5


def test_boxes_that_are_decoded_already_are_taken_as_they_are() -> None:
    boxes = decode_raw(np.array([[1.0, 2.0, 3.0, 4.0, 0.9, 1.0]]))
    assert boxes.corners.tolist() == [[1, 2, 3, 4]]
    assert (boxes.scores.tolist(), boxes.classes.tolist()) == ([0.9], [1])
    with pytest.raises(ConfigError, match="wants 6 values per box; the network gives 7"):
        decode_raw(np.zeros((1, 7)))


def test_absurd_sizes_do_not_overflow() -> None:
    rows = np.full((16, 7), 1e9)
    assert np.isfinite(decode_yolox(rows, 32, (8,)).corners).all()


def test_overlap_is_shared_area_over_joint_area() -> None:
    one = np.array([0.0, 0.0, 2.0, 2.0])
    others = np.array([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0], [2.0, 0.0, 4.0, 2.0]])
    assert overlap(one, others).tolist() == pytest.approx([1.0, 1 / 3, 0.0])
    assert overlap(one, np.empty((0, 4))).tolist() == []


def test_of_two_boxes_of_a_class_at_one_place_the_surer_stays() -> None:
    """Boxes of two cells around neighbouring cells overlap by a third."""
    picture = dark(32, 32)
    picture[8:16, 8:16] = BLUE
    picture[8:16, 16:24] = (230, 0, 0)
    weights = colour_network(size_cells=2.0)

    def seen(max_overlap: float) -> list[float]:
        asked = Network(
            labels=("blue", "red"),
            side_px=32,
            decode="yolox",
            strides=(8,),
            min_score=0.5,
            max_overlap=max_overlap,
        )
        return [round(one.x_px, 3) for one in onnx_seer(weights, asked).see(picture)]

    assert seen(0.34) == [4.0, 12.0]
    assert seen(0.33) == [4.0]


def test_numbers_are_written_seven_bits_a_byte() -> None:
    assert [varint(n) for n in (0, 127, 128, 300)] == [b"\x00", b"\x7f", b"\x80\x01", b"\xac\x02"]

"""Messages of a camera as pictures."""

from typing import Any

import cv2
import numpy as np
import pytest

from avdataops.signals.camera_pictures import colour_picture


def raw(encoding: str, channels: int, padding: int = 0) -> dict[str, Any]:
    pixels = np.arange(2 * 3 * channels, dtype=np.uint8).reshape(2, 3 * channels)
    lines = np.pad(pixels, ((0, 0), (0, padding)), constant_values=255)
    return {
        "data": lines.tobytes(),
        "height": 2,
        "width": 3,
        "step": lines.shape[1],
        "encoding": encoding,
    }


def test_an_encoded_picture_is_decoded_in_colour() -> None:
    picture = np.zeros((4, 6, 3), dtype=np.uint8)
    picture[:, 3:] = (250, 10, 20)
    data = cv2.imencode(".png", picture)[1].tobytes()
    found = colour_picture({"data": data, "format": "png"})
    assert found is not None
    assert found.tolist() == picture.tolist()


def test_raw_pictures_become_blue_green_red() -> None:
    blue_first, red_first, grey = (
        colour_picture(raw(name, many)) for name, many in (("bgr8", 3), ("rgb8", 3), ("mono8", 1))
    )
    assert blue_first is not None
    assert red_first is not None
    assert grey is not None
    assert blue_first[0, 1].tolist() == [3, 4, 5]
    assert red_first[0, 1].tolist() == [5, 4, 3]
    assert grey[1, 2].tolist() == [5, 5, 5]


def test_padding_at_the_end_of_lines_is_no_picture() -> None:
    padded, plain = colour_picture(raw("bgr8", 3, padding=5)), colour_picture(raw("bgr8", 3))
    assert padded is not None
    assert plain is not None
    assert padded.tolist() == plain.tolist()


@pytest.mark.parametrize(
    "changed",
    [
        {"data": b""},
        {"data": None},
        {"data": b"\x00" * 17},
        {"step": 8},
        {"height": 0},
        {"width": None},
        {"encoding": "bayer_rggb8"},
        {"encoding": None},
    ],
)
def test_what_does_not_hold_what_it_promises_is_no_picture(changed: dict[str, Any]) -> None:
    assert colour_picture({**raw("bgr8", 3), **changed}) is None


def test_a_broken_encoded_picture_is_none() -> None:
    good = cv2.imencode(".jpg", np.zeros((16, 16, 3), dtype=np.uint8))[1].tobytes()
    assert colour_picture({"data": good}) is not None
    assert colour_picture({"data": good[:20]}) is None
    assert colour_picture({"data": b"\xff\xd8\xff no picture"}) is None

"""The weak fallback sees a plain figure of a person, and says that it is weak."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from avdataops.ports.seeing import Picture
from avdataops.signals.hog_people import hog_seer

GREY, DARK = (200, 200, 200), (40, 40, 40)


def figure(size_px: int = 220, scale: int = 1) -> Picture:
    """Return a person drawn with circles and lines in the middle of a grey picture."""
    picture = np.full((360 * scale, 480 * scale, 3), GREY, dtype=np.uint8)
    unit = size_px * scale / 100

    def at(across: float, down: float) -> tuple[int, int]:
        return int(240 * scale + across * unit), int(60 * scale + down * unit)

    cv2.circle(picture, at(0, 9), int(8 * unit), DARK, -1)
    body = np.array([at(-14, 20), at(14, 20), at(11, 55), at(-11, 55)], dtype=np.int32)
    cv2.fillPoly(picture, [body], DARK)
    for side in (-1, 1):
        cv2.line(picture, at(13 * side, 22), at(19 * side, 52), DARK, int(5 * unit))
        cv2.line(picture, at(6 * side, 55), at(10 * side, 98), DARK, int(8 * unit))
    return picture


@pytest.mark.parametrize("size_px", [150, 200, 250])
def test_one_person_is_seen_once_around_its_middle(size_px: int) -> None:
    (seen,) = hog_seer(0.5).see(figure(size_px))
    assert seen.object_class == "pedestrian"
    assert abs(seen.x_px + seen.width_px / 2 - 240) < 20
    assert abs(seen.y_px + seen.height_px / 2 - (60 + size_px / 2)) < 45
    assert size_px < seen.height_px < 2 * size_px


def test_boxes_of_a_large_picture_are_in_its_own_pixels() -> None:
    (seen,) = hog_seer(0.5).see(figure(scale=3))
    assert abs(seen.x_px + seen.width_px / 2 - 720) < 40


def test_a_higher_score_is_asked_for_in_vain() -> None:
    assert hog_seer(10.0).see(figure()) == ()


def test_nobody_is_seen_in_an_empty_or_a_tiny_picture() -> None:
    assert hog_seer(0.0).see(np.full((360, 480, 3), 128, dtype=np.uint8)) == ()
    assert hog_seer(0.0).see(np.full((100, 480, 3), 128, dtype=np.uint8)) == ()
    assert hog_seer(0.0).see(np.full((480, 60, 3), 128, dtype=np.uint8)) == ()


def test_it_is_declared_weak_and_has_no_weights() -> None:
    seer = hog_seer(0.5)
    assert (seer.name, seer.weights_sha256, seer.confidence_class) == ("hog_people", None, "weak")


def test_an_empty_street_of_a_real_drive_has_few_people_at_most(real_data: Path) -> None:
    (frame,) = (real_data / "can" / "comma2k19_seg40").rglob("*.png")
    picture = cv2.imread(str(frame))
    assert picture is not None
    seen = hog_seer(0.5).see(np.asarray(picture, dtype=np.uint8))
    assert len(seen) <= 2

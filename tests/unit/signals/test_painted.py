"""Painting over: nothing of what was there is left, and nothing else is touched."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.covered import Region
from avdataops.signals.painted import CELLS, encoded, painted

RNG = np.random.default_rng(3)
NOISE = RNG.integers(0, 256, (60, 80, 3), dtype=np.uint8)


def region(x: float, y: float, w: float, h: float) -> Region:
    return Region(x, y, w, h, "face", 0.9)


def test_a_region_becomes_a_few_mean_colours_and_the_rest_stays() -> None:
    found = painted(NOISE, [region(10, 20, 32, 24)])
    inside = found[20:44, 10:42]
    assert len(np.unique(inside.reshape(-1, 3), axis=0)) <= CELLS * CELLS
    corner = NOISE[20:32, 10:26].reshape(-1, 3).mean(axis=0)
    assert np.abs(inside[0, 0] - corner).max() <= 1
    outside = np.ones(NOISE.shape[:2], dtype=bool)
    outside[20:44, 10:42] = False
    assert (found[outside] == NOISE[outside]).all()


def test_pictures_that_differ_only_inside_a_region_look_nearly_the_same_after() -> None:
    other = NOISE.copy()
    other[20:44, 10:42] = RNG.permutation(NOISE[20:44, 10:42].reshape(-1, 3)).reshape(24, 32, 3)
    one, two = (painted(picture, [region(10, 20, 32, 24)]) for picture in (NOISE, other))
    assert np.abs(one.astype(int) - two.astype(int)).max() < 40


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0.1, 200), st.floats(0.1, 200))
def test_no_region_reaches_out_of_the_picture_or_leaves_a_pixel_of_its_own(
    x: float, y: float, w: float, h: float
) -> None:
    found = painted(NOISE, [region(x, y, w, h)])
    assert found.shape == NOISE.shape
    left, top = max(0, int(np.floor(x))), max(0, int(np.floor(y)))
    inside = found[top : max(top, int(np.ceil(y + h))), left : max(left, int(np.ceil(x + w)))]
    colours = np.unique(inside.reshape(-1, 3), axis=0)
    assert len(colours) <= CELLS * CELLS


def test_a_small_region_is_one_colour() -> None:
    found = painted(NOISE, [region(10, 10, 3, 3)])
    assert len(np.unique(found[10:13, 10:13].reshape(-1, 3), axis=0)) == 1


def test_regions_over_each_other_are_made_of_the_original() -> None:
    first, second = region(10, 10, 20, 20), region(15, 15, 20, 20)
    found = painted(NOISE, [first, second])
    alone = painted(NOISE, [second])
    assert (found[15:35, 15:35] == alone[15:35, 15:35]).all()


def test_the_original_is_left_alone() -> None:
    before = NOISE.copy()
    painted(NOISE, [region(0, 0, 80, 60)])
    assert (before == NOISE).all()


def test_a_jpeg_stays_a_jpeg_and_its_head_does_not_come_along() -> None:
    plain = cv2.imencode(".jpg", NOISE)[1].tobytes()
    secret = b"\xff\xe1\x00\x10Exif\x00\x00GPS 56.1"
    with_head = plain[:2] + secret + plain[2:]
    made = encoded(NOISE, with_head)
    assert made.startswith(b"\xff\xd8\xff")
    assert b"Exif" in with_head
    assert b"Exif" not in made
    png = encoded(NOISE, b"\x89PNG...")
    back = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(np.asarray(back), NOISE)

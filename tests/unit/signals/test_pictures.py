"""What pictures tell of themselves."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.pictures import (
    Grey,
    decoded,
    distance_bits,
    facts_of,
    perceptual_hash,
    unpacked,
)

HASHES = st.integers(-(2**63), 2**63 - 1)


def street(shift: int = 0, seed: int = 5) -> Grey:
    """Return a picture of 320 x 240 with structure at every scale."""
    noise = np.random.default_rng(seed).normal(0.0, 1.0, (240, 400)).astype(np.float32)
    coarse = cv2.GaussianBlur(noise, (0, 0), 25.0)
    fine = cv2.GaussianBlur(noise, (0, 0), 1.5)
    both = coarse / coarse.std() * 40 + fine / fine.std() * 10 + 120
    return np.asarray(np.clip(both[:, shift : shift + 320], 0, 255), dtype=np.uint8)


def jpeg(picture: Grey, quality: int = 90) -> bytes:
    """Return an encoded picture."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data.tobytes())


def test_a_jpeg_is_decoded_in_grey_at_a_quarter() -> None:
    grey = decoded(jpeg(street()))
    assert grey is not None
    assert grey.shape == (60, 80)
    assert grey.dtype == np.uint8


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0" + bytes(50)])
def test_bytes_that_are_no_picture_tell_nothing(data: bytes) -> None:
    assert decoded(data) is None


def test_compression_noise_and_brightness_hardly_move_the_hash() -> None:
    picture = street()
    one = perceptual_hash(picture)
    again = decoded(jpeg(picture, 40))
    assert again is not None
    assert distance_bits(one, perceptual_hash(again)) <= 4
    brighter = np.clip(picture.astype(np.int16) + 20, 0, 255).astype(np.uint8)
    assert distance_bits(one, perceptual_hash(brighter)) <= 4


def test_other_pictures_are_far_away() -> None:
    hashes = [perceptual_hash(street(seed=seed)) for seed in range(10)]
    pairs = [(a, b) for n, a in enumerate(hashes) for b in hashes[:n]]
    assert min(distance_bits(a, b) for a, b in pairs) > 12


def test_a_hash_fits_into_64_signed_bits() -> None:
    for seed in range(20):
        assert -(2**63) <= perceptual_hash(street(seed=seed)) < 2**63


def test_blur_takes_the_sharpness_and_not_the_brightness() -> None:
    sharp = facts_of(street())
    soft = facts_of(np.asarray(cv2.GaussianBlur(street(), (0, 0), 4.0), dtype=np.uint8))
    assert soft.sharpness < 0.1 * sharp.sharpness
    assert soft.luma == pytest.approx(sharp.luma, abs=1.0)


@pytest.mark.parametrize("level", [0, 3, 255])
def test_an_even_picture_has_its_level_and_no_sharpness(level: int) -> None:
    facts = facts_of(np.full((60, 80), level, dtype=np.uint8))
    assert (facts.luma, facts.sharpness) == (level, 0.0)


def test_a_raw_picture_is_the_same_as_an_encoded_one() -> None:
    picture = street()
    grey = unpacked(picture.tobytes(), 240, 320, 320, "mono8")
    assert grey is not None
    assert grey.shape == (60, 80)
    assert distance_bits(perceptual_hash(grey), perceptual_hash(picture)) <= 4
    colour = np.repeat(picture[:, :, None], 3, axis=2)
    padded = np.pad(colour.reshape(240, 960), ((0, 0), (0, 40)))
    same = unpacked(padded.tobytes(), 240, 320, 1000, "bgr8")
    assert same is not None
    assert np.array_equal(same, grey)


@pytest.mark.parametrize(
    ("height", "width", "step", "encoding"),
    [
        (241, 320, 320, "mono8"),
        (240, 321, 320, "mono8"),
        (240, 320, 320, "rgb8"),
        (240, 320, 320, "16UC1"),
        (0, 320, 320, "mono8"),
    ],
)
def test_raw_pictures_that_contradict_themselves_tell_nothing(
    height: int, width: int, step: int, encoding: str
) -> None:
    assert unpacked(street().tobytes(), height, width, step, encoding) is None


@given(one=HASHES, other=HASHES)
def test_the_distance_counts_bits_either_way(one: int, other: int) -> None:
    assert distance_bits(one, other) == distance_bits(other, one)
    assert distance_bits(one, one) == 0
    assert distance_bits(one, ~one) == 64

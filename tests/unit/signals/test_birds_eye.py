"""Clouds from above."""

import numpy as np
import pytest

from avdataops.signals.birds_eye import (
    AHEAD_M,
    ASIDE_M,
    BEHIND_M,
    PX_PER_M,
    Box,
    Pixels,
    birds_eye,
)

NONE = np.empty(0)
EMPTY = birds_eye(NONE, NONE, NONE)
ACTOR, OTHER = (255, 166, 87), (88, 166, 255)


def changed(picture: Pixels) -> np.ndarray:
    """Return rows and columns that differ from the picture of nothing."""
    return np.argwhere((picture != EMPTY).any(axis=2))


def place(x_m: float, y_m: float) -> tuple[float, float]:
    return (AHEAD_M - x_m) * PX_PER_M, (ASIDE_M - y_m) * PX_PER_M


@pytest.mark.parametrize(("x_m", "y_m"), [(10.0, 0.0), (0.0, 10.0), (-5.0, -20.0), (50.0, 30.0)])
def test_forward_is_up_and_left_is_left(x_m: float, y_m: float) -> None:
    found = changed(birds_eye(np.array([x_m]), np.array([y_m]), np.array([0.5])))
    assert found.mean(axis=0) == pytest.approx(place(x_m, y_m), abs=2)


def test_what_lies_outside_or_nowhere_is_left_out() -> None:
    far = np.array([AHEAD_M + 1, -BEHIND_M - 1, 10.0, 10.0, np.nan, np.inf, 10.0])
    aside = np.array([0.0, 0.0, ASIDE_M + 1, np.nan, 0.0, 0.0, 0.0])
    height = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, np.nan])
    assert changed(birds_eye(far, aside, height)).size == 0


def test_points_at_the_very_edge_stay_in_the_picture() -> None:
    edge = 1e-9
    x = np.array([AHEAD_M - edge, -BEHIND_M + edge, 0.0, 0.0])
    y = np.array([0.0, 0.0, ASIDE_M - edge, -ASIDE_M + edge])
    assert changed(birds_eye(x, y, np.ones(4))).size > 0


def test_of_points_in_one_place_the_highest_counts() -> None:
    x, y = np.full(3, 20.0), np.full(3, 5.0)
    tall = birds_eye(x, y, np.array([0.0, 3.0, 1.0]))
    alone = birds_eye(x[:1], y[:1], np.array([3.0]))
    assert np.array_equal(tall, alone)


def test_low_and_high_have_other_colours_and_beyond_is_like_the_end() -> None:
    def colour(z_m: float) -> tuple[int, ...]:
        picture = birds_eye(np.array([20.0]), np.array([5.0]), np.array([z_m]))
        row, column = changed(picture)[0]
        return tuple(picture[row, column])

    assert len({colour(z_m) for z_m in (-0.3, 0.5, 1.5, 3.0)}) == 4
    assert colour(-50.0) == colour(-0.3)
    assert colour(50.0) == colour(3.0)


def test_the_actor_has_a_colour_of_its_own() -> None:
    box = Box(20.0, 5.0, 0.0, 4.0, 2.0)
    for one, colour in ((box, OTHER), (Box(20.0, 5.0, 0.0, 4.0, 2.0, is_actor=True), ACTOR)):
        picture = birds_eye(NONE, NONE, NONE, [one])
        found = changed(picture)
        assert {tuple(picture[row, column]) for row, column in found} == {colour}
        size = (found.max(axis=0) - found.min(axis=0)) / PX_PER_M
        assert size == pytest.approx((4.0, 2.0), abs=0.6)


def test_a_box_is_turned_by_its_yaw() -> None:
    found = changed(birds_eye(NONE, NONE, NONE, [Box(20.0, 5.0, np.pi / 2, 8.0, 2.0)]))
    assert (found.max(axis=0) - found.min(axis=0)) / PX_PER_M == pytest.approx((2, 8), abs=0.6)


def test_an_object_of_unknown_size_and_yaw_is_still_seen() -> None:
    found = changed(birds_eye(NONE, NONE, NONE, [Box(20.0, 5.0, np.nan, np.nan, np.nan)]))
    assert found.mean(axis=0) == pytest.approx(place(20.0, 5.0), abs=2)


@pytest.mark.parametrize(
    "box",
    [Box(np.nan, 0.0, 0.0, 4.0, 2.0), Box(1e300, 0.0, 0.0, 4.0, 2.0),
     Box(np.inf, np.inf, 0.0, 4.0, 2.0)],
)  # fmt: skip
def test_an_object_that_is_nowhere_is_not_drawn(box: Box) -> None:
    assert changed(birds_eye(NONE, NONE, NONE, [box])).size == 0


def test_a_box_larger_than_the_world_does_no_harm() -> None:
    picture = birds_eye(NONE, NONE, NONE, [Box(20.0, 5.0, 0.3, 1e300, 1e300)])
    assert picture.shape == EMPTY.shape

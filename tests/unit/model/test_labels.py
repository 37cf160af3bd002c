"""Boxes and cuboids."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import SchemaMismatch
from avdataops.model.labels import Box, Cuboid, box_of_centre, box_of_corner, cuboid_of

pixels, sizes = st.floats(-1e5, 1e5), st.floats(0.001, 1e5)


@given(x=pixels, y=pixels, w=sizes, h=sizes)
def test_corner_and_centre_are_the_same_box_exactly(x: float, y: float, w: float, h: float) -> None:
    box = box_of_corner(x, y, w, h)
    assert box_of_centre(*box.centre) == box
    assert math.isclose(box.x_px, x, abs_tol=1e-6)
    assert box_of_corner(box.x_px, box.y_px, box.width_px, box.height_px) == box


@pytest.mark.parametrize(
    "values",
    [(0, 0, 0, 1), (0, 0, 1, -1), (math.nan, 0, 1, 1), (0, math.inf, 1, 1), (2e6, 0, 1, 1)],
)
def test_what_is_no_rectangle_of_a_picture_is_refused(values: tuple[float, ...]) -> None:
    for make in (box_of_corner, box_of_centre, Box):
        with pytest.raises(SchemaMismatch):
            make(*values)


def test_a_cuboid_keeps_its_numbers_in_order() -> None:
    nine = tuple(map(float, range(9)))
    assert cuboid_of(nine).values == nine
    assert cuboid_of((*nine, 9.0)).rotation == (3.0, 4.0, 5.0, 6.0)
    for wrong in (nine[:8], (*nine, 9.0, 10.0), (*nine[:8], math.nan)):
        with pytest.raises(SchemaMismatch, match="9 or 10 finite numbers"):
            cuboid_of(wrong)
    with pytest.raises(SchemaMismatch):
        Cuboid((1.0, 2.0), (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0))

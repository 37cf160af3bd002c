"""Two deliveries held against each other."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.tables.label_diff import box_iou, label_diff

sizes = st.floats(0.5, 100)
places = st.floats(-50, 50)


def row(label: str, **more: Any) -> dict[str, Any]:
    texts = ("rotation", "stream")
    numbers = ("x_px", "y_px", "width_px", "height_px", "x_m", "y_m", "z_m")
    empty = dict.fromkeys((*texts, *numbers, "length_m", "width_m", "height_m"))
    usual = {"label": label, "t_ns": 5, "frame": 1, "shape": "bbox", "object_class": "car"}
    return {**empty, **usual, "track": label, "name": "", "attributes": "{}", **more}


def box(label: str, x: float = 0.0, y: float = 0.0, w: float = 10.0, **more: Any) -> dict[str, Any]:
    return row(label, x_px=x, y_px=y, width_px=w, height_px=10.0, **more)


def test_a_box_that_moved_tells_by_how_much() -> None:
    (one,) = label_diff([box("a", x=5)], [box("a")])
    assert (one.change, one.shift_m) == ("moved", None)
    assert one.iou == pytest.approx(1 / 3)
    assert not one.said_changed


def test_a_cuboid_that_moved_tells_how_far() -> None:
    def at(x_m: float) -> dict[str, Any]:
        return row("a", shape="cuboid", x_m=x_m, y_m=0.0, z_m=1.0, rotation="[0,0,0]")

    (one,) = label_diff([at(4.0)], [at(1.0)])
    assert (one.change, one.shift_m, one.iou) == ("moved", 3.0, None)


def test_what_is_only_told_differently_is_changed() -> None:
    (one,) = label_diff([box("a", attributes='{"x":1}')], [box("a")])
    assert (one.change, one.iou, one.said_changed) == ("changed", 1.0, True)
    assert label_diff([box("a", attributes='{"x": 1.0}')], [box("a", attributes='{"x":1}')]) == []


def test_a_box_under_a_new_track_is_found_again_by_its_place() -> None:
    new = [box("n1", x=1), box("n2", x=100)]
    old = [box("o1"), box("o2", x=101), box("o3", x=500)]
    found = {one.row["label"]: one for one in label_diff(new, old)}
    assert {label: one.change for label, one in found.items()} == {
        "n1": "moved",
        "n2": "moved",
        "o3": "removed",
    }
    was = found["n1"].was
    assert was is not None
    assert was["label"] == "o1"
    assert found["n1"].said_changed


def test_boxes_of_other_classes_frames_or_cameras_are_other_boxes() -> None:
    for other in ({"object_class": "bus"}, {"frame": 2}, {"stream": "/left"}):
        found = label_diff([box("n", **other)], [box("o")])
        assert {one.change for one in found} == {"added", "removed"}


def test_each_box_is_found_again_once_and_by_the_best_overlap() -> None:
    found = label_diff([box("n1", x=2), box("n2", x=1)], [box("o")])
    assert [(one.row["label"], one.change) for one in found] == [("n1", "added"), ("n2", "moved")]


@given(places, places, sizes, places, places, sizes)
def test_overlap_is_the_same_either_way_and_never_above_one(
    x: float, y: float, w: float, x2: float, y2: float, w2: float
) -> None:
    one, other = box("a", x, y, w), box("b", x2, y2, w2)
    there, back = box_iou(one, other), box_iou(other, one)
    assert there is not None
    assert back is not None
    assert math.isclose(there, back)
    assert 0 <= there <= 1 + 1e-9
    assert math.isclose(box_iou(one, one) or 0, 1.0)


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
)
def test_every_label_of_either_side_is_told_or_unchanged(new: list[str], old: list[str]) -> None:
    at = {name: 100.0 * number for number, name in enumerate("abcdef")}
    found = label_diff([box(n, x=at[n]) for n in new], [box(n, x=at[n]) for n in old])
    told = {(one.row["label"], one.change) for one in found}
    assert told == {(n, "added") for n in set(new) - set(old)} | {
        (n, "removed") for n in set(old) - set(new)
    }

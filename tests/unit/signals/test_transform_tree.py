"""Frames of a vehicle from tables of static transforms."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.rig import Placement
from avdataops.signals.transform_tree import (
    TransformTree,
    matrix_of,
    placement_of,
    transform_tree,
)
from avdataops.testing.step_tables import MemoryTable, memory_table

HALF = math.sqrt(0.5)
TURNS = {"none": (0.0, 0.0, 0.0, 1.0), "left": (0.0, 0.0, HALF, HALF)}


def row(child: str, parent: str, x: float = 0.0, turn: Any = (0, 0, 0, 1)) -> dict[str, Any]:
    place = {f"transform_translation_{axis}_m": v for axis, v in zip("xyz", (x, 0, 0), strict=True)}
    turned = {f"transform_rotation_{a}": float(v) for a, v in zip("xyzw", turn, strict=True)}
    return {"t_ns": 1, "child_frame_id": child, "header_frame_id": parent, **place, **turned}


def table(*rows: dict[str, Any], topic: str = "/tf_static") -> MemoryTable:
    data = pa.Table.from_pylist(list(rows))
    return memory_table(
        data, kind="stream", name=f"{topic}.transforms", attributes={"topic": topic}
    )


def test_a_chain_of_frames_is_walked_in_order() -> None:
    tree = transform_tree(
        [table(row("mast", "base_link", 1.0, TURNS["left"]), row("cam", "mast", 2.0))]
    )
    found = tree.between("cam", "base_link")
    assert found is not None
    assert found.translation_m == pytest.approx((1.0, 2.0, 0.0))
    assert found.rotation_xyzw == pytest.approx(TURNS["left"])
    assert tree.source == "/tf_static"
    assert tree.problems == []


def test_the_way_back_and_across_are_known_too() -> None:
    tree = transform_tree([table(row("a", "base_link", 1.0), row("b", "base_link", -2.0))])
    across, back = tree.between("a", "b"), tree.between("base_link", "a")
    assert across is not None
    assert back is not None
    assert across.translation_m == pytest.approx((3.0, 0.0, 0.0))
    assert back.translation_m == pytest.approx((-1.0, 0.0, 0.0))


def test_frames_that_nothing_ties_are_unknown() -> None:
    tree = transform_tree([table(row("a", "base_link"), row("x", "y"))])
    assert tree.between("x", "base_link") is None
    assert tree.between("nowhere", "base_link") is None


def test_frames_in_a_circle_are_unknown_and_do_not_hang() -> None:
    tree = transform_tree([table(row("a", "b"), row("b", "c"), row("c", "a"))])
    assert tree.between("a", "base_link") is None
    deep = transform_tree([table(*(row(f"f{n}", f"f{n + 1}") for n in range(200)))])
    assert deep.between("f0", "f200") is None


def test_a_leading_slash_of_ros_1_is_no_part_of_a_name() -> None:
    tree = transform_tree([table(row("/cam", "/base_link", 1.0))])
    assert tree.between("cam", "base_link") is not None


@pytest.mark.parametrize(
    "bad",
    [
        row("cam", "base_link", float("nan")),
        row("cam", "base_link", turn=(0, 0, 0, 0)),
        row("cam", "base_link", turn=(1, 1, 1, 1)),
        row("cam", "base_link", float("inf")),
    ],
    ids=["no_place", "no_turn", "no_unit", "far"],
)
def test_what_is_no_rigid_motion_is_left_out_and_told(bad: dict[str, Any]) -> None:
    tree = transform_tree([table(bad, row("lidar", "base_link"))])
    assert [problem.code for problem in tree.problems] == ["bad_transform"]
    assert tree.between("cam", "base_link") is None
    assert tree.between("lidar", "base_link") is not None


def test_a_mounting_that_changes_is_told_and_the_last_counts() -> None:
    tree = transform_tree([table(row("cam", "base_link", 1.0), row("cam", "base_link", 2.0))])
    assert [problem.code for problem in tree.problems] == ["calibration_changes"]
    found = tree.between("cam", "base_link")
    assert found is not None
    assert found.translation_m[0] == 2.0


def test_moving_transforms_and_odd_tables_are_not_looked_into() -> None:
    moving = table(row("odom", "map"), topic="/tf")
    odd = memory_table(
        pa.table({"t_ns": [1]}), kind="stream", name="odd", attributes={"topic": "/tf_static"}
    )
    assert transform_tree([moving, odd]) == TransformTree()
    assert moving.asked == []


def test_rows_without_names_or_numbers_say_nothing() -> None:
    nameless = row("", "base_link")
    numberless = {**row("cam", "base_link"), "transform_rotation_x": None}
    assert transform_tree([table(nameless, numberless)]).parents == {}


unit = st.floats(-1, 1)


@given(st.tuples(unit, unit, unit), st.tuples(unit, unit, unit, unit))
def test_matrix_and_quaternion_are_one_motion(place: Any, turn: Any) -> None:
    length = math.hypot(*turn)
    if length < 1e-3:
        return
    given_ = Placement(
        translation_m=place, rotation_xyzw=tuple(float(one / length) for one in turn)
    )
    back = placement_of(matrix_of(given_))
    assert np.allclose(matrix_of(back), matrix_of(given_), atol=1e-9)
    assert back.rotation_xyzw[3] >= 0

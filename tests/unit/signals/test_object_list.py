"""Object lists as rows: identity, likeliest class, pose."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.object_list import needed_columns, object_table
from avdataops.tables.kinds import kind
from avdataops.tables.object_lists import ObjectList, object_list

POSE = "kinematics_pose_with_covariance_pose"


def _rule() -> ObjectList:
    rule = object_list("autoware_perception_msgs/msg/TrackedObjects")
    assert rule is not None
    return rule


def _objects(rows: list[int], elements: list[int], part: str = "a") -> pa.Table:
    count = len(rows)
    return pa.table(
        {
            "t_ns": pa.array([row * 100 for row in rows], pa.int64()),
            "part": pa.array([part] * count, pa.string()),
            "row": pa.array(rows, pa.int64()),
            "element": pa.array(elements, pa.int64()),
            "object_id_uuid": pa.array([bytes([e]) * 16 for e in elements], pa.binary()),
            f"{POSE}_position_x_m": pa.array([float(e) for e in elements], pa.float64()),
            f"{POSE}_position_y_m": pa.array([0.0] * count, pa.float64()),
            f"{POSE}_orientation_x": pa.array([0.0] * count, pa.float64()),
            f"{POSE}_orientation_y": pa.array([0.0] * count, pa.float64()),
            f"{POSE}_orientation_z": pa.array([1.0] * count, pa.float64()),
            f"{POSE}_orientation_w": pa.array([1.0] * count, pa.float64()),
        }
    )


def _classes(rows: list[tuple[str, int, int, int, float]]) -> pa.Table:
    part, row, element, label, probability = zip(*rows, strict=True) if rows else ([],) * 5
    return pa.table(
        {
            "part": pa.array(part, pa.string()),
            "row": pa.array(row, pa.int64()),
            "parent_element": pa.array(element, pa.int64()),
            "element": pa.array([0] * len(rows), pa.int64()),
            "label": pa.array(label, pa.uint8()),
            "probability": pa.array(probability, pa.float32()),
        }
    )


def _table(objects: pa.Table, classes: pa.Table | None) -> pa.Table:
    t = objects["t_ns"].to_numpy()
    table = object_table(_rule(), "/o", t, objects, classes)
    kind("objects").check(table.schema)
    return table


def test_the_likeliest_class_of_each_object_counts() -> None:
    classes = _classes([("a", 0, 0, 1, 0.2), ("a", 0, 0, 7, 0.8), ("a", 0, 1, 2, 0.6)])
    table = _table(_objects([0, 0], [0, 1]), classes)
    assert table["object_class"].to_pylist() == ["pedestrian", "truck"]
    assert table["class_probability"].to_pylist() == pytest.approx([0.8, 0.6])


def test_of_classes_as_likely_the_smaller_label_counts() -> None:
    for order in ([0, 1], [1, 0]):
        rows = [("a", 0, 0, 7, 0.5), ("a", 0, 0, 1, 0.5)]
        table = _table(_objects([0], [0]), _classes([rows[place] for place in order]))
        assert table["object_class"].to_pylist() == ["car"]


def test_classes_of_another_message_part_or_object_do_not_count() -> None:
    classes = _classes([("b", 0, 0, 1, 0.9), ("a", 1, 0, 1, 0.9), ("a", 0, 5, 1, 0.9)])
    table = _table(_objects([0], [0]), classes)
    assert table["object_class"].to_pylist() == [None]
    assert table["class_probability"].to_pylist() == [None]


def test_a_label_without_a_name_is_an_unknown_class() -> None:
    table = _table(_objects([0], [0]), _classes([("a", 0, 0, 0, 0.9)]))
    assert table["object_class"].to_pylist() == [None]


@pytest.mark.parametrize("classes", [None, _classes([])])
def test_without_classes_all_are_unknown(classes: pa.Table | None) -> None:
    assert _table(_objects([0, 1], [0, 0]), classes)["object_class"].to_pylist() == [None, None]


def test_rows_are_sorted_by_time_and_track() -> None:
    table = _table(_objects([1, 0, 0], [0, 2, 1]), None)
    assert table["t_ns"].to_pylist() == [0, 0, 100]
    assert table["track_id"].to_pylist() == ["01" * 16, "02" * 16, "00" * 16]


def test_yaw_comes_of_the_orientation() -> None:
    assert _table(_objects([0], [0]), None)["yaw_rad"].to_pylist() == pytest.approx([np.pi / 2])


def test_an_object_without_a_place_or_an_identity_is_left_out() -> None:
    objects = _objects([0, 0, 0], [0, 1, 2])
    x = objects.schema.get_field_index(f"{POSE}_position_x_m")
    objects = objects.set_column(x, objects.schema.field(x), pa.array([1.0, None, 3.0]))
    names = objects.schema.get_field_index("object_id_uuid")
    objects = objects.set_column(
        names, objects.schema.field(names), pa.array([b"a", b"b", None], pa.binary())
    )
    assert _table(objects, None)["track_id"].to_pylist() == ["61"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([7], pa.int64()), ["7"]),
        (pa.array(["seven"], pa.string()), ["seven"]),
        (pa.array([b"\x07\xff"], pa.binary()), ["07ff"]),
    ],
)
def test_identities_of_any_type_are_text(values: pa.Array, texts: list[str]) -> None:
    objects = _objects([0], [0])
    place = objects.schema.get_field_index("object_id_uuid")
    objects = objects.set_column(place, "object_id_uuid", values)
    assert _table(objects, None)["track_id"].to_pylist() == texts


def test_no_objects_give_an_empty_table() -> None:
    table = _table(_objects([], []), _classes([]))
    assert table.num_rows == 0
    assert table.schema.names == kind("objects").schema.names


def test_only_columns_of_use_are_read() -> None:
    objects = _objects([0], [0]).append_column("footprint", pa.array([1]))
    needed = needed_columns(_rule(), objects.schema)
    assert "footprint" not in needed
    assert {"t_ns", "part", "row", "element", "object_id_uuid"} <= set(needed)
    assert needed_columns(_rule(), _classes([]).schema) == [
        "part",
        "row",
        "element",
        "parent_element",
        "label",
        "probability",
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.integers(0, 3),
            st.integers(0, 2),
            st.integers(1, 8),
            st.sampled_from([0.125, 0.25, 0.5, 0.75]),
        ),
        max_size=25,
    )
)
def test_the_choice_of_class_agrees_with_a_plain_search(
    rows: list[tuple[str, int, int, int, float]],
) -> None:
    objects = pa.concat_tables([_objects([0, 0, 1, 3], [0, 1, 0, 2], part) for part in ("a", "b")])
    table = object_table(_rule(), "/o", np.arange(objects.num_rows), objects, _classes(rows))
    for at, place in enumerate(objects.select(["part", "row", "element"]).to_pylist()):
        mine = [
            (-chance, label)
            for part, row, element, label, chance in rows
            if (part, row, element) == (place["part"], place["row"], place["element"])
        ]
        expected = _rule().class_names[min(mine)[1]] if mine else None
        assert table["object_class"][at].as_py() == expected

"""Labels as rows, and what changed between two deliveries."""

import json

import pyarrow as pa

from avdataops.model.label_package import LabelPackage, Taxonomy
from avdataops.model.labels import (
    Element,
    Frame,
    LabelSet,
    ObjectLabel,
    Picture,
    Track,
    box_of_corner,
    cuboid_of,
)
from avdataops.tables.kinds import kind
from avdataops.tables.label_rows import label_changes, label_rows

PICTURE = Picture(frame=2, stream="/front", t_ns=2007, sha256="a" * 64)
SENT = LabelPackage(
    package="pkg_1",
    measurement="m_1",
    vehicle="car-1",
    taxonomy=Taxonomy(ontology="o", openlabel="1.0.0", scene_types=(), object_classes=("car",)),
    scenes=(),
    frames=(Frame(index=0, t_ns=1000), Frame(index=2, t_ns=2000)),
    pictures=(PICTURE,),
    made_from=(),
    files=(),
)
TRACKS = (Track(key="1", object_class="car"), Track(key="2", object_class="bus"))


def box(track: str = "1", x_px: float = 1.5, frame: int = 2) -> ObjectLabel:
    return ObjectLabel(
        track=track,
        shape="bbox",
        name="shape",
        frame=frame,
        stream="/front",
        box=box_of_corner(x_px, 2, 3, 4),
        attributes={"b": 1, "a": None},
    )


def rows(*found: ObjectLabel, delivery: int = 1, tracks: tuple[Track, ...] = TRACKS) -> pa.Table:
    batch = label_rows(LabelSet(tracks=tracks, labels=found), SENT, delivery)
    return pa.Table.from_batches([batch])


def changed(new: pa.Table, old: pa.Table | None) -> list[tuple[str, str, int]]:
    (batch,) = new.to_batches() or [pa.RecordBatch.from_pylist([], schema=new.schema)]
    found = label_changes(batch, old, 2).to_pylist()
    return [(row["change"], row["track"], row["delivery"]) for row in found]


def test_a_box_is_linked_to_frame_picture_and_package() -> None:
    (row,) = rows(box(), delivery=3).to_pylist()
    assert (row["t_ns"], row["frame"], row["stream"]) == (2000, 2, "/front")
    assert (row["picture_t_ns"], row["picture_sha256"]) == (2007, "a" * 64)
    assert (row["package"], row["delivery"], row["object_class"]) == ("pkg_1", 3, "car")
    assert [row[name] for name in ("x_px", "y_px", "width_px", "height_px")] == [1.5, 2, 3, 4]
    assert (row["x_m"], row["rotation"]) == (None, None)
    assert json.loads(row["attributes"]) == {"a": None, "b": 1}
    assert row["label"].startswith("lbl_")


def test_a_cuboid_keeps_all_its_numbers() -> None:
    shape = cuboid_of((1, 2, 3, 0, 0, 0.6, 0.8, 4, 2, 1.5))
    (row,) = rows(ObjectLabel(track="1", shape="cuboid", frame=0, cuboid=shape)).to_pylist()
    assert [row[name] for name in ("x_m", "y_m", "z_m")] == [1, 2, 3]
    assert [row[name] for name in ("length_m", "width_m", "height_m")] == [4, 2, 1.5]
    assert json.loads(row["rotation"]) == [0, 0, 0.6, 0.8]
    assert row["x_px"] is None


def test_what_holds_throughout_stands_at_the_first_frame() -> None:
    text = ObjectLabel(track="2", shape="text", name="n", attributes={"val": "x"})
    (row,) = rows(text).to_pylist()
    assert (row["t_ns"], row["frame"], row["picture_sha256"]) == (1000, None, None)


def test_elements_are_rows_with_their_group_as_shape() -> None:
    night = Element(group="contexts", key="5", type="night", attributes={"x": 1})
    (row,) = label_rows(LabelSet(elements=(night,)), SENT, 1).to_pylist()
    assert (row["shape"], row["track"], row["object_class"]) == ("context", "5", "night")


def test_rows_keep_the_promise_of_their_kind_even_without_any() -> None:
    none = label_rows(LabelSet(), SENT, 1)
    assert none.num_rows == 0
    kind("labels").check(none.schema)
    kind("label_changes").check(label_changes(none, None, 1).schema)


def test_rows_are_in_the_order_of_their_kind() -> None:
    found = rows(box("2"), box("1"), box("1", frame=0)).to_pylist()
    places = [(row["t_ns"], row["label"]) for row in found]
    assert places == sorted(places)


def test_ids_do_not_depend_on_the_delivery_and_twins_are_told_apart() -> None:
    one, two = rows(box(), box(x_px=9)), rows(box(x_px=9), box(), delivery=2)
    assert one["label"].to_pylist() == two["label"].to_pylist()
    assert len(set(one["label"].to_pylist())) == 2
    assert one["content"].to_pylist() == two["content"].to_pylist()


def test_everything_is_added_at_first_and_nothing_when_nothing_changed() -> None:
    assert changed(rows(box()), None) == [("added", "1", 2)]
    assert changed(rows(box()), rows(box())) == []


def test_what_was_added_removed_and_changed_is_told() -> None:
    assert changed(rows(box(), box("2")), rows(box())) == [("added", "2", 2)]
    assert changed(rows(box()), rows(box(), box("2"))) == [("removed", "2", 2)]
    assert changed(rows(box(x_px=8)), rows(box())) == [("moved", "1", 2)]
    assert changed(rows(), rows(box())) == [("removed", "1", 2)]


def test_another_class_is_a_change() -> None:
    other = (Track(key="1", object_class="truck"),)
    assert changed(rows(box(), tracks=other), rows(box())) == [("changed", "1", 2)]

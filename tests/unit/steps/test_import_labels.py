"""Deliveries of any labels come in whole, whichever format they come in."""

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.labels.coco import COCO
from avdataops.labels.openlabel import OPENLABEL
from avdataops.model.documents import to_json
from avdataops.model.errors import SchemaMismatch
from avdataops.model.label_package import LabelPackage, Taxonomy
from avdataops.model.labels import (
    Frame,
    LabelSet,
    ObjectLabel,
    Picture,
    Track,
    box_of_corner,
    cuboid_of,
)
from avdataops.ports.files import BytesFile
from avdataops.ports.labelling import LabelFormat
from avdataops.ports.step import InputFile, Inputs, Rows, Table
from avdataops.steps.import_labels import Params, run
from avdataops.testing.step_tables import RecordingContext, memory_table

STREAMS = ("/front", "/left")
FRAMES = tuple(Frame(index=n, t_ns=10**18 + n) for n in (0, 3, 7))
PICTURES = tuple(
    Picture(
        frame=frame.index,
        stream=stream,
        t_ns=10**18 + 5,
        file=f"frames{stream}/{frame.index}.jpg",
        sha256=f"{frame.index}{len(stream)}" * 32,
        width_px=1000,
        height_px=800,
    )
    for frame in FRAMES
    for stream in STREAMS
)
SENT = LabelPackage(
    package="pkg_1",
    measurement="m_1",
    vehicle="van",
    taxonomy=Taxonomy(
        ontology="o", openlabel="1.0.0", scene_types=(), object_classes=("bus", "car")
    ),
    scenes=(),
    frames=FRAMES,
    pictures=PICTURES,
    made_from=(),
    files=(),
)
ARTIFACT = memory_table(pa.table({"t_ns": [0]}), kind="reference", name="back.json").artifact
FORMATS = pytest.mark.parametrize("form", [OPENLABEL, COCO], ids=["openlabel", "coco"])


def taken_in(
    data: bytes, previous: Table | None = None, schema: bytes | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], RecordingContext]:
    """Return the labels, the changes, and what the step told."""
    context = RecordingContext()
    files = {
        "delivery": (InputFile(ARTIFACT, BytesFile("back.json", data)),),
        "package": (InputFile(ARTIFACT, BytesFile("manifest.json", to_json(SENT).encode())),),
    }
    if schema is not None:
        files["schema"] = (InputFile(ARTIFACT, BytesFile("rules.json", schema)),)
    tables = {"previous": (previous,)} if previous else {}
    rows: dict[str, list[dict[str, Any]]] = {"labels": [], "label_changes": []}
    for one in run(context, Inputs(tables=tables, files=files), Params()):
        assert isinstance(one, Rows)
        rows[one.output.kind] += one.batch.to_pylist()
    return rows["labels"], rows["label_changes"], context


def as_table(rows: list[dict[str, Any]], delivery: int) -> Table:
    data = pa.Table.from_pylist(rows)
    attributes = {"delivery": str(delivery), "package": "pkg_1"}
    return memory_table(data, kind="labels", name="pkg_1", attributes=attributes)


words = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=6)
facts = st.dictionaries(words, st.booleans() | st.integers(-9, 9) | words, max_size=2)
edges = st.floats(0, 500)
sizes = st.floats(0.01, 300)
places = st.floats(-100, 100)


@st.composite
def some_label(draw: st.DrawFn) -> ObjectLabel:
    is_box = draw(st.booleans())
    shape = None
    if not is_box:
        nine = [draw(places) for _ in range(6)] + [draw(sizes) for _ in range(3)]
        shape = cuboid_of(tuple(nine))
    return ObjectLabel(
        track=draw(st.sampled_from("12")),
        shape="bbox" if is_box else "cuboid",
        name=draw(words),
        frame=draw(st.sampled_from([frame.index for frame in FRAMES])),
        stream=draw(st.sampled_from(STREAMS)),
        box=box_of_corner(*(draw(e) for e in (edges, edges, sizes, sizes))) if is_box else None,
        cuboid=shape,
        attributes=draw(facts),
    )


label_sets = st.lists(some_label(), max_size=5).map(
    lambda found: LabelSet(
        package="pkg_1",
        frames=FRAMES,
        pictures=PICTURES,
        tracks=(Track(key="1", object_class="car"), Track(key="2", object_class="bus")),
        labels=tuple(found),
    )
)


def told(labels: LabelSet) -> list[str]:
    """Return every label as the table has to tell it, in any order."""
    found = []
    for one in labels.labels:
        row: dict[str, Any] = {
            "frame": one.frame,
            "stream": one.stream,
            "track": one.track,
            "name": one.name,
            "attributes": dict(one.attributes),
        }
        if one.box is not None:
            row["box"] = [one.box.x_px, one.box.y_px, one.box.width_px, one.box.height_px]
        if one.cuboid is not None:
            row["cuboid"] = [*one.cuboid.centre_m, *one.cuboid.rotation, *one.cuboid.size_m]
        found.append(json.dumps(row, sort_keys=True))
    return sorted(found)


def stored(rows: list[dict[str, Any]]) -> list[str]:
    """Return every row of the table in the words of ``told``."""
    found = []
    for one in rows:
        row = {name: one[name] for name in ("frame", "stream", "track", "name")}
        row["attributes"] = json.loads(one["attributes"])
        if one["shape"] == "bbox":
            row["box"] = [one[name] for name in ("x_px", "y_px", "width_px", "height_px")]
        else:
            sizes_m = [one[name] for name in ("length_m", "width_m", "height_m")]
            place = [one[name] for name in ("x_m", "y_m", "z_m")]
            row["cuboid"] = [*place, *json.loads(one["rotation"]), *sizes_m]
        found.append(json.dumps(row, sort_keys=True))
    return sorted(found)


@FORMATS
@settings(max_examples=25, deadline=None)
@given(labels=label_sets)
def test_all_that_was_labelled_is_in_the_table_to_the_last_bit(
    form: LabelFormat, labels: LabelSet
) -> None:
    rows, changes, _ = taken_in(form.write(labels))
    assert stored(rows) == told(labels)
    assert [one["change"] for one in changes] == ["added"] * len(labels.labels)
    hashes = {(one.frame, one.stream): one.sha256 for one in PICTURES}
    assert all(row["picture_sha256"] == hashes[row["frame"], row["stream"]] for row in rows)


@settings(max_examples=25, deadline=None)
@given(labels=label_sets)
def test_the_same_labels_in_the_other_format_are_no_change(labels: LabelSet) -> None:
    first, _, _ = taken_in(OPENLABEL.write(labels))
    if first:
        second, changes, context = taken_in(COCO.write(labels), as_table(first, 1))
        assert changes == []
        assert context.facts["delivery"] == 2
        assert [row["label"] for row in second] == [row["label"] for row in first]


def one_box(x_px: float = 10.0, frame: int = 0) -> LabelSet:
    box = ObjectLabel(
        track="1", shape="bbox", frame=frame, stream="/front", box=box_of_corner(x_px, 10, 20, 20)
    )
    return LabelSet(package="pkg_1", tracks=(Track(key="1", object_class="car"),), labels=(box,))


def test_a_box_that_moved_since_the_last_delivery_tells_its_overlap() -> None:
    first, _, _ = taken_in(OPENLABEL.write(one_box()))
    _, (change,), context = taken_in(OPENLABEL.write(one_box(20.0)), as_table(first, 1))
    assert (change["change"], change["said_changed"]) == ("moved", False)
    assert change["iou"] == pytest.approx(1 / 3)
    assert context.facts["changes"] == {
        "added": {"count": 0, "ids": []},
        "removed": {"count": 0, "ids": []},
        "moved": {"count": 1, "ids": [change["label"]]},
        "changed": {"count": 0, "ids": []},
    }


def test_a_track_that_comes_and_goes_is_a_caveat() -> None:
    both = replace(one_box(), labels=(*one_box().labels, *one_box(frame=7).labels))
    _, _, context = taken_in(OPENLABEL.write(both))
    assert [problem.code for problem in context.caveats] == ["track_gaps"]


def test_a_schema_is_asked_before_anything_else() -> None:
    rules = json.dumps({"required": ["images"]}).encode()
    rows, _, _ = taken_in(COCO.write(one_box()), schema=rules)
    assert rows
    with pytest.raises(SchemaMismatch, match="'images' is a required"):
        taken_in(OPENLABEL.write(one_box()), schema=rules)


def test_only_the_first_problems_are_told_and_the_rest_counted() -> None:
    tracks = tuple(Track(key=str(n), object_class=f"thing{n}") for n in range(9))
    with pytest.raises(SchemaMismatch, match="and 6 more problems") as refused:
        taken_in(OPENLABEL.write(LabelSet(package="pkg_1", tracks=tracks)))
    assert refused.value.hint is not None
    assert "pkg_1" in refused.value.hint

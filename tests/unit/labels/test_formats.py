"""What every label format keeps: all of it, whichever way a box is told."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.labels import LABEL_FORMATS, label_format, read_labels
from avdataops.labels.coco import COCO
from avdataops.labels.openlabel import OPENLABEL
from avdataops.model.errors import ConfigError, HostileInput, SchemaMismatch, UnreadableFile
from avdataops.model.labels import (
    Element,
    Frame,
    LabelSet,
    ObjectLabel,
    Picture,
    Track,
    box_of_corner,
    cuboid_of,
    ordered,
)
from avdataops.ports.labelling import LabelFormat

BOTH = pytest.mark.parametrize("form", LABEL_FORMATS.values(), ids=list(LABEL_FORMATS))

words = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=8)
facts = st.dictionaries(
    st.sampled_from(["colour", "note", "extra", "weather"]),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-9, 9) | words,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)
pixels = st.floats(-100, 5000)
sizes = st.floats(0.001, 5000)
boxes = st.builds(box_of_corner, pixels, pixels, sizes, sizes)
metres = st.floats(-1e6, 1e6)
cuboids = st.lists(metres, min_size=9, max_size=10).map(lambda values: cuboid_of(tuple(values)))
STREAMS = ("/cam/front", "/cam/left")


@st.composite
def label_sets(draw: st.DrawFn) -> LabelSet:
    indices = draw(st.lists(st.integers(0, 9), unique=True, max_size=4))
    keys = draw(st.lists(st.integers(0, 99).map(str), unique=True, min_size=1, max_size=4))
    frames = tuple(
        Frame(
            index=i,
            t_ns=draw(st.none() | st.integers(10**17, 2 * 10**18)),
            attributes=draw(facts.map(lambda f: {"frame_properties": f} if f else {})),
        )
        for i in indices
    )
    pictures = tuple(
        Picture(
            frame=i,
            stream=stream,
            t_ns=draw(st.none() | st.integers(0, 2**62)),
            file=draw(st.none() | words),
            width_px=draw(st.none() | st.integers(1, 9000)),
            attributes=draw(facts),
        )
        for i in indices
        for stream in STREAMS
    )
    labels = draw(st.lists(one_label(keys, indices), max_size=6))
    kinds = st.sampled_from(["actions", "contexts", "events", "relations"])
    elements = draw(
        st.lists(
            st.builds(
                Element,
                group=kinds,
                key=st.integers(0, 9).map(str),
                type=words,
                name=words,
                attributes=facts,
            ),
            unique_by=lambda one: (one.group, one.key),
            max_size=3,
        )
    )
    return LabelSet(
        package=draw(st.none() | words),
        frames=frames,
        pictures=pictures,
        tracks=tuple(Track(key=k, object_class=draw(words), name=draw(words)) for k in keys),
        labels=tuple(labels),
        elements=tuple(elements),
        attributes=draw(st.sampled_from([{}, {"other": {"a": 1}}])),
    )


@st.composite
def one_label(draw: st.DrawFn, keys: list[str], indices: list[int]) -> ObjectLabel:
    shape = draw(st.sampled_from(["bbox", "cuboid", "text"]))
    frame = draw(st.none() | st.sampled_from(indices)) if indices else None
    return ObjectLabel(
        track=draw(st.sampled_from(keys)),
        shape=shape,
        name=draw(words),
        frame=frame,
        stream=draw(st.none() | st.sampled_from(STREAMS)),
        box=draw(boxes) if shape == "bbox" else None,
        cuboid=draw(cuboids) if shape == "cuboid" else None,
        attributes=draw(facts) | ({"val": "x"} if shape == "text" else {}),
    )


@BOTH
@settings(max_examples=30, deadline=None)
@given(labels=label_sets())
def test_what_is_written_comes_back_whole(form: LabelFormat, labels: LabelSet) -> None:
    found, back = read_labels(form.write(labels), "it")
    assert found is form
    assert back == ordered(labels)


@settings(max_examples=25, deadline=None)
@given(labels=label_sets())
def test_a_way_through_both_formats_loses_nothing(labels: LabelSet) -> None:
    _, through_coco = read_labels(COCO.write(labels), "it")
    _, through_both = read_labels(OPENLABEL.write(through_coco), "it")
    assert through_both == ordered(labels)


@BOTH
@settings(max_examples=10, deadline=None)
@given(labels=label_sets())
def test_bytes_depend_on_the_labels_alone(form: LabelFormat, labels: LabelSet) -> None:
    assert form.write(labels) == form.write(ordered(labels))
    _, back = read_labels(form.write(labels), "it")
    assert form.write(back) == form.write(labels)


@given(x=pixels, y=pixels, w=sizes, h=sizes)
def test_a_box_is_told_in_two_ways_and_is_the_same_box(
    x: float, y: float, w: float, h: float
) -> None:
    box = box_of_corner(x, y, w, h)
    labels = LabelSet(
        frames=(Frame(index=0),),
        pictures=(Picture(frame=0, stream="c"),),
        tracks=(Track(key="1", object_class="car"),),
        labels=(ObjectLabel(track="1", shape="bbox", frame=0, stream="c", box=box),),
    )
    coco = json.loads(COCO.write(labels))["annotations"][0]["bbox"]
    centre = json.loads(OPENLABEL.write(labels))["openlabel"]["frames"]["0"]["objects"]["1"]
    value = centre["object_data"]["bbox"][0]["val"]
    assert value == [coco[0] + coco[2] / 2, coco[1] + coco[3] / 2, coco[2], coco[3]]
    assert math.isclose(coco[0], x, abs_tol=1e-6)
    assert math.isclose(coco[3], h, abs_tol=1e-6)


def test_a_format_of_no_such_name_is_refused_with_the_near_miss() -> None:
    assert label_format("coco") is COCO
    with pytest.raises(ConfigError, match="did you mean 'coco'"):
        label_format("cocoo")


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (b"", SchemaMismatch, "not JSON"),
        (b"\xff\xfe", SchemaMismatch, "not JSON"),
        (b"[" * 5000, SchemaMismatch, "not JSON|nested"),
        (b"[" * 40 + b"]" * 40, SchemaMismatch, "nested more than 32 deep"),
        (b'{"images": [], "annotations": [1e999]}', SchemaMismatch, "beyond a double"),
        (b'{"images": [], "annotations": [NaN]}', SchemaMismatch, "NaN"),
        (b"{}", UnreadableFile, "no label format"),
        (b"[]", UnreadableFile, "no label format"),
        (b"<annotations/>", SchemaMismatch, "not JSON"),
    ],
)
def test_what_is_no_label_file_is_refused(data: bytes, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        read_labels(data, "it")


def test_a_file_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avdataops.labels.MAX_BYTES", 10)
    with pytest.raises(HostileInput, match="11 bytes"):
        read_labels(b" " * 11, "it")


def test_more_labels_than_a_file_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avdataops.labels.MAX_LABELS", 1)
    many = {"images": [{"id": 1}], "categories": [{"id": 1, "name": "car"}]}
    rows = [{"id": n, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]} for n in (1, 2)]
    with pytest.raises(HostileInput, match="more than 1 labels"):
        read_labels(json.dumps({**many, "annotations": rows}).encode(), "it")


def test_labels_of_a_track_that_is_not_there_are_refused() -> None:
    lone: dict[str, Any] = {"track": "9", "shape": "text"}
    given = {"images": [], "annotations": [], "avdataops": {"labels": [lone]}}
    with pytest.raises(SchemaMismatch, match="track '9' has labels and no class"):
        read_labels(json.dumps(given).encode(), "it")

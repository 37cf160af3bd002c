"""OpenLABEL files of others: read whole, or refused with what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from avdataops.labels import read_labels
from avdataops.labels.openlabel import OPENLABEL
from avdataops.model.errors import SchemaMismatch
from avdataops.model.labels import Box, Frame, LabelSet, Picture

HEAD = {"schema_version": "1.0.0"}


def doc(**parts: Any) -> Any:
    return {"openlabel": {"metadata": HEAD, **parts}}


def read(document: Any) -> LabelSet:
    return OPENLABEL.read(document, "it")


def plain(value: Any) -> Any:
    """Return a document with every list of objects in one order: theirs means nothing."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return sorted(
            (plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True)
        )
    return value


def without_times(document: Any) -> Any:
    for frame in document["openlabel"].get("frames", {}).values():
        stamp = frame.get("frame_properties", {}).get("timestamp")
        if stamp is not None:
            frame["frame_properties"]["timestamp"] = str(stamp)
    return document


def test_the_official_samples_come_back_as_they_were(real_data: Path) -> None:
    samples = sorted((real_data / "openlabel" / "vcd_small").glob("*.json"))
    assert len(samples) > 40
    for path in samples:
        form, labels = read_labels(path.read_bytes(), path.name)
        assert form is OPENLABEL
        back = json.loads(form.write(labels))
        given = json.loads(path.read_bytes())
        assert plain(without_times(back)) == plain(without_times(given)), path.name


def test_what_is_written_of_the_samples_keeps_the_schema(real_data: Path) -> None:
    from jsonschema import Draft7Validator

    folder = real_data / "openlabel"
    schema = json.loads((folder / "openlabel_json_schema-v1.0.0.json").read_text())
    validator = Draft7Validator(schema)
    for path in sorted((folder / "vcd_small").glob("*.json")):
        form, labels = read_labels(path.read_bytes(), path.name)
        assert validator.is_valid(json.loads(form.write(labels))), path.name


def test_a_sample_with_boxes_is_understood_by_their_centres(real_data: Path) -> None:
    path = real_data / "openlabel/vcd_small/openlabel100_test_bbox_simple.json"
    _, labels = read_labels(path.read_bytes(), path.name)
    boxes = {one.track: one.box for one in labels.labels}
    assert boxes["0"] == Box(410.0, 280.0, 52.0, 47.0)
    classes = {one.key: one.object_class for one in labels.tracks}
    assert (classes["3"], classes["5"]) == ("Bus", "Semaphore")
    assert {one.frame for one in labels.labels} == {None}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"vcd": {"schema_version": "4.3.1"}}, "it is VCD '4.3.1', not ASAM OpenLABEL 1.0.0"),
        ({"vcd": {"version": "3.3.0"}}, "VCD '3.3.0'"),
        ({"vcd": {}}, "VCD 'of no stated version'"),
        ({"openlabel": {"metadata": {"schema_version": "0.3.0"}}}, "OpenLABEL '0.3.0', not"),
        ({"openlabel": {"metadata": {}}}, "OpenLABEL 'None'"),
    ],
)
def test_older_files_are_refused_by_name_with_the_way_on(document: Any, text: str) -> None:
    with pytest.raises(SchemaMismatch) as refused:
        read(document)
    assert text in refused.value.message
    assert "convert it to OpenLABEL 1.0.0" in str(refused.value.hint)


def box(**facts: Any) -> Any:
    item = {"name": "shape", "val": [5, 5, 4, 2], **facts}
    return {"0": {"name": "", "type": "car", "object_data": {"bbox": [item]}}}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (doc(objects=[]), "it: objects is not a JSON object"),
        (doc(objects={"car": {}}), "it: objects: key 'car' is neither a number nor a UUID"),
        (doc(objects={"1": {"name": "x"}}), "objects/1: type is missing"),
        (doc(objects={"1": {"name": 3, "type": "car"}}), "objects/1: name is no text"),
        (doc(objects=box(val=[1, 2, 3])), "a box has 4 numbers, not 3"),
        (doc(objects=box(val=[1, 2, 3, "4"])), "val is not a list of numbers"),
        (doc(objects=box(val=[1, 2, 3, True])), "val is not a list of numbers"),
        (doc(objects=box(val=None)), "val is not a list of numbers"),
        (doc(objects=box(val=[1, 2, 0, 4])), "has no area"),
        (doc(objects=box(val=[1, 2, 3, -4])), "has no area"),
        (doc(objects=box(val=[1e300, 2, 3, 4])), "is not in any picture"),
        (doc(objects=box(val=[10**400, 2, 3, 4])), "a number is too large"),
        (doc(objects=box(name=7)), "name is no text"),
        (doc(objects={"0": {"name": "", "type": "c", "object_data": {"bbox": {}}}}), "not a list"),
        (doc(frames={"x": {}}), "neither a number nor a UUID"),
        (doc(frames={"-1": {}}), "a frame's key is its number"),
        (doc(frames={"9" * 30: {}}), "a frame's key is its number"),
        (doc(frames={"0": {"objects": {"5": {}}}}), "object '5' is not among the objects"),
        (doc(actions={"0": {"type": "x"}}), "actions/0: name is missing"),
        (doc(relations=3), "it: relations is not a JSON object"),
        ({"openlabel": 3}, "it: openlabel is not a JSON object"),
        ([], "it is not a JSON object"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(document: Any, text: str) -> None:
    with pytest.raises(SchemaMismatch) as refused:
        read(document)
    assert text in refused.value.message


@pytest.mark.parametrize("count", [8, 11])
def test_a_cuboid_has_nine_or_ten_numbers(count: int) -> None:
    data = {"cuboid": [{"name": "", "val": [1.0] * count}]}
    with pytest.raises(SchemaMismatch, match="9 or 10 finite numbers"):
        read(doc(objects={"0": {"name": "", "type": "car", "object_data": data}}))


def test_a_cuboid_keeps_angles_or_a_quaternion() -> None:
    values = [[1, 2, 3, 0, 0, 0.5, 4, 2, 1], [1, 2, 3, 0, 0, 0, 1, 4, 2, 1], None]
    data = {"cuboid": [{"name": str(n), "val": value} for n, value in enumerate(values)]}
    found = read(doc(objects={"0": {"name": "", "type": "car", "object_data": data}})).labels
    by_name = {one.name: one for one in found}
    nine, ten = by_name["0"].cuboid, by_name["1"].cuboid
    assert nine is not None
    assert ten is not None
    assert (nine.rotation, nine.size_m) == ((0, 0, 0.5), (4, 2, 1))
    assert (ten.centre_m, ten.rotation) == ((1, 2, 3), (0, 0, 0, 1))
    assert by_name["2"].cuboid is None
    assert by_name["2"].attributes == {"val": None}


@pytest.mark.parametrize(
    ("stamp", "t_ns"),
    [
        ("1791997116509194610", 1791997116509194610),
        (1791997116509194610, 1791997116509194610),
        ("2020-04-11 12:00:01", None),
        (12.5, None),
        (7, None),
        (True, None),
    ],
)
def test_only_whole_nanoseconds_are_a_time_and_others_stay(stamp: Any, t_ns: int | None) -> None:
    document = doc(frames={"3": {"frame_properties": {"timestamp": stamp}}})
    (frame,) = read(document).frames
    assert (frame.index, frame.t_ns) == (3, t_ns)
    if t_ns is None:
        assert frame.attributes == {"frame_properties": {"timestamp": stamp}}


def test_streams_of_others_stay_as_they_are_beside_our_pictures() -> None:
    picture = Picture(frame=0, stream="front", t_ns=5, file="a.jpg", sha256="0" * 64, width_px=9)
    theirs = {"uri": "b.png", "stream_properties": {"sync": {"frame_stream": 3}}}
    frame = Frame(index=0, attributes={"frame_properties": {"streams": {"left": theirs}}})
    labels = LabelSet(frames=(frame,), pictures=(picture,))
    written = json.loads(OPENLABEL.write(labels))["openlabel"]["frames"]["0"]
    streams = written["frame_properties"]["streams"]
    assert streams["left"] == theirs
    assert streams["front"]["uri"] == "a.jpg"
    assert read_labels(OPENLABEL.write(labels), "it")[1] == labels


def test_a_picture_of_ours_that_somebody_spoiled_is_told() -> None:
    spoiled = {"stream_properties": {"avdataops": {"width_px": "wide"}}}
    document = doc(frames={"0": {"frame_properties": {"streams": {"front": spoiled}}}})
    with pytest.raises(SchemaMismatch, match=r"frames/0/streams/front: .*width_px"):
        read(document)


def test_an_object_that_is_in_a_frame_without_data_stays_there() -> None:
    document = doc(
        objects={"1": {"name": "a", "type": "car"}}, frames={"4": {"objects": {"1": {}}}}
    )
    labels = read(document)
    assert labels.labels == ()
    assert json.loads(OPENLABEL.write(labels)) == document

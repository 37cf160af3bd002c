"""COCO files of others, and what is refused in one."""

import json
from typing import Any

import pytest

from avdataops.labels.coco import COCO
from avdataops.model.errors import SchemaMismatch
from avdataops.model.labels import Box, Frame, LabelSet

IMAGE = {"id": 4, "file_name": "a/b.jpg", "width": 100, "height": 50}
CAR = {"id": 2, "name": "car", "supercategory": "vehicle"}
BOX = {"id": 9, "image_id": 4, "category_id": 2, "bbox": [1, 2, 30, 20], "area": 600, "iscrowd": 0}


def doc(**parts: Any) -> dict[str, Any]:
    return {"images": [IMAGE], "categories": [CAR], "annotations": [BOX], **parts}


def read(document: Any) -> LabelSet:
    return COCO.read(document, "it")


def test_a_file_that_knows_nothing_of_us_is_read() -> None:
    labels = read(doc(info={"year": 2026}))
    assert labels.package is None
    assert labels.frames == (Frame(index=4),)
    (picture,) = labels.pictures
    assert (picture.file, picture.stream, picture.width_px) == ("a/b.jpg", "", 100)
    (label,) = labels.labels
    assert (label.track, label.box, label.frame) == ("-9", Box(1.0, 2.0, 30.0, 20.0), 4)
    assert [one.object_class for one in labels.tracks] == ["car"]


def test_what_is_not_looked_into_comes_back() -> None:
    given = doc(
        info={"year": 2026},
        licenses=[{"id": 1}],
        annotations=[{**BOX, "segmentation": [[1, 2, 3, 4]], "score": 0.5, "iscrowd": 1}],
        images=[{**IMAGE, "date_captured": "today"}],
    )
    back = json.loads(COCO.write(read(given)))
    assert (back["info"], back["licenses"]) == (given["info"], given["licenses"])
    assert back["categories"] == [CAR]
    (annotation,) = back["annotations"]
    assert (annotation["segmentation"], annotation["score"]) == ([[1, 2, 3, 4]], 0.5)
    assert (annotation["iscrowd"], annotation["area"]) == (1, 600)
    assert back["images"][0]["date_captured"] == "today"
    assert read(back) == read(given)


def test_boxes_of_one_track_id_are_one_track() -> None:
    second = {**BOX, "id": 10, "image_id": 5}
    images = [IMAGE, {**IMAGE, "id": 5}]
    rows = [{**BOX, "track_id": 3}, {**second, "track_id": 3}]
    labels = read(doc(images=images, annotations=rows))
    assert [one.key for one in labels.tracks] == ["3"]
    assert [one.frame for one in labels.labels] == [4, 5]


def test_a_category_that_was_changed_counts_over_the_old_list() -> None:
    ours = {"tracks": [{"key": "3", "object_class": "truck", "name": "big"}]}
    rows = [{**BOX, "avdataops": {"track": "3"}}]
    (track,) = read(doc(annotations=rows, avdataops=ours)).tracks
    assert (track.object_class, track.name) == ("car", "big")


def test_a_new_class_gets_a_category_of_its_own() -> None:
    given = read(doc())
    labels = read(json.loads(COCO.write(given)))
    assert labels.tracks == given.tracks
    written = json.loads(COCO.write(LabelSet(frames=given.frames)))
    assert (written["categories"], written["annotations"]) == ([], [])


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"images": 3}, "it: images is not a list"),
        ({"images": [3]}, "it: images is not a list of JSON objects"),
        ({"annotations": {}}, "it: annotations is not a list"),
        ({"images": [{**IMAGE, "id": "4"}]}, "it: images: id is not a whole number"),
        ({"images": [IMAGE, IMAGE]}, "image 4 comes twice"),
        ({"images": [{**IMAGE, "width": "wide"}]}, "image 4: not a Picture: width_px"),
        ({"categories": [CAR, CAR]}, "category 2 has no name, or comes twice"),
        ({"categories": [{"id": 2}]}, "category 2 has no name"),
        ({"categories": []}, "annotation '9': category '2' is not in the file"),
        ({"annotations": [{**BOX, "image_id": 7}]}, "image '7' is not in the file"),
        ({"annotations": [{**BOX, "image_id": True}]}, "image 'True' is not in the file"),
        ({"annotations": [{**BOX, "bbox": [1, 2, 3]}]}, "bbox is not a list of 4 numbers"),
        ({"annotations": [{**BOX, "bbox": [1, 2, 3, "4"]}]}, "bbox is not a list of 4 numbers"),
        ({"annotations": [{**BOX, "bbox": [1, 2, 0, 4]}]}, "has no area"),
        ({"annotations": [{**BOX, "id": None}]}, "id is not a whole number"),
        ({"annotations": [{**BOX, "avdataops": {"attributes": [1]}}]}, "is not a JSON object"),
        ({"avdataops": {"labels": 3}}, "it: avdataops: not a _Rest: labels"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(parts: Any, text: str) -> None:
    with pytest.raises(SchemaMismatch) as refused:
        read(doc(**parts))
    assert text in refused.value.message


def test_one_track_cannot_be_two_things() -> None:
    walker = {"id": 3, "name": "pedestrian"}
    rows = [{**BOX, "track_id": 1}, {**BOX, "id": 10, "track_id": 1, "category_id": 3}]
    with pytest.raises(SchemaMismatch, match="track '1' was 'car' before"):
        read(doc(categories=[CAR, walker], annotations=rows))


def test_one_frame_of_one_stream_is_one_image() -> None:
    ours = {"frame": 1, "stream": "front"}
    images = [{**IMAGE, "avdataops": ours}, {**IMAGE, "id": 5, "avdataops": ours}]
    with pytest.raises(SchemaMismatch, match="two images are the same frame"):
        read(doc(images=images))

"""Delivered labels held against the package that was sent."""

from dataclasses import replace

import pytest

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
from avdataops.signals.label_checks import linked, problems, track_gaps

FRONT, LEFT = "/front", "/left"


def package(*streams: str) -> LabelPackage:
    """Return a package of frames 0, 2, 4 with a picture of 100 x 50 px of every stream."""
    frames = tuple(Frame(index=i, t_ns=i * 1000) for i in (0, 2, 4))
    pictures = tuple(
        Picture(
            frame=frame.index,
            stream=stream,
            t_ns=frame.index * 1000 + 7,
            file=f"frames{stream}/{frame.index}.jpg",
            sha256=f"{frame.index}" * 64,
            width_px=100,
            height_px=50,
        )
        for frame in frames
        for stream in streams
    )
    return LabelPackage(
        package="pkg_1",
        measurement="m_1",
        vehicle="car-1",
        taxonomy=Taxonomy(
            ontology="o", openlabel="1.0.0", scene_types=(), object_classes=("bus", "car")
        ),
        scenes=(),
        frames=frames,
        pictures=pictures,
        made_from=(),
        files=(),
    )


SENT = package(FRONT, LEFT)
CAR = Track(key="1", object_class="car")


def box(
    frame: int | None = 0,
    stream: str | None = FRONT,
    at: tuple[float, float, float, float] = (10, 10, 20, 20),
) -> ObjectLabel:
    return ObjectLabel(track="1", shape="bbox", frame=frame, stream=stream, box=box_of_corner(*at))


def labels(*found: ObjectLabel, track: Track = CAR, frames: tuple[Frame, ...] = ()) -> LabelSet:
    return LabelSet(package="pkg_1", tracks=(track,), labels=found, frames=frames)


def wrong(given: LabelSet, sent: LabelPackage = SENT, outside_px: float = 1.0) -> list[str]:
    return list(problems(linked(given, sent), sent, outside_px))


def test_labels_of_what_was_sent_have_no_problem() -> None:
    frames = tuple(Frame(index=i, t_ns=i * 1000) for i in (0, 2, 4))
    assert wrong(labels(box(), box(2, LEFT), box(4), frames=frames)) == []
    assert wrong(replace(labels(box()), pictures=SENT.pictures)) == []
    assert wrong(LabelSet()) == []


def test_labels_for_another_package_are_told() -> None:
    (told,) = wrong(replace(labels(), package="pkg_2"))
    assert told == "the labels are for package 'pkg_2', not pkg_1"


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (Frame(index=3), "frame 3 was not sent"),
        (Frame(index=2, t_ns=2001), "frame 2 was at 2000 ns, not at 2001"),
    ],
)
def test_frames_are_those_that_were_sent_at_their_times(frame: Frame, told: str) -> None:
    assert wrong(labels(frames=(frame,))) == [told]


def test_pictures_are_those_that_were_sent_by_their_hash() -> None:
    other = replace(SENT.pictures[0], sha256="f" * 64)
    strange = Picture(frame=0, stream="/rear")
    silent = replace(SENT.pictures[1], sha256=None)
    told = wrong(replace(labels(), pictures=(other, strange, silent)))
    assert told == [
        "picture 'frames/front/0.jpg' of frame 0 has other bytes than the one that was sent",
        "picture '/rear' of frame 0 was not sent",
    ]


def test_a_class_is_one_of_the_taxonomy() -> None:
    (told,) = wrong(labels(box(), track=Track(key="1", object_class="Car")))
    assert told == "class 'Car' of track 1 is not in the taxonomy"


def test_a_label_is_in_a_frame_that_was_sent() -> None:
    assert wrong(labels(box(1))) == ["track 1 has a label in frame 1, which was not sent"]


def test_a_label_is_inside_the_intervals_of_its_track() -> None:
    spans = [{"frame_start": 2, "frame_end": 4}]
    track = replace(CAR, attributes={"frame_intervals": spans})
    assert wrong(labels(box(2), box(4), track=track)) == []
    assert wrong(labels(box(0), track=track)) == [
        "track 1 has a label in frame 0, outside its frame intervals"
    ]


@pytest.mark.parametrize("spans", [None, [], 7, [3], [{}], [{"frame_start": "0"}]])
def test_intervals_that_say_nothing_bound_nothing(spans: object) -> None:
    assert wrong(labels(box(0), track=replace(CAR, attributes={"frame_intervals": spans}))) == []


@pytest.mark.parametrize(
    ("at", "out"),
    [
        ((0, 0, 100, 50), None),
        ((-1, 0, 20, 20), None),
        ((-1.5, 0, 20, 20), "1.5"),
        ((0, -4, 20, 20), "4"),
        ((90, 0, 20, 20), "10"),
        ((0, 40, 20, 13), "3"),
        ((0, 40, 20, 11), None),
    ],
)
def test_a_box_is_inside_its_picture_within_a_pixel(
    at: tuple[float, float, float, float], out: str | None
) -> None:
    told = wrong(labels(box(at=at)))
    named = f"a box of track 1 in frame 0 stands {out} px out of its picture of 100 x 50 px"
    assert told == ([] if out is None else [named])


def test_a_picture_of_unknown_size_bounds_no_box() -> None:
    bare = replace(SENT, pictures=tuple(replace(p, width_px=None) for p in SENT.pictures))
    assert wrong(labels(box(at=(0, 0, 900, 900))), bare) == []


def test_of_several_cameras_a_box_says_which() -> None:
    assert wrong(labels(box(stream=None))) == [
        "a box of track 1 in frame 0 does not say which of the pictures it is in"
    ]
    assert wrong(labels(box(stream="/rear")))[0].endswith("which of the pictures it is in")


def test_of_one_camera_nobody_need_say_which() -> None:
    sent = package(FRONT)
    found = linked(labels(box(stream=None), box(None, None)), sent)
    assert [(one.frame, one.stream) for one in found.labels] == [(None, None), (0, FRONT)]
    assert wrong(labels(box(stream=None)), sent) == []


def test_what_holds_throughout_and_what_is_no_box_has_no_picture() -> None:
    cuboid = ObjectLabel(
        track="1", shape="cuboid", frame=2, cuboid=cuboid_of((1, 2, 3, 0, 0, 0, 4, 2, 1))
    )
    assert wrong(labels(cuboid, box(None, None))) == []


def test_file_names_lead_back_to_frame_and_stream() -> None:
    """Tools for COCO give images numbers and names of their own folders."""
    images = (
        Picture(frame=1, stream="", file="job/front/4.jpg", width_px=100),
        Picture(frame=4, stream="", file="job/front/0.jpg", width_px=100),
    )
    single = package(FRONT)
    given = LabelSet(
        frames=(Frame(index=1), Frame(index=4)),
        pictures=images,
        tracks=(CAR,),
        labels=(box(1, ""), box(4, "")),
    )
    found = linked(given, single)
    assert {(one.frame, one.stream) for one in found.labels} == {(4, FRONT), (0, FRONT)}
    assert {one.index for one in found.frames} == {0, 4}
    assert wrong(given, single) == []


def test_a_file_name_that_was_not_sent_is_told() -> None:
    images = (Picture(frame=1, stream="", file="mine.jpg"),)
    told = wrong(replace(labels(), pictures=images), package(FRONT))
    assert told == ["picture 'mine.jpg' of frame 1 was not sent"]


def test_a_track_that_comes_and_goes_is_counted_by_its_missing_frames() -> None:
    assert track_gaps(labels(box(0), box(4)), SENT) == {"1": 1}
    assert track_gaps(labels(box(0), box(2), box(4)), SENT) == {}
    assert track_gaps(labels(box(0, FRONT), box(4, LEFT)), SENT) == {}
    assert track_gaps(labels(box(2), box(2), box(None, None)), SENT) == {}


def test_a_picture_was_taken_when_it_was_taken() -> None:
    late = replace(SENT.pictures[0], t_ns=8)
    (told,) = wrong(replace(labels(), pictures=(late,)))
    assert told == "picture 'frames/front/0.jpg' of frame 0 was taken at 7 ns, not at 8"
    unsaid = replace(SENT.pictures[0], t_ns=None)
    assert wrong(replace(labels(), pictures=(unsaid,))) == []


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((4, 2, 1.5), []),
        ((4, 0, 1.5), ["a cuboid of track 1 of 4 x 0 x 1.5 m has no volume"]),
        ((-4, 2, 1.5), ["a cuboid of track 1 of -4 x 2 x 1.5 m has no volume"]),
    ],
    ids=["usual", "flat", "inside_out"],
)
def test_a_cuboid_has_a_volume(size: tuple[float, float, float], told: list[str]) -> None:
    shape = cuboid_of((1, 2, 3, 0, 0, 0, *size))
    assert wrong(labels(ObjectLabel(track="1", shape="cuboid", frame=0, cuboid=shape))) == told

"""Delivered labels held against the package that was sent: linked first, then checked."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from avdataops.model.errors import shown
from avdataops.model.label_package import LabelPackage
from avdataops.model.labels import Frame, LabelSet, ObjectLabel, Picture, Track, ordered


def linked(labels: LabelSet, package: LabelPackage) -> LabelSet:
    """Return the labels with the frame and stream of the package's pictures where a file has names.

    Tools that know nothing of frames and streams give back file names (COCO), and of a package with
    one camera no tool need say which.  What cannot be linked stays, for ``problems`` to tell.
    """
    by_file = {_base(one.file): one for one in package.pictures if one.file}
    cameras = {one.stream for one in package.pictures}
    only = next(iter(cameras)) if len(cameras) == 1 else None
    sent: dict[tuple[int, str], Picture] = {
        (one.frame, one.stream): by_file[_base(one.file)]
        for one in labels.pictures
        if not one.stream and one.file and _base(one.file) in by_file
    }
    renamed = {frame for frame, _ in sent}
    frames = {one.index: one for one in labels.frames if one.index not in renamed}
    for picture in sent.values():
        frames.setdefault(picture.frame, Frame(index=picture.frame))
    return ordered(
        replace(
            labels,
            frames=tuple(frames.values()),
            pictures=tuple(_named(one, sent) for one in labels.pictures),
            labels=tuple(_linked(one, sent, only) for one in labels.labels),
        )
    )


def _base(file: str | None) -> str:
    return (file or "").rsplit("/", 1)[-1]


def _named(picture: Picture, sent: Mapping[tuple[int, str], Picture]) -> Picture:
    found = sent.get((picture.frame, picture.stream))
    return replace(picture, frame=found.frame, stream=found.stream) if found else picture


def _linked(
    label: ObjectLabel, sent: Mapping[tuple[int, str], Picture], only: str | None
) -> ObjectLabel:
    if label.frame is None:
        return label
    found = sent.get((label.frame, label.stream or ""))
    if found is not None:
        return replace(label, frame=found.frame, stream=found.stream)
    if label.box is not None and label.stream is None:
        return replace(label, stream=only)
    return label


def problems(labels: LabelSet, package: LabelPackage, outside_px: float) -> Iterator[str]:
    """Yield why linked labels cannot be labels of this package; nothing if they can.

    A box may stand out of its picture by ``outside_px``.
    """
    if labels.package is not None and labels.package != package.package:
        yield f"the labels are for package {shown(labels.package)}, not {package.package}"
    times = {one.index: one.t_ns for one in package.frames}
    pictures = {(one.frame, one.stream): one for one in package.pictures}
    for frame in labels.frames:
        yield from _frame_problems(frame, times)
    for picture in labels.pictures:
        yield from _picture_problems(picture, pictures)
    classes = set(package.taxonomy.object_classes)
    tracks = {one.key: one for one in labels.tracks}
    for track in labels.tracks:
        if track.object_class not in classes:
            yield f"class {shown(track.object_class)} of track {track.key} is not in the taxonomy"
    for label in labels.labels:
        yield from _label_problems(label, tracks[label.track], times)
        if label.cuboid is not None and min(label.cuboid.size_m) <= 0:
            size = " x ".join(f"{side:g}" for side in label.cuboid.size_m)
            yield f"a cuboid of track {label.track} of {size} m has no volume"
        if label.box is not None and label.frame in times:
            yield from _box_problems(label, pictures, outside_px)


def _frame_problems(frame: Frame, times: Mapping[int, int | None]) -> Iterator[str]:
    if frame.index not in times:
        yield f"frame {frame.index} was not sent"
    elif frame.t_ns is not None and frame.t_ns != times[frame.index]:
        yield f"frame {frame.index} was at {times[frame.index]} ns, not at {frame.t_ns}"


def _picture_problems(picture: Picture, sent: Mapping[tuple[int, str], Picture]) -> Iterator[str]:
    named = f"picture {shown(picture.file or picture.stream)} of frame {picture.frame}"
    there = sent.get((picture.frame, picture.stream))
    if there is None:
        yield f"{named} was not sent"
        return
    if picture.sha256 is not None and picture.sha256 != there.sha256:
        yield f"{named} has other bytes than the one that was sent"
    if picture.t_ns is not None and picture.t_ns != there.t_ns:
        yield f"{named} was taken at {there.t_ns} ns, not at {picture.t_ns}"


def _label_problems(
    label: ObjectLabel, track: Track, times: Mapping[int, int | None]
) -> Iterator[str]:
    if label.frame is None:
        return
    if label.frame not in times:
        yield f"track {label.track} has a label in frame {label.frame}, which was not sent"
    spans = _spans(track)
    if spans and not any(start <= label.frame <= end for start, end in spans):
        yield f"track {label.track} has a label in frame {label.frame}, outside its frame intervals"


def _spans(track: Track) -> Sequence[tuple[int, int]]:
    given = track.attributes.get("frame_intervals")
    rows = given if isinstance(given, list) else []
    ends = [(row.get("frame_start"), row.get("frame_end")) for row in rows if isinstance(row, dict)]
    return [(a, b) for a, b in ends if isinstance(a, int) and isinstance(b, int)]


def _box_problems(
    label: ObjectLabel, sent: Mapping[tuple[int, str], Picture], outside_px: float
) -> Iterator[str]:
    named = f"a box of track {label.track} in frame {label.frame}"
    picture = sent.get((label.frame or 0, label.stream or ""))
    if picture is None:
        yield f"{named} does not say which of the pictures it is in"
        return
    box, width, height = label.box, picture.width_px, picture.height_px
    if box is None or width is None or height is None:
        return
    right, bottom = box.x_px + box.width_px, box.y_px + box.height_px
    out = max(-box.x_px, -box.y_px, right - width, bottom - height)
    if out > outside_px:
        yield f"{named} stands {out:g} px out of its picture of {width} x {height} px"


def track_gaps(labels: LabelSet, package: LabelPackage) -> dict[str, int]:
    """Return, for tracks that come and go, in how many frames between first and last they lack.

    Only frames in which the camera took a picture count, and per track the worst camera.
    """
    shown_in: dict[str, list[int]] = defaultdict(list)
    for picture in package.pictures:
        shown_in[picture.stream].append(picture.frame)
    there: dict[tuple[str, str], set[int]] = defaultdict(set)
    for label in labels.labels:
        if label.frame is not None and label.box is not None:
            there[label.track, label.stream or ""].add(label.frame)
    gaps: dict[str, int] = {}
    for (track, stream), frames in there.items():
        between = [one for one in shown_in[stream] if min(frames) < one < max(frames)]
        missing = len(set(between) - frames)
        if missing > gaps.get(track, 0):
            gaps[track] = missing
    return gaps

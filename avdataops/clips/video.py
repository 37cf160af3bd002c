"""Clips as video: one film per camera, VP9 in MP4, which every browser plays.

Pictures come as JPEG, PNG or raw pixels; VP9 is what OpenCV's own build can write and Chromium
plays (its H.264 and AV1 encoders are not in the build).  Frames stay as long as they stood in the
drive.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.clips.clip import Clip, ClipTable, Outcome, Written
from avdataops.clips.mp4_times import retime
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, MissingStream
from avdataops.model.ids import path_part
from avdataops.model.stream import Problem
from avdataops.signals.camera_pictures import colour_picture
from avdataops.signals.video import codec_of

MAX_WIDTH_PX = 960
"""Wider pictures are made smaller: the encoder takes a second for each ten megapixels."""
_RATE_HZ = 10.0
"""Only nominal: every frame gets its own time afterwards."""
_COLUMNS = ("format", "data", "height", "width", "step", "encoding")
Picture = NDArray[np.uint8]


@dataclass(slots=True)
class _Film:
    """One camera's film while it is written."""

    path: Path
    times_ns: list[int] = field(default_factory=list)
    size: tuple[int, int] | None = None
    """Width and height."""
    broken: int = 0
    writer: Any = None

    def add(self, t_ns: int, picture: Picture) -> None:
        """Append a frame; one that is not later than the last is left out."""
        import cv2

        if self.times_ns and t_ns <= self.times_ns[-1]:
            self.broken += 1
            return
        if self.size is None:
            self.size = _size_of(picture)
            code = cv2.VideoWriter.fourcc(*"vp09")
            self.writer = cv2.VideoWriter(str(self.path), cv2.CAP_FFMPEG, code, _RATE_HZ, self.size)
            if not self.writer.isOpened():
                raise InputError("OpenCV here writes no VP9; clips as MCAP need no encoder")
        if (picture.shape[1], picture.shape[0]) != self.size:
            picture = np.asarray(
                cv2.resize(picture, self.size, interpolation=cv2.INTER_AREA), dtype=np.uint8
            )
        self.writer.write(picture)
        self.times_ns.append(t_ns)

    def close(self) -> None:
        """Finish the file."""
        if self.writer is not None:
            self.writer.release()


def write_video(clip: Clip, folder: Path) -> Outcome:
    """Write one film per camera; raises ``MissingStream`` if there is no camera."""
    cameras = [one for one in clip.streams if _is_camera(one) and _asked(clip, one)]
    if not cameras:
        raise MissingStream(
            f"there is no camera among the topics of {clip.scene.id}",
            hint=f"avdataops measurements show {clip.scene.measurement}",
        )
    files: list[Written] = []
    used: list[Artifact] = []
    caveats: list[Problem] = []
    for name in dict.fromkeys(one.name for one in cameras):
        parts = [one for one in cameras if one.name == name]
        raw = folder / "raw.mp4"
        with closing(_Film(raw)) as film:
            caveats += _filmed(clip, parts, film)
        if film.size is None:
            continue
        path = folder / f"{path_part(name)}.mp4"
        retime(raw, path, film.times_ns)
        raw.unlink()
        files.append(Written(path=path, facts=_facts(name, film)))
        used += [one.artifact for one in parts]
    if not files:
        caveats.append(
            Problem(code="no_frame", message="no camera has a picture that can be shown here")
        )
    return Outcome(files=tuple(files), used=tuple(used), caveats=(*clip.caveats, *caveats))


def _filmed(clip: Clip, parts: list[ClipTable], film: _Film) -> Iterator[Problem]:
    for table in parts:
        for t_ns, message in _messages(clip, table):
            codec = codec_of(message.get("format"))
            if codec is not None:
                text = f"'{table.name}' is {codec} video, of which no film is made; MCAP holds it"
                yield Problem(code="video_codec", message=text, stream=table.name)
                return
            picture = colour_picture(message)
            if picture is None:
                film.broken += 1
            else:
                film.add(t_ns, picture)
    if film.broken:
        text = f"{film.broken} pictures of '{parts[0].name}' cannot be shown"
        yield Problem(code="damaged", message=text, stream=parts[0].name, lost_rows=film.broken)


def _messages(clip: Clip, table: ClipTable) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the reference time and the columns of every picture."""
    columns = [name for name in _COLUMNS if name in table.schema().names]
    for batch in table.rows(table.clock.span(clip.span), columns):
        times = table.clock.to_reference(batch.column("t_ns").to_numpy())
        for row, t_ns in enumerate(times.tolist()):
            # One at a time: a batch of raw pictures is large enough once.
            yield t_ns, batch.slice(row, 1).to_pylist()[0]


def _is_camera(table: ClipTable) -> bool:
    facts = table.artifact.attributes
    return (
        facts.get("topic_class") == "camera"
        and "parent" not in facts
        and "data" in table.schema().names
    )


def _asked(clip: Clip, table: ClipTable) -> bool:
    return clip.takes(table.artifact.attributes["topic"])


def _size_of(picture: Picture) -> tuple[int, int]:
    """Return width and height of the film: even, and not wider than ``MAX_WIDTH_PX``."""
    height, width = picture.shape[:2]
    scale = min(1.0, MAX_WIDTH_PX / width)
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)


def _facts(name: str, film: _Film) -> dict[str, object]:
    width, height = film.size or (0, 0)
    return {
        "name": name,
        "codec": "vp9",
        "width": width,
        "height": height,
        "frames": len(film.times_ns),
        "start_ns": film.times_ns[0],
        "frame_times_ns": film.times_ns,
    }

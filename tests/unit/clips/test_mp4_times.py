"""Films with times of their own, and files that are no films."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.clips.mp4_times import TIMESCALE, retime
from avdataops.model.errors import UnreadableFile

MS = 1_000_000
FRAMES = 6


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "even.mp4"
    code = cv2.VideoWriter.fourcc(*"vp09")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 10.0, (64, 48))
    for number in range(FRAMES):
        writer.write(np.full((48, 64, 3), 40 * number, np.uint8))
    writer.release()
    return path


def shown(path: Path) -> list[tuple[float, float]]:
    """Return when each frame is shown [ms], and its mean brightness."""
    capture = cv2.VideoCapture(str(path))
    found = []
    while True:
        good, frame = capture.read()
        if not good:
            break
        found.append((capture.get(cv2.CAP_PROP_POS_MSEC), float(frame.mean())))
    capture.release()
    return found


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1 * MS, 3000 * MS), min_size=FRAMES - 1, max_size=FRAMES - 1))
def test_frames_are_shown_at_their_times(
    film: Path, tmp_path_factory: pytest.TempPathFactory, gaps: list[int]
) -> None:
    start = 1_700_000_000 * 1000 * MS
    times = [start + sum(gaps[:number]) for number in range(FRAMES)]
    target = tmp_path_factory.mktemp("timed") / "own.mp4"
    retime(film, target, times)
    found = shown(target)
    wanted = [(one - start) / MS for one in times]
    assert [at for at, _ in found] == pytest.approx(wanted, abs=1000 / TIMESCALE * 2)
    assert [bright for _, bright in found] == pytest.approx([40.0 * n for n in range(6)], abs=6)


def test_times_that_do_not_fit_the_frames_are_refused(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="a film of 6 frames has 5 times"):
        retime(film, tmp_path / "x.mp4", [n * 100 * MS for n in range(5)])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFFxxxxAVI ",
        struct.pack(">I4s", 4, b"ftyp"),
        struct.pack(">I4s", 8, b"ftyp") + struct.pack(">I4s", 8, b"moov"),
        struct.pack(">I4s", 8, b"ftyp")
        + struct.pack(">I4s", 8, b"mdat")
        + struct.pack(">I4sI4s", 16, b"moov", 100, b"trak"),
    ],
)
def test_what_is_no_film_is_refused(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "x.mp4"
    source.write_bytes(data)
    with pytest.raises(UnreadableFile):
        retime(source, tmp_path / "y.mp4", [0])


def test_a_film_that_breaks_off_is_refused(film: Path, tmp_path: Path) -> None:
    source = tmp_path / "cut.mp4"
    source.write_bytes(film.read_bytes()[:-700])
    with pytest.raises(UnreadableFile):
        retime(source, tmp_path / "y.mp4", [n * 100 * MS for n in range(FRAMES)])

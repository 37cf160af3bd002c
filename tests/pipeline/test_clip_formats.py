"""Clips as tables, films and for Rerun: what they hold is what was recorded, at the right time."""

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import avdataops as av

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

S = 1_000_000_000
AROUND = ("--before", "1s", "--after", "1500ms")
CAMERA = "/camera/front/image/compressed"


@pytest.fixture(scope="module")
def drive(finished_short: "Processed") -> "Processed":
    return finished_short


@pytest.fixture(scope="module")
def scene(drive: "Processed") -> Any:
    (found,) = drive.desk.here("scenes", "find", "--type", "drive_off", "--format", "json").json
    return found


def export(drive: "Processed", scene: Any, to: str, folder: Path, *more: str) -> Any:
    given = ("scenes", "export", scene["id"], "--to", to, *AROUND, *more, "-o", folder)
    done = drive.desk.here(*given)
    assert done.status == 0, done.err
    (clip,) = done.json["clips"]
    return clip


def stream(drive: "Processed", scene: Any, name: str) -> pa.Table:
    with av.connect(drive.desk.workspace) as lake:
        return lake.scene(scene["id"]).stream(name, before_s=1, after_s=1.5)


@pytest.fixture(scope="module")
def parquet(
    drive: "Processed", scene: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("parquet") / "clip"
    return folder, export(drive, scene, "parquet", folder)


def file_of(clip: tuple[Path, Any], name: str) -> Path:
    (found,) = [one["path"] for one in clip[1]["files"] if one["name"] == name]
    return Path(found)


@pytest.mark.parametrize("name", ["/imu/data", "CAN1.VehicleDynamics", CAMERA, "/gnss/vel"])
def test_parquet_holds_the_rows_of_the_stream_with_both_times(
    drive: "Processed", scene: Any, parquet: tuple[Path, Any], name: str
) -> None:
    found = pq.read_table(file_of(parquet, name))
    wanted = stream(drive, scene, name)
    assert found.num_rows == wanted.num_rows > 10
    for column in wanted.schema.names:
        if column != "t_ref_ns":
            assert found.column(column).equals(wanted.column(column)), column
    drift = found.column("t_ref_ns").to_numpy() - wanted.column("t_ref_ns").to_numpy()
    assert np.abs(drift).max() < 1_000


def test_parquet_holds_ego_objects_and_the_scene_itself(
    scene: Any, parquet: tuple[Path, Any]
) -> None:
    ego = pq.read_table(parquet[0] / "ego.parquet").column("t_ns").to_numpy()
    assert scene["t_start_ns"] - S <= ego.min() < ego.max() < scene["t_end_ns"] + 1.5 * S
    assert len(ego) == round((scene["t_end_ns"] - scene["t_start_ns"] + 2.5 * S) / S * 50)
    assert pq.read_table(parquet[0] / "objects.parquet").num_rows > 10
    row = pq.read_table(parquet[0] / "scene.parquet").to_pylist()[0]
    assert (row["id"], json.loads(row["evidence"])) == (scene["id"], scene["evidence"])


def test_the_manifest_names_scene_artifacts_and_hashes(
    drive: "Processed", scene: Any, parquet: tuple[Path, Any]
) -> None:
    told = json.loads((parquet[0] / "clip.json").read_text(encoding="utf-8"))
    assert (told["scene"], told["measurement"]) == (scene["id"], drive.measurement)
    paths = (drive.drive.sensors, drive.drive.body, drive.drive.chassis, drive.drive.localization)
    assert told["recordings"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }
    for one in told["files"]:
        assert "/" not in one["path"]
        data = (parquet[0] / one["path"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(data).hexdigest()
    assert {one["path"] for one in told["files"]} | {"clip.json"} == {
        path.name for path in parquet[0].iterdir()
    }
    with av.connect(drive.desk.workspace) as lake:
        nodes = lake.lineage(scene["id"]).nodes
    known = {one.id: one.sha256 for one in nodes}
    shared = set(told["artifacts"]) & set(known)
    assert len(shared) >= 5
    assert {one: told["artifacts"][one] for one in shared} == {one: known[one] for one in shared}


def test_the_same_tables_again_have_the_same_bytes(
    drive: "Processed", scene: Any, parquet: tuple[Path, Any], tmp_path: Path
) -> None:
    export(drive, scene, "parquet", tmp_path / "again")
    assert {path.name: path.read_bytes() for path in parquet[0].iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()
    }


def test_csv_is_read_back_with_lists_as_json_and_without_bytes(
    drive: "Processed", scene: Any, tmp_path: Path
) -> None:
    clip = export(drive, scene, "csv", tmp_path / "csv", "--topics", f"/imu/data,{CAMERA}")
    files = {one["name"]: Path(one["path"]) for one in clip["files"]}
    assert set(files) == {"/imu/data", CAMERA, "ego", "objects", "scene"}
    found = pl.read_csv(files["/imu/data"])
    wanted = stream(drive, scene, "/imu/data")
    assert found["t_ns"].to_list() == wanted.column("t_ns").to_pylist()
    name = "linear_acceleration_x_mps2"
    assert found[name].to_list() == pytest.approx(wanted.column(name).to_pylist(), rel=1e-12)
    covariance = json.loads(found["orientation_covariance"][0])
    assert covariance == wanted.column("orientation_covariance")[0].as_py()
    assert "data" not in pl.read_csv(files[CAMERA]).columns
    assert any("which CSV does not hold" in one["message"] for one in clip["caveats"])


@pytest.fixture(scope="module")
def film(
    drive: "Processed", scene: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("film") / "clip"
    clip = export(drive, scene, "mp4", folder)
    (one,) = clip["files"]
    return Path(one["path"]), one


def test_every_frame_of_a_film_is_shown_when_it_was_taken(
    drive: "Processed", scene: Any, film: tuple[Path, Any]
) -> None:
    wanted = stream(drive, scene, CAMERA).column("t_ref_ns").to_numpy()
    path, facts = film
    assert facts["frame_times_ns"] == wanted.tolist()
    assert (facts["name"], facts["frames"]) == (CAMERA, len(wanted))
    capture = cv2.VideoCapture(str(path))
    shown_ms = []
    while capture.grab():
        shown_ms.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    capture.release()
    assert np.allclose(shown_ms, (wanted - wanted[0]) / 1e6, atol=0.05)
    assert np.diff(wanted).std() > 100_000, "frames that come evenly would prove nothing"


def test_frames_of_a_film_show_the_pictures(
    drive: "Processed", scene: Any, film: tuple[Path, Any]
) -> None:
    pictures = stream(drive, scene, CAMERA).column("data").to_pylist()
    capture = cv2.VideoCapture(str(film[0]))
    for data in pictures:
        good, shown = capture.read()
        taken = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert good
        assert taken is not None
        assert shown.shape == taken.shape
        # Lossy, and over the drive pictures differ by far more than this.
        assert np.abs(shown.astype(int) - taken.astype(int)).mean() < 8
    capture.release()


def test_the_index_of_a_film_is_in_front_so_that_it_plays_while_it_loads(
    film: tuple[Path, Any],
) -> None:
    data = film[0].read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_same_film_has_the_same_bytes(
    drive: "Processed", scene: Any, film: tuple[Path, Any], tmp_path: Path
) -> None:
    clip = export(drive, scene, "mp4", tmp_path / "again")
    assert clip["files"][0]["sha256"] == film[1]["sha256"]


def test_chromium_plays_a_film_and_goes_to_any_time(film: tuple[Path, Any]) -> None:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium")
    path, facts = film
    source = f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content("<video muted></video>")
        shown = page.evaluate(
            """async source => {
                const video = document.querySelector("video");
                const once = name => new Promise((good, bad) => {
                    video.addEventListener(name, good, {once: true});
                    video.addEventListener("error", () => bad(video.error.message), {once: true});
                });
                const loaded = once("loadeddata");
                video.src = source;
                await loaded;
                const went = once("seeked");
                video.currentTime = video.duration / 2;
                await went;
                const ended = once("ended");
                video.playbackRate = 4;
                await video.play();
                await ended;
                return [video.videoWidth, video.videoHeight, video.duration];
            }""",
            source,
        )
        browser.close()
    times = facts["frame_times_ns"]
    assert shown[:2] == [facts["width"], facts["height"]]
    assert shown[2] == pytest.approx((times[-1] - times[0]) / S, abs=0.2)


def test_a_film_without_a_camera_is_refused(drive: "Processed", scene: Any, tmp_path: Path) -> None:
    given = ("scenes", "export", scene["id"], "--to", "mp4", "--topics", "/imu/data")
    done = drive.desk.here(*given, "-o", tmp_path / "film")
    assert done.status == 65
    assert "no camera among the topics" in done.err


def test_without_rerun_the_extra_is_named(
    drive: "Processed", scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    given = ("scenes", "export", scene["id"], "--to", "rrd", "-o", tmp_path / "x.rrd")
    done = drive.desk.here(*given)
    assert done.status == 78
    assert "pip install 'avdataops[rerun]'" in done.err
    assert list(tmp_path.iterdir()) == []
    shown = drive.desk.here("scenes", "open", scene["id"], "--in", "rerun")
    assert shown.status == 78


def test_without_rerun_a_scene_is_opened_by_hand(
    drive: "Processed", scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = drive.desk.here("scenes", "open", scene["id"], *AROUND)
    assert done.status == 0
    assert "pip install 'avdataops[rerun]'" in done.err
    assert Path(done.json["clip"]).read_bytes().startswith(b"\x89MCAP0\r\n")
    assert done.json["page"].endswith(f"/scenes/{scene['id']}")
    assert "viewer" not in done.json

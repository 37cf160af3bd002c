"""What people do wrong with real recordings: each has its own clear outcome."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import avdataops as av
from avdataops.testing.command_line import Desk

if TYPE_CHECKING:
    from tests.system.conftest import Taken

SHORTEST = "css_3BA199E2_00000165_00000006-60FFE42F.MF4"
FRAMES = {"CAN1": 870, "CAN2": 6731}
DAY_NS = 86_400_000_000_000


@pytest.fixture
def minute(real_data: Path, tmp_path: Path) -> Path:
    """The last minute of the commute alone in a folder."""
    folder = tmp_path / "minute"
    folder.mkdir()
    shutil.copy2(real_data / "mdf4" / SHORTEST, folder)
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "workspace")


@pytest.mark.parametrize("wrong", ["weather/metar_sa.txt", "ros1/embag_array_test.bag"])
def test_a_database_that_is_none_is_named_and_the_frames_are_kept(
    take: "Callable[..., Taken]", real_data: Path, minute: Path, wrong: str
) -> None:
    taken = take(minute, real_data / wrong)
    assert taken.ran.status == 0
    told = [text for text in taken.caveats() if "DBC" in text]
    assert len(told) == 1
    assert f"{Path(wrong).name} cannot be read as a DBC" in told[0]
    rows = {one["name"]: one["rows"] for one in taken.show()["streams"] if one["rows"]}
    assert rows == FRAMES
    assert taken.show()["state"] == "complete"


def test_frames_that_the_database_of_another_car_lacks_are_counted_and_named(
    take: "Callable[..., Taken]", real_data: Path, minute: Path
) -> None:
    taken = take(minute, real_data / "dbc" / "_toyota_2017.dbc")
    assert taken.ran.status == 0
    told = sorted(text for text in taken.caveats() if "DBC" in text)
    assert [text.split(" are in no DBC")[0] for text in told] == [
        "2 of 2 ids on CAN1 (870 frames)",
        "9 of 9 ids on CAN2 (6731 frames)",
    ]
    assert "0x7E8" in told[0]
    assert "0x1, 0x2, 0x3" in told[1]
    rows = {one["name"]: one["rows"] for one in taken.show()["streams"] if one["rows"]}
    assert rows == FRAMES
    assert taken.desk.here("scenes", "find", "--format", "json").json == []


def test_something_else_under_the_name_of_a_recording_is_set_aside_with_the_way_out(
    take: "Callable[..., Taken]", real_data: Path, minute: Path
) -> None:
    shutil.copy2(real_data / "osm" / "gh_monaco.osm.gz", minute / "second.mf4")
    taken = take(minute)
    assert taken.ran.status == 1
    shown = taken.show()
    assert shown["state"] == "quarantined"
    assert shown["reason"]["code"] == "unknown_format"
    assert "second.mf4" in shown["reason"]["message"]
    assert "second.mf4" in shown["reason"]["fix"]
    kept = taken.desk.files("quarantine")
    assert any(name.endswith("second.mf4") for name in kept)
    assert any(name.endswith(SHORTEST) for name in kept)
    again = taken.desk.here("run", taken.measurement)
    assert again.status not in (0, 75)
    assert "quarantined" in again.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dbc/canmod-gps.dbc", "known formats are"),
        ("weather/metar_sa.txt", "known formats are"),
        ("osm/gh_monaco.osm.gz", "known formats are"),
        ("openlabel/openlabel_json_schema-v1.0.0.json", "known formats are"),
        ("mdf4", "there is no file"),
    ],
)
def test_info_on_something_else_names_what_it_knows(
    real_data: Path, desk: Desk, name: str, words: str
) -> None:
    answer = desk.here("info", real_data / name)
    assert answer.status == 65
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_a_folder_with_nothing_but_notes_is_refused(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "remarks.txt").write_text("nice weather")
    answer = desk.here("upload", folder, "--vehicle", "v")
    assert answer.status == 65
    assert "holds no recording" in answer.err
    assert ".mf4" in answer.err
    assert desk.here("measurements", "list", "--format", "json").json == []


def test_a_file_instead_of_its_folder_is_refused(desk: Desk, minute: Path) -> None:
    answer = desk.here("upload", minute / SHORTEST, "--vehicle", "v")
    assert answer.status == 65
    assert "is not a folder" in answer.err


def test_a_file_that_may_not_be_read_is_named(
    desk: Desk, minute: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Told by the open itself, because a superuser may read whatever its mode says.
    def refuse(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == SHORTEST:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *args, **options)

    opened = Path.open
    monkeypatch.setattr(Path, "open", refuse)
    answer = desk.here("upload", minute, "--vehicle", "v")
    assert answer.status == 77
    assert SHORTEST in answer.err
    assert "Traceback" not in answer.err


def test_a_map_that_is_not_there_is_a_setting_to_mend(
    take: "Callable[..., Taken]", minute: Path, tmp_path: Path
) -> None:
    taken = take(minute, last="validate")
    wrong = Desk(taken.desk.workspace, {"AVDATAOPS_MAP": str(tmp_path / "none.osm")})
    answer = wrong.here("run", taken.measurement)
    assert answer.status == 78
    assert "none.osm" in answer.err


def test_a_recorder_with_a_stale_clock_costs_no_rows_for_the_time_between(
    take: "Callable[..., Taken]", real_data: Path, tmp_path: Path
) -> None:
    # Two robots, 54 days apart: as one logger whose clock lost its battery.
    for name in (
        "ros2/philips_test_bag/test_bag_0.db3",
        "ros2/nebula_ars548/1708578204/1708578204.db3",
    ):
        shutil.copy2(real_data / name, tmp_path)
    taken = take(tmp_path)
    assert taken.ran.status == 0
    with av.connect(taken.desk.workspace) as lake:
        ego = lake.table(taken.measurement, "ego")
        context = lake.table(taken.measurement, "context")
    assert ego["t_ns"][-1].as_py() - ego["t_ns"][0].as_py() > 50 * DAY_NS
    assert context.num_rows < ego.num_rows < 10_000


@pytest.mark.parametrize(
    "first",
    [
        "sqlite3",
        "mcap",
    ],
)
def test_one_topic_in_two_formats_is_one_stream(
    take: "Callable[..., Taken]", real_data: Path, tmp_path: Path, first: str
) -> None:
    # MCAP has a time of publishing that SQLite lacks; the parts start in the same nanosecond.
    talkers = real_data / "ros2" / "rosbag2_py_resources"
    for name in ("mcap/talker/talker.mcap", "sqlite3/talker/talker.db3"):
        place = tmp_path / ("a" if name.startswith(first) else "b")
        place.mkdir()
        shutil.copy2(talkers / name, place)
    taken = take(tmp_path)
    assert taken.ran.status == 0, taken.ran.err
    with av.connect(taken.desk.workspace) as lake:
        topic = lake.stream(taken.measurement, "/topic")
    assert topic.num_rows == 20
    assert topic["publish_ns"].null_count == 10


def test_a_car_that_is_asked_twice_a_second_has_a_speed_all_the_time(
    take: "Callable[..., Taken]", real_data: Path, tmp_path: Path
) -> None:
    # Answers come in bursts; the pauses between bursts are no gaps of a signal of 2 Hz.
    name = "css_3BA199E2_00000165_00000002-60FEB8E3.MF4"
    shutil.copy2(real_data / "mdf4" / name, tmp_path)
    taken = take(tmp_path, real_data / "dbc" / "OBD-v4.4.dbc")
    with av.connect(taken.desk.workspace) as lake:
        ego = lake.table(taken.measurement, "ego")
        context = lake.table(taken.measurement, "context")
    minutes = (ego["t_ns"][-1].as_py() - ego["t_ns"][0].as_py()) / 60e9
    assert minutes == pytest.approx(10, abs=0.1)
    assert ego["ego_speed_mps"].drop_null().length() > 0.98 * minutes * 60 * 50
    assert context["ego_speed_mps"].null_count < 0.02 * context.num_rows

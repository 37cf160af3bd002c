"""Thresholds moved without a rerun, and one detection against another, over a finished drive."""

import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

import avdataops as av
from avdataops.model.errors import InputError, NotFound
from avdataops.testing.command_line import Answer, Desk

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

Rows = list[Mapping[str, Any]]


@pytest.fixture(scope="module")
def lake(finished: "Processed") -> Iterator[av.Lake]:
    with av.connect(finished.desk.workspace) as opened:
        yield opened


@pytest.fixture(scope="module")
def again(finished: "Processed", tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a copy of the finished workspace, searched again with a threshold nobody reaches."""
    workspace = tmp_path_factory.mktemp("again") / "workspace"
    shutil.copytree(finished.desk.workspace, workspace)
    desk = Desk(workspace, finished.desk.environment)
    overrides = '{"hard_brake": {"on_mps2": -9.5}, "turn": {"off_degps": 4.5}}'
    param = f"detect_scenes.overrides={overrides}"
    ran = desk.here("run", finished.measurement, "--param", param)
    assert ran.status == 0, ran.err
    return desk


def rows(answer: Answer) -> Rows:
    assert answer.status == 0, answer.err
    found: Rows = answer.json
    return found


def rethreshold(desk: Desk, *words: str) -> Answer:
    return desk.here("scenes", "rethreshold", *words, "--format", "json")


def test_a_tighter_threshold_says_which_scenes_disappear(finished: "Processed") -> None:
    before = rows(finished.desk.here("scenes", "find", "--type", "hard_brake", "--format", "json"))
    answer = rethreshold(finished.desk, "hard_brake", "--set", "on_mps2=-9")
    told = rows(answer)
    assert [(one["change"], one["id"]) for one in told] == [
        ("disappears", one["id"]) for one in before
    ]
    assert answer.err.strip() == f"0 stay, 0 appear, {len(before)} disappear"
    kept = rethreshold(finished.desk, "hard_brake", "--set", "on_mps2=-3.1")
    assert [one["change"] for one in rows(kept)] == ["stays"] * len(before)


def test_a_looser_threshold_than_near_misses_were_kept_for_is_refused(
    finished: "Processed",
) -> None:
    answer = rethreshold(finished.desk, "hard_brake", "--set", "on_mps2=-1")
    assert answer.status == 65
    assert "on_mps2 <= -2.1" in answer.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("hard_brak", "--set", "on_mps2=-3"), "did you mean 'hard_brake'?"),
        (("hard_brake", "--set", "of_mps2=-3"), "did you mean 'on_mps2'?"),
        (("hard_brake", "--set", "on_mps2"), "write as 'on_mps2=-2.5'"),
        (("hard_brake", "--set", "on_mps2=nan"), "write as 'on_mps2=-2.5'"),
        (("sensor_dropout", "--set", "a=1"), "no threshold of 'sensor_dropout' can be moved"),
    ],
)
def test_what_cannot_be_moved_is_named(
    finished: "Processed", words: tuple[str, ...], why: str
) -> None:
    answer = rethreshold(finished.desk, *words)
    assert answer.status == 65
    assert why in answer.err


def test_python_gives_the_same_answer(lake: av.Lake, finished: "Processed") -> None:
    moved = lake.rethreshold("turn_left", min_angle_deg=60.0)
    told = rows(rethreshold(finished.desk, "turn_left", "--set", "min_angle_deg=60"))
    assert sorted(one["id"] for one in told if one["change"] == "stays") == sorted(
        scene.id for scene in moved.stay
    )
    assert moved.stay
    with pytest.raises(InputError, match=r"min_angle_deg >= 31\.5"):
        lake.rethreshold("turn_left", min_angle_deg=20.0, measurement=finished.measurement)


def test_appearing_scenes_are_those_that_a_rerun_finds(again: Desk, finished: "Processed") -> None:
    """Of a detection that missed all, with thresholds that its candidates still reach."""
    with av.connect(again.workspace) as lake:
        assert len(lake.scenes("hard_brake")) == 0
        moved = lake.rethreshold("hard_brake", on_mps2=-9.5 * 0.7)
    assert moved.stay == moved.disappear == ()
    assert all(float(one.evidence["min_ax_mps2"] or 0.0) <= -9.5 * 0.7 for one in moved.appear)
    assert {one.measurement for one in moved.appear} <= {finished.measurement}


def test_the_difference_names_what_is_more_gone_and_moved(
    again: Desk, finished: "Processed"
) -> None:
    answer = again.here("scenes", "diff", finished.measurement, "--format", "json")
    told = rows(answer)
    gone = [one for one in told if one["change"] == "gone"]
    moved = [one for one in told if one["change"] == "moved"]
    before = rows(finished.desk.here("scenes", "find", "--type", "hard_brake", "--format", "json"))
    assert [one["id"] for one in gone] == [one["id"] for one in before]
    assert moved
    assert {one["type"] for one in moved} <= {"turn_left", "turn_right"}
    assert all(one["was_id"] != one["id"] for one in moved)
    assert all(one["was_end_ns"] >= one["t_end_ns"] for one in moved)
    assert answer.err.startswith(f"0 more, {len(gone)} gone, {len(moved)} moved, ")


def test_two_runs_are_compared_in_the_order_given(again: Desk, finished: "Processed") -> None:
    with av.connect(again.workspace) as lake:
        here = lake.scene_changes(finished.measurement)
        new = lake.table(finished.measurement, "scenes")
        assert new.num_rows == len(here.same) + len(here.moved) + len(here.more)
    first, second = runs_of(again, finished.measurement)
    there = again.here(
        "scenes", "diff", finished.measurement, "--run", second, "--run", first, "--format", "json"
    )
    assert [one["id"] for one in rows(there) if one["change"] == "more"] == [
        one.id for one in here.gone
    ]
    same = again.here("scenes", "diff", finished.measurement, "--run", first, "--run", first)
    assert same.err.startswith("0 more, 0 gone, 0 moved")


def runs_of(desk: Desk, measurement: str) -> list[str]:
    """Return the runs of detection in the order in which they ran."""
    refused = desk.here("scenes", "diff", measurement, "--run", "run_x", "--run", "run_y")
    assert refused.status == 4
    return refused.err.partition("they are: ")[2].strip().split(", ")


def test_a_drive_that_was_searched_once_has_nothing_to_compare(
    lake: av.Lake, finished: "Processed"
) -> None:
    with pytest.raises(NotFound, match="searched for scenes once; nothing to compare with"):
        lake.scene_changes(finished.measurement)
    one = finished.desk.here("scenes", "diff", finished.measurement, "--run", "run_a")
    assert one.status == 65
    assert "--run is given twice" in one.err

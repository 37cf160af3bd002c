"""What lies around a scene."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.testing.facts import T0_NS, scene
from avdataops.wiring.scene_actor import actor_signals, front_of
from avdataops.wiring.scene_view import (
    MARGIN_S,
    MAX_FRAMES,
    MAX_SAMPLES,
    MAX_WINDOW_S,
    Surroundings,
    window_of,
)
from tests.unit.wiring.viewed import MEASUREMENT, Shelf

SCENE = replace(scene(MEASUREMENT, "cut_in", 10 * NS_PER_S), actor="red")
WINDOW = window_of(SCENE)


def at(seconds: float) -> int:
    """Return a time that many seconds after the start of the scene."""
    return SCENE.t_start_ns + round(seconds * NS_PER_S)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def around(shelf: Shelf) -> Surroundings:
    catalog: Any = shelf
    return Surroundings(catalog, shelf.storage)


def test_a_short_scene_is_seen_whole_with_a_margin() -> None:
    assert WINDOW.seconds(WINDOW.span.start_ns) == -MARGIN_S
    assert WINDOW.seconds(WINDOW.span.stop_ns) == 5 + MARGIN_S
    assert (WINDOW.before, WINDOW.after) == (None, None)


def test_a_long_scene_is_seen_piece_by_piece_without_a_hole() -> None:
    long = scene(MEASUREMENT, "night", 0, stop_ns=200 * NS_PER_S)
    window = window_of(long)
    seen = [window.span]
    while window.after is not None:
        window = window_of(long, window.after)
        seen.append(window.span)
    assert [one.stop_ns for one in seen[:-1]] == [one.start_ns for one in seen[1:]]
    assert max(one.duration_s for one in seen) == MAX_WINDOW_S
    assert (seen[0].start_ns - T0_NS, seen[-1].stop_ns - T0_NS) == (-3e9, 203e9)
    while window.before is not None:
        window = window_of(long, window.before)
    assert window.span == seen[0]


@pytest.mark.parametrize("wanted", [-1e6, -3.0, 0.0, 7.99, 8.0, 1e6])
def test_a_piece_is_never_outside_of_the_scene(wanted: float) -> None:
    span = window_of(SCENE, wanted).span
    whole = WINDOW.span
    assert whole.start_ns <= span.start_ns < span.stop_ns <= whole.stop_ns


def test_frames_are_those_of_cameras_and_lidars_in_the_window(shelf: Shelf) -> None:
    camera = shelf.put("stream", pa.table({"t_ns": [0]}), "/cam", part="a.mcap")
    lidar = shelf.put("stream", pa.table({"t_ns": [1]}), "/lidar", part="a.mcap")
    rows = [
        (at(-3.1), "/cam", "camera", 0, "a.mcap"),
        (at(-1.0), "/cam", "camera", 1, "a.mcap"),
        (at(1.0), "/cam", "camera", 2, "a.mcap"),
        (at(1.0), "/lidar", "lidar", 7, "a.mcap"),
        (at(2.0), "/radar", "radar", 3, "a.mcap"),
        (at(2.0), "/cam", "camera", 4, "other.mcap"),
        (at(3.0), "/cam", "camera", None, "a.mcap"),
        (at(8.0), "/cam", "camera", 5, "a.mcap"),
    ]
    names = ("t_ns", "stream", "topic_class", "frame_row", "part")
    shelf.put("frame_facts", pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))))
    found = around(shelf).sensors(MEASUREMENT, WINDOW)
    assert [(one.stream, one.topic_class, one.left_out) for one in found] == [
        ("/cam", "camera", 0),
        ("/lidar", "lidar", 0),
    ]
    assert found[0].frames == ((-1.0, camera.id, 1), (1.0, camera.id, 2))
    assert found[1].frames == ((1.0, lidar.id, 7),)


def test_more_frames_than_can_be_listed_are_thinned_and_counted(shelf: Shelf) -> None:
    shelf.put("stream", pa.table({"t_ns": [0]}), "/cam", part="a")
    count = 2 * MAX_FRAMES + 1
    table = {
        "t_ns": [at(5 * n / count) for n in range(count)],
        "stream": ["/cam"] * count,
        "topic_class": ["camera"] * count,
        "frame_row": range(count),
        "part": ["a"] * count,
    }
    shelf.put("frame_facts", pa.table(table))
    (sensor,) = around(shelf).sensors(MEASUREMENT, WINDOW)
    assert len(sensor.frames) == MAX_FRAMES
    assert sensor.left_out == MAX_FRAMES + 1
    assert [sensor.frames[0][2], sensor.frames[-1][2]] == [0, count - 1]


def test_a_drive_without_tables_shows_nothing_and_breaks_nothing(shelf: Shelf) -> None:
    view = around(shelf)
    assert view.sensors(MEASUREMENT, WINDOW) == ()
    assert view.signals(MEASUREMENT, WINDOW) == {"t": [], "series": []}
    assert view.way(MEASUREMENT, WINDOW) == []
    assert view.boxes(SCENE, at(0)) == ()
    assert view.at_time(MEASUREMENT, "context", at(0)) == {}
    assert actor_signals(view, SCENE, WINDOW, 3.7) == {"t": [], "series": []}


def test_signals_are_in_seconds_and_unknown_is_null(shelf: Shelf) -> None:
    table = {
        "t_ns": [at(0), at(0.5), at(1.0), at(99)],
        "ego_speed_mps": [1.0, None, float("nan"), 9.0],
        "yaw_rate_radps": pa.array([None] * 4, pa.float64()),
    }
    shelf.put("ego", pa.table(table))
    told = around(shelf).signals(MEASUREMENT, WINDOW)
    assert told["t"] == [0.0, 0.5, 1.0]
    (speed,) = told["series"]
    assert (speed["label"], speed["unit"], speed["values"]) == ("speed", "m/s", [1.0, None, None])


def test_signals_of_a_fast_grid_are_thinned(shelf: Shelf) -> None:
    count = 3 * MAX_SAMPLES
    table = {"t_ns": [at(5 * n / count) for n in range(count)], "ego_speed_mps": [1.0] * count}
    shelf.put("ego", pa.table(table))
    told = around(shelf).signals(MEASUREMENT, WINDOW)
    assert len(told["t"]) == MAX_SAMPLES


def test_the_way_leaves_out_where_no_place_is_known(shelf: Shelf) -> None:
    table = {
        "t_ns": [at(0), at(1), at(2)],
        "lat_deg": [56.0, None, 56.2],
        "lon_deg": [10.0, 10.1, 10.2],
    }
    shelf.put("ego", pa.table(table))
    assert around(shelf).way(MEASUREMENT, WINDOW) == [[0.0, 10.0, 56.0], [2.0, 10.2, 56.2]]


def objects(*rows: tuple[float, str, float, float | None]) -> pa.Table:
    """Return object rows: when, whose, how far ahead, how fast."""
    return pa.table(
        {
            "t_ns": [at(t) for t, *_ in rows],
            "track_id": [track for _, track, *_ in rows],
            "x_m": [x for *_, x, _ in rows],
            "y_m": [0.0] * len(rows),
            "yaw_rad": [0.0] * len(rows),
            "vx_mps": pa.array([v for *_, v in rows], pa.float64()),
            "length_m": [4.0] * len(rows),
            "width_m": pa.array([None] * len(rows), pa.float64()),
        }
    )


def test_boxes_are_each_tracks_nearest_row_and_the_actor_is_drawn_last(shelf: Shelf) -> None:
    shelf.put(
        "objects",
        objects((0.9, "red", 1.0, 0.0), (1.05, "red", 2.0, 0.0), (1.1, "blue", 3.0, 0.0),
                (1.4, "late", 4.0, 0.0)),
    )  # fmt: skip
    found = around(shelf).boxes(SCENE, at(1.0))
    assert [(box.x_m, box.is_actor) for box in found] == [(3.0, False), (2.0, True)]
    assert np.isnan(found[0].width_m)


def test_what_holds_at_a_time_is_the_nearest_row_without_what_is_unknown(shelf: Shelf) -> None:
    table = {
        "t_ns": [at(0), at(1), at(9)],
        "light": ["day", "night", "x"],
        "rain": [True, None, None],
    }
    shelf.put("context", pa.table(table))
    found = around(shelf).at_time(MEASUREMENT, "context", at(0.8))
    assert found == {"t_ns": at(1), "light": "night"}


def test_the_actor_has_gap_and_time_to_collision_only_while_closing_in(shelf: Shelf) -> None:
    shelf.put(
        "objects", objects((0, "red", 25.7, 8.0), (1, "red", 23.7, 10.0), (2, "red", 3.0, 5.0))
    )
    shelf.put("ego", pa.table({"t_ns": [at(0), at(1), at(2)], "ego_speed_mps": [10.0] * 3}))
    told = actor_signals(around(shelf), SCENE, WINDOW, 3.7)
    series = {one["label"]: one["values"] for one in told["series"]}
    assert told["t"] == [0.0, 1.0, 2.0]
    assert series["actor ahead"] == [25.7, 23.7, 3.0]
    # Without a width the reach of a turned box is unknown.
    assert "gap" not in series


def test_the_gap_is_from_bumper_to_bumper(shelf: Shelf) -> None:
    table = objects((0, "red", 25.7, 8.0), (1, "red", 23.7, 10.0), (2, "red", 3.0, 5.0))
    place = table.column_names.index("width_m")
    shelf.put("objects", table.set_column(place, "width_m", pa.array([2.0, 2.0, 2.0])))
    shelf.put("ego", pa.table({"t_ns": [at(0), at(1), at(2)], "ego_speed_mps": [10.0] * 3}))
    series = {
        one["label"]: one["values"]
        for one in actor_signals(around(shelf), SCENE, WINDOW, 3.7)["series"]
    }
    assert series["gap"] == [20.0, 18.0, None]
    assert series["time to collision"] == [10.0, None, None]
    without = actor_signals(around(shelf), SCENE, WINDOW, None)["series"]
    assert [one["label"] for one in without] == ["actor ahead", "actor left"]


def test_the_front_bumper_is_where_a_parameter_says() -> None:
    assert front_of({"ego_front_m": 3.7}) == 3.7
    assert front_of({}) is None
    assert front_of({"ego_front_m": "x"}) is None

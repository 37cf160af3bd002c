"""Stretches that are worth their full rate."""

from avdataops.model.scene import Scene
from avdataops.tables.keep_ranges import keep_ranges
from avdataops.tables.kinds import kind

S = 1_000_000_000


def _scene(start_s: float, stop_s: float, type_: str = "cut_in") -> Scene:
    return Scene(
        id=f"scn_{type_}_{start_s}",
        type=type_,
        measurement="m_1",
        vehicle="v",
        t_start_ns=round(start_s * S),
        t_end_ns=round(stop_s * S),
        detector=type_,
        detector_version=1,
        confidence=1.0,
        evidence={},
    )


def _rows(*scenes: Scene, margin_s: float = 5.0) -> list[tuple[float, float, str, int]]:
    batch = keep_ranges(scenes, round(margin_s * S))
    kind("keep_ranges").check(batch.schema)
    return [
        (row["t_ns"] / S, row["t_end_ns"] / S, row["types"], row["scenes"])
        for row in batch.to_pylist()
    ]


def test_five_seconds_around_a_scene_are_kept() -> None:
    assert _rows(_scene(100.0, 103.0)) == [(95.0, 108.0, "cut_in", 1)]


def test_ranges_that_meet_are_one() -> None:
    scenes = (_scene(113.0, 114.0, "turn_left"), _scene(100.0, 103.0), _scene(130.0, 131.0))
    assert _rows(*scenes) == [
        (95.0, 119.0, "cut_in turn_left", 2),
        (125.0, 136.0, "cut_in", 1),
    ]


def test_a_scene_within_a_longer_one_does_not_shorten_it() -> None:
    assert _rows(_scene(10.0, 39.0), _scene(20.0, 21.0)) == [(5.0, 44.0, "cut_in", 2)]


def test_triggers_can_be_chosen() -> None:
    scenes = (_scene(10.0, 11.0), _scene(30.0, 31.0, "night"))
    ranges = keep_ranges(scenes, 0, ("night",)).to_pylist()
    assert [(row["types"], row["t_ns"]) for row in ranges] == [("night", 30 * S)]


def test_night_triggers_nothing() -> None:
    assert _rows(_scene(0.0, 3600.0, "night"), _scene(0.0, 9.0, "day")) == []
    assert _rows() == []


def test_of_a_long_scene_the_begin_and_the_end_are_kept() -> None:
    assert _rows(_scene(100.0, 130.0, "following")) == [(95.0, 135.0, "following", 1)]
    assert _rows(_scene(100.0, 130.5, "following")) == [
        (95.0, 105.0, "following", 1),
        (125.5, 135.5, "following", 1),
    ]


def test_what_happens_within_a_long_scene_is_kept_beside_its_ends() -> None:
    scenes = (_scene(100.0, 300.0, "following"), _scene(200.0, 202.0, "lead_brake"))
    assert [row[:3] for row in _rows(*scenes)] == [
        (95.0, 105.0, "following"),
        (195.0, 207.0, "lead_brake"),
        (295.0, 305.0, "following"),
    ]


def test_weather_triggers_nothing_unless_it_is_asked_for() -> None:
    rain = _scene(0.0, 20.0, "rain")
    assert _rows(rain, _scene(3.0, 9.0, "wet_road"), _scene(4.0, 8.0, "low_sun_glare")) == []
    assert len(keep_ranges((rain,), 0, ("rain",)).to_pylist()) == 1

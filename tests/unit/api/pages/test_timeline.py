"""A drive as a picture."""

import re
from dataclasses import replace
from typing import Any

import pytest

from avdataops.api.pages.timeline import MAX_LANES, MAX_MARKS, Strip, strips_of, timeline
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.testing.facts import T0_NS, scene
from tests.unit.api.pages.conftest import EVIL

SPAN = TimeRange(T0_NS, T0_NS + 100 * NS_PER_S)
DRIVE = "m_" + "1" * 24


def at(seconds: float) -> int:
    return T0_NS + round(seconds * NS_PER_S)


def marks(picture: str) -> list[tuple[float, float]]:
    """Return left edge and width of each scene."""
    found = re.findall(
        r'<a href="/scenes/[^>]*>.*?<rect x="([\d.]+)" y="3" width="([\d.]+)"', picture
    )
    return [(float(x), float(width)) for x, width in found]


def test_a_scene_lies_where_it_was_and_leads_to_its_page() -> None:
    one = scene(DRIVE, "cut_in", 25 * NS_PER_S, stop_ns=75 * NS_PER_S)
    picture = timeline(SPAN, [one], {}, {})
    assert f'href="/scenes/{one.id}"' in picture
    ((x, width),) = marks(picture)
    assert (x, width) == (390.0, 400.0)


def test_a_moment_is_still_wide_enough_to_be_hit() -> None:
    one = scene(DRIVE, "cut_in", 25 * NS_PER_S, stop_ns=25 * NS_PER_S)
    assert marks(timeline(SPAN, [one], {}, {}))[0][1] == 4.0


def test_what_reaches_beyond_the_drive_is_cut() -> None:
    one = scene(DRIVE, "night", -50 * NS_PER_S, stop_ns=500 * NS_PER_S)
    assert marks(timeline(SPAN, [one], {}, {})) == [(190.0, 800.0)]


def test_scenes_of_a_type_share_a_lane() -> None:
    found = [scene(DRIVE, kind, n * NS_PER_S) for n in range(5) for kind in ("a", "b")]
    assert timeline(SPAN, found, {}, {}).count('<text class="lane"') == 2


def test_gaps_and_surroundings_have_lanes_and_what_is_empty_has_none() -> None:
    gaps = {"/camera": [(at(10), at(12))], "/lidar": []}
    strips = {"light": [Strip(at(0), at(50), "night")], "weather": []}
    picture = timeline(SPAN, [], gaps, strips)
    assert "gap of 2.00 s" in picture
    assert "strip-night" in picture
    assert picture.count('<text class="lane"') == 2


def test_names_are_escaped_wherever_they_stand() -> None:
    evil = replace(scene(DRIVE, EVIL), vehicle=EVIL)
    gaps = {EVIL: [(at(1), at(2))]}
    picture = timeline(SPAN, [evil], gaps, {EVIL: [Strip(at(0), at(99), EVIL)]})
    assert "<script" not in picture
    assert "<img" not in picture
    assert "\x1b" not in picture
    assert picture.count("&lt;script&gt;alert(1)") >= 4


def test_however_much_there_is_the_picture_has_a_bound() -> None:
    many = [scene(DRIVE, f"kind_{n}", n * NS_PER_S) for n in range(2 * MAX_LANES)]
    picture = timeline(SPAN, many, {}, {})
    assert picture.count('<text class="lane"') == MAX_LANES
    assert f"and {MAX_LANES} more lanes" in picture
    dense = [scene(DRIVE, "x", n * 1000) for n in range(2 * MAX_MARKS)]
    assert len(marks(timeline(SPAN, dense, {}, {}))) == MAX_MARKS


@pytest.mark.parametrize("seconds", [0, 1e-9, 0.5, 30, 3600, 8 * 3600, 1e9])
def test_the_axis_has_a_few_ticks_however_long_the_drive_is(seconds: float) -> None:
    picture = timeline(TimeRange(T0_NS, T0_NS + round(seconds * NS_PER_S)), [], {}, {})
    assert 1 <= picture.count('class="tick"') <= 1000


def rows(*values: tuple[float, str]) -> list[dict[str, Any]]:
    return [{"t_ns": at(t), "light": value} for t, value in values]


def light(row: Any) -> str:
    return str(row["light"])


def test_equal_rows_in_a_row_are_one_stretch() -> None:
    found = strips_of(rows((0, "day"), (1, "day"), (2, "night"), (3, "night")), light)
    assert found == [Strip(at(0), at(2), "day"), Strip(at(2), at(5), "night")]


def test_a_gap_is_not_bridged_and_unknown_is_nothing() -> None:
    found = strips_of(rows((0, "day"), (10, "day"), (11, ""), (12, "day")), light)
    assert found == [
        Strip(at(0), at(2), "day"),
        Strip(at(10), at(11), "day"),
        Strip(at(12), at(14), "day"),
    ]

"""The picture of sync: well-formed whatever streams are called, bounded, and the same again."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.signals.sync_picture import MAX_LANES, MAX_PANELS, sync_picture
from avdataops.signals.sync_view import Lane, Link, Stretch, SyncView

S = 1_000_000_000
T = 1_700_000_000 * S
HOUR = 3600 * S
SVG = "{http://www.w3.org/2000/svg}"
LANE = Lane(
    stream="/a",
    clock="ros",
    method="reference",
    refused=None,
    first_ns=T,
    last_ns=T + HOUR,
    rate_hz=10.0,
    coverage=0.9,
)
LINK = Link("mdf", None, "ros", "yaw_rate", (Stretch(T, T + HOUR, (-3000.0, -3010.0)),))


def _drawn(*lanes: Lane, links: tuple[Link, ...] = ()) -> ET.Element:
    return _parsed(sync_picture(SyncView(lanes, links), "m_1"))


def _parsed(drawn: str) -> ET.Element:
    return ET.fromstring(drawn)  # noqa: S314 - what was just drawn, not a foreign file


def _texts(svg: ET.Element) -> list[str]:
    return [one.text or "" for one in svg.iter(f"{SVG}text")]


def _of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    """Return what is drawn of a class, without its sign in the legend."""
    found = [one for one in svg.iter() if one.get("class") == name]
    return found[1:]


def test_an_empty_drive_is_a_picture_that_says_so() -> None:
    svg = _drawn()
    assert svg.tag == f"{SVG}svg"
    assert "no stream with messages" in _texts(svg)


def test_the_reference_and_the_figures_of_a_stream_are_told() -> None:
    told = _texts(_drawn(LANE))
    assert "clock ros: the reference" in told
    assert "1:00:00 from 2023-11-14T22:13:20Z, on ros" in told
    assert {"/a", "10 Hz", "90.0%"} <= set(told)


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("yaw_rate", "clock mdf: tied by yaw_rate"),
        ("gnss_time", "clock mdf: taken to UTC by the time of satellites"),
    ],
)
def test_how_a_clock_is_tied_is_told(method: str, line: str) -> None:
    assert line in _texts(_drawn(replace(LANE, clock="mdf", method=method)))


def test_a_stream_of_an_unknown_clock_is_not_placed_and_does_not_stretch_the_axis() -> None:
    lost = replace(LANE, clock="x", method="none", refused="no motion", first_ns=0, last_ns=5)
    svg = _drawn(LANE, lost)
    assert "clock x: not tied to the reference" in _texts(svg)
    assert "not placed: no motion" in _texts(svg)
    assert len(_of_class(svg, "bar first")) == 1
    assert any(told.startswith("1:00:00 from") for told in _texts(svg))


def test_a_gap_is_drawn_where_it_is_and_never_vanishes() -> None:
    half = replace(LANE, gaps=((T + HOUR // 2, T + HOUR * 3 // 4),))
    (gap,) = _of_class(_drawn(half), "gap")
    # The axis has 670 pixels from 290.
    assert gap.get("d") == "M625 120h168"
    short = replace(LANE, gaps=((T + HOUR // 2, T + HOUR // 2 + 1),))
    (gap,) = _of_class(_drawn(short), "gap")
    assert (gap.get("d") or "").endswith("h1")


def test_many_gaps_in_one_pixel_are_drawn_apart_from_one_gap() -> None:
    every = tuple((T + k * S, T + k * S + S // 2) for k in range(3600))
    svg = _drawn(replace(LANE, gaps=every))
    (many,) = _of_class(svg, "gap many")
    assert (many.get("d") or "").count("M") == 1
    assert len(sync_picture(SyncView((replace(LANE, gaps=every),), ()), "m")) < 10_000


def test_a_jump_of_a_clock_is_marked_with_its_size() -> None:
    svg = _drawn(replace(LANE, steps=((T + HOUR // 2, 50.0),)))
    (mark,) = _of_class(svg, "step")
    assert mark.findtext(f"{SVG}title") == "the clock of its stamps jumped by +50.0 ms"
    assert (mark.get("d") or "").startswith("M625.0 ")


@given(st.text(), st.text())
@settings(max_examples=60, deadline=None)
def test_any_name_makes_a_well_formed_picture(stream: str, clock: str) -> None:
    lane = replace(LANE, stream=stream, clock=clock)
    lost = replace(lane, stream=f"{stream}2", method="none", refused=stream)
    link = Link(clock, stream, clock, "one_way", (Stretch(T, T + S, None, stream),))
    svg = _drawn(lane, lost, links=(link,))
    assert {one.tag.removeprefix(SVG) for one in svg.iter()} <= {
        "svg",
        "title",
        "style",
        "rect",
        "text",
        "path",
        "g",
    }


def test_a_hostile_name_stays_text() -> None:
    name = "</text><script>alert('x')</script>&\x00\x1b[31m"
    told = sync_picture(SyncView((replace(LANE, stream=name),), ()), name)
    assert "<script" not in told
    assert _texts(_parsed(told))[0].startswith("Sync of </text><script>")


def test_hundreds_of_streams_are_bounded_and_the_gapped_ones_stay() -> None:
    lanes = [replace(LANE, stream=f"/s{k:03}") for k in range(MAX_LANES + 50)]
    lanes[-1] = replace(lanes[-1], gaps=((T, T + S),))
    told = _texts(_drawn(*lanes))
    assert "and 50 more streams, none with more gaps than these" in told
    assert lanes[-1].stream in told
    assert lanes[-2].stream not in told


def test_more_links_than_panels_are_counted() -> None:
    links = tuple(replace(LINK, clock=f"c{k}") for k in range(MAX_PANELS + 3))
    svg = _drawn(LANE, links=links)
    assert "and 3 more" in _texts(svg)
    assert len([one for one in svg.iter() if one.get("class") == "frame"]) == MAX_PANELS


def test_stamps_taken_as_they_are_have_no_panel_unless_they_jump() -> None:
    calm = Link("stamps", "/a", "ros", "as_stamped", LINK.pieces)
    jumping = replace(calm, stream="/b", pieces=LINK.pieces * 2)
    told = " ".join(_texts(_drawn(LANE, links=(calm, jumping))))
    assert "stamps of /b" in told
    assert "stamps of /a" not in told


def test_the_same_tables_make_the_same_bytes() -> None:
    view = SyncView((LANE, replace(LANE, stream="/b", gaps=((T, T + S),))), (LINK,))
    assert sync_picture(view, "m") == sync_picture(view, "m")


def test_the_picture_is_readable_in_the_dark() -> None:
    style = _drawn(LANE).findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme:dark" in style

"""The panel of one clock's offset: pieces, jumps and refusals where they belong."""

import re
from xml.etree import ElementTree as ET

import pytest

from avdataops.signals.sync_panels import MAX_PIECES, draw_panel
from avdataops.signals.sync_view import Link, Stretch

S = 1_000_000_000
SPAN = (0, 100 * S)
WIDTH = 566.0
"""The drive then takes 500 pixels from 66: five a second."""


def _panel(*pieces: Stretch, stream: str | None = None) -> ET.Element:
    link = Link("mdf", stream, "ros", "one_way", pieces)
    drawn = f"<g>{draw_panel(link, SPAN, WIDTH)}</g>"
    return ET.fromstring(drawn)  # noqa: S314 - what was just drawn, not a foreign file


def _path(panel: ET.Element, name: str) -> str:
    (found,) = (one for one in panel.iter("path") if one.get("class") == name)
    return found.get("d") or ""


def _texts(panel: ET.Element) -> list[str]:
    return [one.text or "" for one in panel.iter("text")]


def test_the_head_tells_the_link_and_its_offset_at_the_start() -> None:
    told = _texts(_panel(Stretch(0, 100 * S, (-3548.39, -3556.0))))
    assert told[0] == "mdf → ros (one_way): -3,548.4 ms"


def test_a_piece_goes_from_its_start_to_its_stop_and_falls_with_its_offset() -> None:
    drawn = _path(_panel(Stretch(10 * S, 60 * S, (5.0, 1.0))), "model")
    x1, y1, x2, y2 = map(float, re.findall(r"[\d.]+", drawn))
    assert (x1, x2) == (116.0, 366.0)
    assert y2 > y1


def test_a_jump_between_two_pieces_is_a_broken_line_where_it_happens() -> None:
    panel = _panel(Stretch(0, 40 * S, (0.0, 1.0)), Stretch(40 * S, 100 * S, (51.0, 52.0)))
    assert _path(panel, "jump").startswith("M266.0 ")
    assert _path(panel, "model").count("M") == 2


def test_pieces_that_join_have_no_jump() -> None:
    panel = _panel(Stretch(0, 40 * S, (0.0, 1.0)), Stretch(40 * S, 100 * S, (1.0, 3.0)))
    assert not [one for one in panel.iter("path") if one.get("class") == "jump"]


def test_a_refusal_is_a_field_over_its_time_with_the_whole_reason() -> None:
    why = "too_few_samples (12 usable rows are fewer than the 50 needed)"
    panel = _panel(Stretch(0, 50 * S, (0.0, 1.0)), Stretch(50 * S, 60 * S, None, why))
    (field,) = (one for one in panel.iter("rect") if one.get("class") == "refused")
    assert (field.get("x"), field.get("width")) == ("316.0", "50.0")
    assert field.findtext("title") == why


def test_a_clock_without_any_model_has_no_scale() -> None:
    panel = _panel(Stretch(0, 100 * S, None, "no motion"))
    assert _texts(panel) == ["mdf → ros (one_way)", "no motion"]
    assert not list(panel.iter("path"))


def test_a_constant_offset_lies_in_the_middle() -> None:
    drawn = _path(_panel(Stretch(0, 100 * S, (7.0, 7.0))), "model")
    assert drawn == "M66.0 60.0L566.0 60.0"


@pytest.mark.parametrize(("end_ms", "told"), [(1.0, "+1.15 ms"), (2000.0, "+2,300 ms")])
def test_the_scale_is_in_milliseconds_from_the_start(end_ms: float, told: str) -> None:
    assert told in _texts(_panel(Stretch(0, 100 * S, (500.0, 500.0 + end_ms))))


def test_the_name_of_a_stream_is_shortened_and_escaped() -> None:
    (head, *_) = _texts(_panel(Stretch(0, S, (0.0, 0.0)), stream="<&>" * 100))
    assert head.startswith("mdf of <&><&>")
    assert head.endswith("… → ros (one_way): +0.0 ms")


def test_a_clock_in_thousands_of_pieces_is_bounded() -> None:
    pieces = [Stretch(k, k + 1, (float(k), float(k))) for k in range(MAX_PIECES + 100)]
    assert _path(_panel(*pieces), "model").count("M") == MAX_PIECES

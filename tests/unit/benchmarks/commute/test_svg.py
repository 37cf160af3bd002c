"""Pictures as well-formed SVG with lines, thresholds and the shaded interval in their places."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from benchmarks.commute.svg import WIDTH, Column, Panel, path, picture

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*panels: Panel, span: tuple[float, float] = (0.0, 10.0)) -> ET.Element:
    column = Column("at 2 s & more", span, (2.0, 4.0), panels)
    return ET.fromstring(picture("turn <left>", [column]))  # noqa: S314 - made by this test


def line(*values: float) -> tuple[np.ndarray, np.ndarray]:
    return np.linspace(0.0, 10.0, len(values)), np.array(values)


def test_titles_are_escaped() -> None:
    texts = [one.text for one in drawn(Panel("v < 3", [line(1.0, 2.0)])).iter(f"{SVG}text")]
    assert texts[:3] == ["turn <left>", "at 2 s & more", "v < 3"]


def test_the_interval_is_shaded_in_every_panel() -> None:
    root = drawn(Panel("a", [line(0.0, 1.0)]), Panel("b", [line(0.0, 1.0)]))
    shades = [one for one in root.iter(f"{SVG}rect") if one.get("fill") == "#f3d9a4"]
    assert [one.get("width") for one in shades] == [f"{0.2 * WIDTH:.1f}"] * 2


def test_an_instant_is_still_seen() -> None:
    column = Column("now", (0.0, 10.0), (5.0, 5.0), [Panel("a", [line(0.0, 1.0)])])
    root = ET.fromstring(picture("t", [column]))  # noqa: S314 - made by this test
    assert [one.get("width") for one in root.iter(f"{SVG}rect")][1] == "0.8"


def test_a_threshold_outside_the_values_is_in_the_picture() -> None:
    root = drawn(Panel("a", [line(0.0, 1.0)], (-3.0,)))
    (dashed,) = root.iter(f"{SVG}line")
    texts = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert dashed.get("y1") == dashed.get("y2")
    assert "-3.32" in texts


def test_unknown_values_lift_the_pen() -> None:
    nan = float("nan")
    assert path([(0, 1), (1, 2), (2, nan), (3, 4), (4, 5)]) == "M0.0 1.0 L1.0 2.0 M3.0 4.0 L4.0 5.0"
    assert path([(0, nan)]) == ""


@pytest.mark.parametrize("values", [(float("nan"),) * 3, ()])
def test_a_panel_with_nothing_known_is_empty_and_not_an_error(values: tuple[float, ...]) -> None:
    root = drawn(Panel("a", [line(*values)]))
    assert list(root.iter(f"{SVG}path")) == []


def test_values_outside_the_span_are_neither_drawn_nor_scaled_for() -> None:
    root = drawn(Panel("a", [line(0.0, 0.0, 1.0, 0.0, 99.0)]), span=(0.0, 6.0))
    texts = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert "1.08" in texts


def test_long_lines_are_thinned() -> None:
    root = drawn(Panel("a", [(np.linspace(0, 10, 100_000), np.zeros(100_000))]))
    (one,) = root.iter(f"{SVG}path")
    assert 300 < (one.get("d") or "").count("L") < 600


def test_no_scenes_still_make_a_document() -> None:
    assert picture("none", []).startswith("<svg ")

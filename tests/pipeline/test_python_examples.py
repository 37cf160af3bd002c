"""Every public name has an example, and what the examples show is what happens."""

import doctest
import inspect
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import avdataops as av

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

OWN = (av.FoundScene, av.Image, av.Images, av.PointCloud, av.PointClouds, av.Rows)
"""Classes whose methods are examined too, where they have an example."""


@pytest.fixture(scope="module")
def names(finished_short: "Processed") -> Iterator[dict[str, Any]]:
    """What the examples take for granted."""
    with av.connect(finished_short.desk.workspace) as lake:
        yield {
            "av": av,
            "lake": lake,
            "workspace": finished_short.desk.workspace,
            "measurement": finished_short.measurement,
            "scene": lake.scenes("drive_off")[0],
        }


def examples(name: str) -> list[doctest.DocTest]:
    found = getattr(av, name)
    tests = doctest.DocTestFinder(recurse=found in OWN).find(found, name, module=False, globs={})
    return [one for one in tests if one.examples]


@pytest.mark.parametrize("name", av.__all__)
def test_what_the_examples_of_a_public_name_show_happens(name: str, names: dict[str, Any]) -> None:
    tests = examples(name)
    assert tests, f"av.{name} has no example"
    for one in tests:
        one.globs = dict(names)
        told = io.StringIO()
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(one, out=told.write)
        assert result.failed == 0, told.getvalue()


def test_every_way_from_a_scene_to_its_data_has_an_example() -> None:
    shown = {one.name.rpartition(".")[2] for one in examples("FoundScene")}
    ways = {
        name
        for name, _ in inspect.getmembers(av.FoundScene, inspect.isfunction)
        if not name.startswith("_")
    }
    assert ways - shown == set()
    assert len(ways) >= 8


def test_the_page_about_python_shows_what_happens(names: dict[str, Any]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
    page = doctest.DocTestParser().get_doctest(text, dict(names), "python.md", None, 0)
    assert len(page.examples) >= 18
    told = io.StringIO()
    result = doctest.DocTestRunner().run(page, out=told.write)
    assert result.failed == 0, told.getvalue()

"""The rules that the documents show are rules, and the example file is the one that is shown."""

import re
from pathlib import Path

import pytest

from avdataops.detectors import scene_types
from avdataops.detectors.rules import rule_detectors
from avdataops.detectors.rules.document import KEYS
from avdataops.model.errors import ConfigError

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scenes.md").read_text(encoding="utf-8")


def shown() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_every_rule_of_the_page_can_be_used() -> None:
    documents = {f"{number}.yaml": text for number, text in enumerate(shown())}
    assert len(documents) == 2
    made = rule_detectors(documents, scene_types())
    assert {one.name for one in made} == {"fast_wet_corner", "heavy_traffic_rain"}


def test_the_example_file_is_what_the_page_shows() -> None:
    example = (DOCS / "examples" / "fast_wet_corner.yaml").read_text(encoding="utf-8")
    assert example == shown()[0]


def test_the_table_of_keys_is_whole() -> None:
    table = PAGE.partition("| key |")[2].partition("\n\n")[0]
    told = {key for row in table.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert told == set(KEYS)


def test_the_complaint_of_the_page_is_the_one_that_is_given() -> None:
    text = shown()[0].replace("ego_speed_mps > 18", "ego_sped_mps > 18")
    with pytest.raises(ConfigError) as caught:
        rule_detectors({"fast_wet_corner.yaml": text}, scene_types())
    assert f"`{caught.value.message}`" in PAGE

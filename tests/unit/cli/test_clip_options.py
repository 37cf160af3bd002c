"""How much around a scene: durations as people write them; and ids on standard input."""

import click
import pytest

from avdataops.cli.clips import DURATION, _id_in, wish_of
from avdataops.model.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        ("5s", 5.0),
        ("500ms", 0.5),
        ("1.5min", 90.0),
        (" 2 s ", 2.0),
        ("0", 0.0),
    ],
)
def test_a_duration_is_a_number_with_or_without_a_unit(text: str, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1h", "1e3", "1.2.3s", "9999999s", "nan", "1,5s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no duration"):
        DURATION.convert(text, None, None)


def test_topics_come_in_lists_and_one_by_one() -> None:
    wish = wish_of(1.0, 2.0, ("/a, /b", "", "/c,"))
    assert (wish.before_s, wish.after_s, wish.topics) == (1.0, 2.0, ("/a", "/b", "/c"))


def test_a_line_names_a_scene_by_its_first_word_or_as_json() -> None:
    assert _id_in("scn_1 cut_in 0.9\n") == "scn_1"
    assert _id_in('{"type": "cut_in", "id": "scn_2"}\n') == "scn_2"


@pytest.mark.parametrize("line", ['{"type": "cut_in"}', "{broken", "{}"])
def test_a_line_that_names_no_scene_is_refused(line: str) -> None:
    with pytest.raises(InputError, match="names no scene"):
        _id_in(line)

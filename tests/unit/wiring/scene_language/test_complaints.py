"""Complaints stand under the token that is wrong, and tell what was probably meant."""

import json
import time

import pytest

from avdataops.model.errors import AvdataopsError, HostileInput, InputError
from avdataops.ports.questions import Comparison, Condition
from avdataops.testing.catalog_store import HOSTILE
from avdataops.wiring.scene_language import understood
from avdataops.wiring.scene_language.grammar import MAX_LENGTH
from tests.unit.wiring.scene_language.vocabulary import WORDS


@pytest.mark.parametrize(
    ("text", "problem", "under"),
    [
        ("cutin & rain", "no scene type 'cutin'; did you mean 'cut_in'?", "cutin"),
        ("cut_in & rian", "no scene type 'rian'; did you mean 'rain'?", "rian"),
        (
            "ego_sped_mps > 8",
            "no attribute 'ego_sped_mps'; did you mean 'ego_speed_mps'?",
            "ego_sped_mps",
        ),
        (
            "ego_speed > 8",
            "needs a unit, as m/s, or write 'ego_speed_mps'",
            "ego_speed",
        ),
        ("ego_speed > 8 s", "'s' is a unit of time, and ego_speed_mps is of speed", "s"),
        ("ego_speed > 8 km/j", "no unit 'km/j'; did you mean 'km/h'?", "km/j"),
        ("confidence > 8 m", "'confidence' has no unit", "m"),
        ("confidence = high", "'confidence' is compared with a number", "high"),
        ("light > 3", "'light' is compared with a word", "3"),
        ("light = nigt", "no light 'nigt'; did you mean 'night'?", "nigt"),
        ("type = cutin", "no scene type 'cutin'; did you mean 'cut_in'?", "cutin"),
        ("cut_in & truncated", "'truncated' is an attribute; compare it", "truncated"),
        ("rain = true", "'rain' is a scene type; it stands alone", "rain"),
        ("near juncton", "did you mean 'junction'?", "juncton"),
        ("near(99, 0, 5 m)", "latitude 99.0, longitude 0.0 is no place", "near(99, 0, 5 m)"),
        ("near(9, 0, 5 s)", "'s' is a unit of time", "s"),
        ("inside(1 2, 3 4)", "a polygon has 3 to 100 corners, not 2", "inside(1 2, 3 4)"),
        ("inside(0 -170, 0 170, 5 0)", "cannot cross the date line", "inside(0 -170, 0 170, 5 0)"),
        ("time >= 5", "this is no time", "5"),
        ("time >= 2026-13-01", "is not a time", "2026-13-01"),
        ("time = 2026-11-20", "a moment is no range", "2026-11-20"),
        ("time in 2026-11-20 .. 2026-11-19", "ends before it starts", None),
        ("ego_speed_mps > 2026-11-20", "'ego_speed_mps' is no time", "2026-11-20"),
        ("ego_speed_mps > 1e999", "'1e999' is too large", "1e999"),
        ("cut_in ruring rain", "'ruring' does not fit here; did you mean 'during'?", "ruring"),
        ("cut_in rain", "'rain' does not fit here", "rain"),
        ("cut_in & & rain", "'&' does not fit here", "&"),
        ("cut_in within 5 m of rain", "'m' is a unit of length, and a time is of time", "m"),
        ("cut_in within -5 s of rain", "a duration is not negative", None),
        ("cut_in ? rain", "'?' means nothing here", "?"),
        ("on way -4", "'-4' is no way of OpenStreetMap", "-4"),
    ],
)
def test_the_place_is_underlined_and_the_near_miss_is_told(
    text: str, problem: str, under: str | None
) -> None:
    with pytest.raises(InputError) as caught:
        understood(text, WORDS)
    told, line, carets = caught.value.message.split("\n")
    assert problem in told
    assert line == f"  {text}"
    start, stop = carets.index("^"), len(carets)
    assert set(carets[start:stop]) == {"^"}
    if under is not None:
        assert line[start:stop] == under


@pytest.mark.parametrize("text", ["cut_in &", "(cut_in", "cut_in within 5", "not", "near(1,"])
def test_what_is_missing_is_missed_at_the_end(text: str) -> None:
    with pytest.raises(InputError, match="ends too early; here may stand: ") as caught:
        understood(text, WORDS)
    line, carets = caught.value.message.split("\n")[1:]
    assert carets.index("^") == len(line)


def test_of_a_long_query_the_part_around_the_place_is_shown() -> None:
    text = " | ".join(["cut_in"] * 40 + ["cutin"] + ["rain"] * 40)
    with pytest.raises(InputError) as caught:
        understood(text, WORDS)
    line, carets = caught.value.message.split("\n")[1:]
    assert line.startswith("  ...")
    assert line.endswith("...")
    assert len(line) < 100
    assert line[carets.index("^") : len(carets)] == "cutin"


def test_signs_that_move_the_cursor_are_shown_as_spaces() -> None:
    with pytest.raises(InputError) as caught:
        understood("cut_in &\n\tcutin", WORDS)
    line, carets = caught.value.message.split("\n")[1:]
    assert line[carets.index("^") : len(carets)] == "cutin"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000,
        "(" * 31 + "cut_in" + ")" * 31,
        "!" * 3_000 + "cut_in",
        "not " * 900 + "cut_in",
        "cut_in" + " & cut_in" * 500,
        "cut_in" + " then cut_in" * 200,
        "cut_in" + "".join(f" & within {n} s of rain" for n in range(20)),
        "cut_in during (rain during (rain during (rain during rain)))",
        "x" * (MAX_LENGTH + 1),
        "confidence in (" + ",".join(map(str, range(290))) + ")",
    ],
)
def test_what_is_too_much_is_refused_soon(text: str) -> None:
    began = time.process_time()
    with pytest.raises(HostileInput, match="at most"):
        understood(text, WORDS)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "",
        "cut_in; DROP TABLE scenes",
        "vehicle = 'a' OR 1=1 --",
        'vehicle = "\\x"',
        "\x00",
        "near(" * 20,
        "\ud800",
        "é" * 10,
        "near(1,1,1e999)",
        "1 = 1",
    ],
)
def test_hostile_text_is_refused_as_input(text: str) -> None:
    with pytest.raises(AvdataopsError):
        understood(text, WORDS)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_quotes_is_a_value_to_the_letter(text: str) -> None:
    question = understood(f"vehicle = {json.dumps(text)}", WORDS)
    assert question == Condition("vehicle", Comparison.EQ, text)

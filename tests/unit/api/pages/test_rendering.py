"""Words and numbers as pages tell them."""

import shlex

import pytest

from avdataops.api.pages.colours import colour_of
from avdataops.api.pages.rendering import (
    as_json,
    clean,
    command,
    duration,
    moment,
    number,
    options,
    page,
    size,
    told,
    words,
)
from avdataops.tables.ontology import meanings
from tests.unit.api.pages.conftest import EVIL


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, "\N{EN DASH}"), (0.0, "0.00 s"), (0.123, "0.12 s"), (4.24, "4.2 s"), (59.9, "59.9 s"),
     (60.0, "1 min 00 s"), (185.0, "3 min 05 s"), (3600.0, "1 h 00 min"), (7860.0, "2 h 11 min")],
)  # fmt: skip
def test_lengths_of_time_are_told_as_people_write_them(
    seconds: float | None, expected: str
) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "\N{EN DASH}"), (True, "yes"), (False, "no"), (1.23456, "1.235"), (7, "7"),
     ("\x1b[31mred", "\\x1b[31mred"), (0.0, "0"), (1e-9, "1e-09")],
)  # fmt: skip
def test_values_are_told_short_and_what_is_unknown_is_a_dash(value: object, expected: str) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [(None, "\N{EN DASH}"), (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (25_600_000, "25.6 MB"),
     (4_000_000_000, "4 GB"), (3 * 10**12, "3 TB")],
)  # fmt: skip
def test_sizes_have_a_unit(length: int | None, expected: str) -> None:
    assert size(length) == expected


def test_moments_are_utc_to_a_tenth() -> None:
    assert moment(1_791_997_071_425_297_021) == "2026-10-14 16:57:51.4"
    assert moment(-1) == "1969-12-31 23:59:59.9"
    assert moment(None) == "\N{EN DASH}"


def test_a_command_line_is_read_back_by_a_shell_as_the_same_words() -> None:
    given = {"type": ["cut_in", "a b"], "where": ["x < 2; rm -rf /"], "near": "", "vehicle": EVIL}
    line = command(["scenes", "find", *options(given)])
    assert shlex.split(line) == [
        "avdataops", "scenes", "find", "--type", "cut_in", "--type", "a b",
        "--where", "x < 2; rm -rf /", "--vehicle", EVIL,
    ]  # fmt: skip


def test_names_lose_their_control_characters() -> None:
    assert clean("a\nb\x00") == "a\\nb\\x00"
    assert words("hard_brake") == "hard brake"
    assert "\x1b" not in words(EVIL) + clean(EVIL)


def test_only_numbers_of_evidence_stand_in_a_row() -> None:
    evidence = {"b": 1.0, "a": "x", "c": None, "d": True, "e": 2.0, "f": 3.0, "g": 4.0, "h": 5.0}
    assert told(evidence) == [("b", 1.0), ("e", 2.0), ("f", 3.0), ("g", 4.0)]


def test_what_is_no_json_is_told_as_text() -> None:
    assert as_json({"a": {1, 2}.__class__}) == '{\n  "a": "<class \'set\'>"\n}'


def test_a_page_may_load_nothing_from_elsewhere_and_run_nothing_written_into_it() -> None:
    headers = page("sign_in.html", local=True, used=False, next="/scenes").headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "worker-src")} == {
        "'self'"
    }
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["cache-control"] == "private, no-store"


def test_a_status_is_that_of_the_answer() -> None:
    assert page("sign_in.html", 401, local=True, used=True, next="/x").status_code == 401


def test_types_have_colours_of_their_own_that_last() -> None:
    colours = {name: colour_of(name) for name in meanings()}
    assert len(set(colours.values())) == len(colours)
    assert colour_of("cut_in") == colours["cut_in"]
    assert colour_of(EVIL).startswith("hsl(")
    assert "script" not in colour_of(EVIL)

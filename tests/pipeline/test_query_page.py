"""What docs/query.md shows is what the commands print over the sample drive."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from avdataops.model.scene import Surroundings
from avdataops.ports.catalog_rules import OWN_NUMBERS, OWN_TEXTS, SCENE_GROUPS
from avdataops.ports.question_checks import MAX_LEAVES, MAX_NESTED, MAX_RELATED
from avdataops.wiring.scene_language.grammar import MAX_DEPTH, MAX_LENGTH, MAX_WORDS, parsed

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

PAGE = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")


def shown() -> list[tuple[str, str]]:
    """Return (command, what it prints) of every console block."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            found.append((command, printed))
    return found


def test_there_are_commands_to_run() -> None:
    assert len(shown()) >= 10


@pytest.mark.parametrize("number", range(len(shown())))
def test_the_command_prints_what_the_page_says(finished: "Processed", number: int) -> None:
    command, expected = shown()[number]
    words = [
        finished.measurement if re.fullmatch(r"m_[0-9a-f]{24}", word) else word
        for word in shlex.split(command)
    ]
    assert words[0] == "avdataops"
    answer = finished.desk.here(*words[1:])
    printed = answer.err if expected.startswith("error[") else answer.text
    told, wanted = ([line.split() for line in text.splitlines()] for text in (printed, expected))
    assert told == wanted


def test_every_query_of_the_tables_can_be_read() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    queries = [
        query
        for row in rows
        for query in re.findall(r"`([^`]+)`", row.split(" | ", maxsplit=1)[0])
        if "..." not in query
    ]
    assert len(queries) >= 30
    for query in queries:
        parsed(query)


def test_the_page_names_every_attribute_group_and_limit() -> None:
    for name in (*OWN_NUMBERS, *OWN_TEXTS, *Surroundings.__dataclass_fields__, *SCENE_GROUPS):
        assert re.search(rf"\b{name}\b", PAGE), name
    numbers = (f"{MAX_LENGTH:,}", MAX_WORDS, MAX_DEPTH, MAX_LEAVES, MAX_RELATED, MAX_NESTED)
    (limits,) = re.findall(r"A query has at most (.*);", PAGE)
    assert re.findall(r"\d[\d,]*", limits) == [str(one) for one in numbers]

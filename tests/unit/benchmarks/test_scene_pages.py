"""The benchmark of pages asks real questions of a catalog that it fills, in every form."""

import pytest

from benchmarks import scene_pages
from benchmarks.scene_pages import QUESTIONS, measured, table_of


@pytest.fixture(scope="module")
def small() -> dict[str, object]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene_pages, "ROUNDS", 2)
        return measured(400)


def test_every_question_is_answered_by_index(small: dict[str, object]) -> None:
    rows = small["questions"]
    assert isinstance(rows, list)
    assert [row["question"] for row in rows] == list(QUESTIONS)
    assert all(row["by_index"] for row in rows)
    assert all(0 < row["p50_ms"] <= row["p95_ms"] for row in rows)
    assert sum(row["found"] > 0 for row in rows) >= 5


def test_the_table_has_a_line_for_each_question(small: dict[str, object]) -> None:
    lines = table_of({"sizes": [small, small]}).splitlines()
    assert lines[0] == "| first page, p95 in ms | 400 scenes | 400 scenes |"
    assert len(lines) == len(QUESTIONS) + 3
    assert all(line.count("|") - line.count("\\|") == 4 for line in lines)

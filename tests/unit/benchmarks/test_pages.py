"""Sections of a page between their own markers."""

from pathlib import Path

import pytest

from avdataops.model.errors import InputError
from benchmarks.pages import markers, put_between

BEGIN, END = markers("speed")


def page(folder: Path, text: str) -> Path:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_the_section_changes_and_other_sections_stay(tmp_path: Path) -> None:
    other = "\n".join(markers("other"))
    path = page(tmp_path, f"# Title\n\n{BEGIN}\nold\n{END}\n\n{other}\n")
    put_between(path, "speed", "new")
    assert path.read_text(encoding="utf-8") == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\n{other}\n"
    put_between(path, "speed", "new")
    assert path.read_text(encoding="utf-8").count("new") == 1


@pytest.mark.parametrize("text", ["# Title\n", f"{BEGIN}\n", f"{END}\n"])
def test_a_page_without_both_markers_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = page(tmp_path, text)
    with pytest.raises(InputError, match=r"page\.md has no section 'speed'"):
        put_between(path, "speed", "new")
    assert path.read_text(encoding="utf-8") == text

"""Sections of the docs that commands write, each between its own two markers."""

from pathlib import Path

from avdataops.model.errors import InputError


def markers(section: str) -> tuple[str, str]:
    """Return the lines that a section stands between."""
    return f"<!-- {section}: begin -->", f"<!-- {section}: end -->"


def put_between(page: Path, section: str, text: str) -> None:
    """Replace what a section of a page holds; raises ``InputError`` without its two markers."""
    begin, end = markers(section)
    before, opened, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise InputError(f"{page.name} has no section '{section}': it lacks {begin} or {end}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")

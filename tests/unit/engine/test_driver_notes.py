"""What the test driver wrote down."""

from pathlib import Path

import pytest

from avdataops.engine.driver_notes import read_notes
from avdataops.model.errors import SchemaMismatch


def notes(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_json_and_yaml_give_the_same_notes(tmp_path: Path) -> None:
    json = notes(
        tmp_path, "n.json", '{"route": "Küste", "remarks": [{"t": "+1s", "text": "rain"}]}'
    )
    yaml = notes(tmp_path, "n.yaml", "route: Küste\nremarks:\n  - {t: +1s, text: rain}\n")
    assert read_notes(json) == read_notes(yaml)
    assert read_notes(json)["remarks"][0]["text"] == "rain"


def test_a_date_in_yaml_becomes_text(tmp_path: Path) -> None:
    assert read_notes(notes(tmp_path, "n.yaml", "day: 2026-11-20\n")) == {"day": "2026-11-20"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("n.json", "{"),
        ("n.json", "route: yaml"),
        ("n.json", '{"speed": NaN}'),
        ("n.yaml", "a: [1"),
        ("n.yaml", "x: .nan\n"),
        ("n.yaml", "? [1, 2]\n: 3\n"),
        ("n.yaml", "!!python/object/apply:os.system ['true']"),
        ("n.yaml", "[" * 5000),
    ],
)
def test_what_is_neither_json_nor_yaml_is_told_so(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SchemaMismatch, match="driver notes 'n"):
        read_notes(notes(tmp_path, name, text))


@pytest.mark.parametrize("text", ["[1, 2]", '{"route": 3}', '{"remarks": [{"t": "+1s"}]}', "null"])
def test_notes_of_another_shape_are_refused_with_the_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(SchemaMismatch, match=r"driver notes 'n.json'"):
        read_notes(notes(tmp_path, "n.json", text))


def test_a_billion_laughs_are_not_expanded(tmp_path: Path) -> None:
    lines = ["l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(SchemaMismatch, match="aliases are not allowed"):
        read_notes(notes(tmp_path, "n.yaml", "\n".join(lines)))


def test_more_than_four_mebibytes_are_not_notes(tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatch, match="more than 4 MiB"):
        read_notes(notes(tmp_path, "n.json", " " * (4 << 20) + "{}"))


def test_bytes_that_are_no_text_are_not_notes(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemaMismatch, match="neither JSON nor YAML"):
        read_notes(tmp_path / "n.json")

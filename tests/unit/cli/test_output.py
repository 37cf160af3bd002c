"""Results in every style."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from avdataops.cli.output import STYLES, Sink
from avdataops.model.errors import InputError

ROWS: list[dict[str, Any]] = [
    {"id": "a", "t_start_ns": 1_000_000_000, "value": 0.123456, "evidence": {"x": 1.0, "n": None}},
    {"id": 'b,"c"', "t_start_ns": None, "value": None, "evidence": {}},
]
COLUMNS = ("id", "t_start_ns", "value", "evidence")


def shown(style: str, capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]]) -> str:
    Sink(style).rows(rows, COLUMNS)
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_json_holds_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(shown("json", capsys, ROWS)) == ROWS
    assert json.loads(shown("json", capsys, [])) == []


def test_ndjson_is_one_document_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert [json.loads(line) for line in shown("ndjson", capsys, ROWS).splitlines()] == ROWS
    assert shown("ndjson", capsys, []) == ""


def test_csv_reads_back_with_nested_values_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = list(csv.DictReader(io.StringIO(shown("csv", capsys, ROWS))))
    assert [row["id"] for row in found] == ["a", 'b,"c"']
    assert json.loads(found[0]["evidence"]) == ROWS[0]["evidence"]
    assert found[1]["value"] == ""


def test_csv_without_rows_still_has_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown("csv", capsys, []) == "id,t_start_ns,value,evidence\n"


def test_a_table_shows_times_as_stamps_and_unknown_as_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = shown("table", capsys, ROWS)
    assert "1970-01-01T00:00:01Z" in text
    assert "0.1235" in text
    assert "x=1" in text
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_a_table_takes_no_markup_from_data(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[dict[str, Any]] = [{"id": "[red]x[/red] [/imu]", "evidence": {"k": "[bold]"}}]
    text = shown("table", capsys, rows)
    assert "[red]x[/red] [/imu]" in text
    assert "k=[bold]" in text


@pytest.mark.parametrize("style", STYLES)
def test_a_result_goes_into_the_file_that_was_named(
    style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Sink(style, tmp_path / "out").rows(ROWS, COLUMNS)
    assert capsys.readouterr().out == ""
    assert (tmp_path / "out").stat().st_size > 0


def test_parquet_keeps_types_and_nested_values_as_json(tmp_path: Path) -> None:
    Sink("parquet", tmp_path / "out").rows(ROWS, COLUMNS)
    table = pq.read_table(tmp_path / "out")
    assert table.column("t_start_ns").to_pylist() == [1_000_000_000, None]
    assert json.loads(table.column("evidence")[0].as_py()) == ROWS[0]["evidence"]


@pytest.mark.parametrize("style", STYLES)
def test_a_file_that_cannot_be_written_is_told(style: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write .*nowhere.*No such file"):
        Sink(style, tmp_path / "nowhere" / "out").rows(ROWS, COLUMNS)


def test_a_document_is_json_or_text(capsys: pytest.CaptureFixture[str]) -> None:
    Sink("json").document({"a": 1}, "one a")
    Sink("table").document({"a": 1}, "one a")
    told = capsys.readouterr().out
    assert json.loads(told[: told.index("}") + 1]) == {"a": 1}
    assert told.endswith("one a\n")

"""SQL over given tables, and over nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from avdataops.adapters.duckdb_tables import DuckTables
from avdataops.model.errors import InputError

SECRET = pa.table({"x": [1]})


@pytest.fixture
def tables() -> Iterator[DuckTables]:
    with DuckTables({"scenes": pa.table({"type": ["a", "b", "a"], "n": [1, 2, 3]})}) as opened:
        yield opened


def test_a_select_is_answered_as_a_relation(tables: DuckTables) -> None:
    found = tables.sql("select type, sum(n) as n from scenes group by 1 order by 1")
    assert found.to_arrow_table().to_pylist() == [{"type": "a", "n": 4}, {"type": "b", "n": 2}]


def test_values_are_bound(tables: DuckTables) -> None:
    assert tables.sql("select n from scenes where type = ?", ["b"]).fetchall() == [(2,)]
    assert tables.sql("select ?", ["' or 1=1 --"]).fetchall() == [("' or 1=1 --",)]


@pytest.mark.parametrize(
    "text",
    [
        "delete from scenes",
        "insert into scenes values ('c', 4)",
        "drop table scenes",
        "create table t as select 1",
        "copy scenes to 'out.csv'",
        "attach 'other.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "select 1; select 2",
        "",
        "selekt",
        "select * from no_such_table",
        "select * from SECRET",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_parquet('https://example.invalid/x.parquet')",
        "select content from read_text('/etc/passwd')",
        "select * from glob('/*')",
    ],
)
def test_nothing_is_changed_and_nothing_else_is_reached(tables: DuckTables, text: str) -> None:
    with pytest.raises(InputError):
        tables.sql(text).fetchall()
    assert tables.sql("select count(*) from scenes").fetchall() == [(3,)]


def test_files_of_the_folder_are_not_read(
    tables: DuckTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="DuckDB"):
        tables.sql("select * from 'x.csv'").fetchall()

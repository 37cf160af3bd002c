"""Single rows of stored tables."""

import pyarrow as pa
import pytest

from avdataops.model.errors import NotFound
from avdataops.wiring.stored_rows import read_rows
from avdataops.wiring.stored_tables import read_table
from tests.unit.wiring.viewed import Shelf

TABLE = pa.table({"t_ns": range(100), "data": [f"row {n}".encode() for n in range(100)]})


@pytest.mark.parametrize("rows_of_group", [1, 7, 16, 33, 100])
@pytest.mark.parametrize("first", [0, 1, 15, 16, 17, 50, 99])
def test_a_row_is_found_in_whatever_group_it_lies(rows_of_group: int, first: int) -> None:
    shelf = Shelf()
    artifact = shelf.put("stream", TABLE, rows_of_group=rows_of_group)
    found = read_rows(shelf.storage, artifact, first, 20, ["data", "nothing"])
    group_end = min((first // rows_of_group + 1) * rows_of_group, 100)
    expected = [f"row {n}".encode() for n in range(first, min(first + 20, group_end))]
    assert found.to_pydict() == {"data": expected}


@pytest.mark.parametrize("first", [-1, 100, 2**40])
def test_a_row_that_is_not_there_is_told(first: int) -> None:
    shelf = Shelf()
    artifact = shelf.put("stream", TABLE, rows_of_group=7)
    with pytest.raises(NotFound, match="has 100 rows"):
        read_rows(shelf.storage, artifact, first, 1, ["data"])


def test_a_table_is_read_by_the_columns_that_it_has() -> None:
    shelf = Shelf()
    artifact = shelf.put("stream", TABLE)
    found = read_table(shelf.storage, artifact, columns=("data", "nothing"))
    assert found.column_names == ["data"]
    assert found.num_rows == 100

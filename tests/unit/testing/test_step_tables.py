"""The tables in memory and the remembering context that step tests use."""

import pyarrow as pa
import pytest

from avdataops.model.stream import Account, Problem
from avdataops.ports.step import Output, Rows, StepContext, Table
from avdataops.testing.step_tables import (
    MemoryTable,
    RecordingContext,
    as_inputs,
    made_tables,
    memory_table,
)

DATA = pa.table({"t_ns": [5, 1, 9], "x": ["a", "b", "c"]})


def test_a_table_states_its_rows_and_half_open_time() -> None:
    table: Table = memory_table(DATA, kind="stream", name="/s", part="p", attributes={"a": "b"})
    assert (table.artifact.rows, table.artifact.start_ns, table.artifact.stop_ns) == (3, 1, 10)
    assert (table.artifact.name, table.artifact.part) == ("/s", "p")
    assert table.artifact.attributes == {"a": "b"}
    assert table.schema == DATA.schema


def test_an_empty_table_has_no_time() -> None:
    empty = memory_table(DATA.slice(0, 0), kind="stream", name="/s").artifact
    assert (empty.rows, empty.start_ns, empty.stop_ns) == (0, None, None)


def test_reading_gives_the_asked_columns_and_remembers_them() -> None:
    table = memory_table(DATA, kind="stream", name="/s")
    assert table.read(["x"]).column_names == ["x"]
    assert table.read().equals(DATA)
    assert table.asked == [("x",), ()]


@pytest.mark.parametrize(("max_rows", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (10, [3])])
def test_batches_are_no_larger_than_allowed(max_rows: int, sizes: list[int]) -> None:
    artifact = memory_table(DATA, kind="stream", name="/s").artifact
    table = MemoryTable(artifact, DATA, max_rows)
    assert [batch.num_rows for batch in table.batches()] == sizes


def test_the_context_remembers() -> None:
    ctx = RecordingContext()
    seen: StepContext = ctx
    problem = Problem(code="c", message="m")
    account = Account(stream="s", rows_in=1, rows_out=1)
    seen.caveat(problem)
    seen.account(account)
    seen.fact("name", [1])
    seen.progress(0.5)
    assert ctx.caveats == [problem]
    assert ctx.accounts == [account]
    assert ctx.facts == {"name": [1]}
    assert ctx.done == 0.5


def test_rows_of_one_output_are_joined_and_become_inputs() -> None:
    one = Output(kind="thinned", name="b", attributes=(("type", "t"),))
    other = Output(kind="thinned", name="a")
    (batch,) = DATA.to_batches()
    made = made_tables([Rows(one, batch), Rows(other, batch), Rows(one, batch)])
    assert {output.name: table.num_rows for output, table in made.items()} == {"b": 6, "a": 3}
    inputs = as_inputs(made, "thinned")
    assert [table.artifact.name for table in inputs] == ["a", "b"]
    assert inputs[1].artifact.attributes == {"type": "t"}
    assert as_inputs(made, "synced") == ()


def test_batches_of_one_output_must_share_their_schema() -> None:
    output = Output(kind="thinned", name="a")
    first = pa.RecordBatch.from_pydict({"t_ns": [1]})
    second = pa.RecordBatch.from_pydict({"t_ns": ["x"]})
    with pytest.raises(pa.ArrowInvalid):
        made_tables([Rows(output, first), Rows(output, second)])

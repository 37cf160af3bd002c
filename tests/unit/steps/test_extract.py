"""Streams of one recording as tables."""

import json
import struct
from collections.abc import Sequence

import pytest

from avdataops.engine.execute import StoredFile
from avdataops.engine.pipeline import Pipeline, Stage
from avdataops.engine.table_files import ParquetTable
from avdataops.model.documents import from_document
from avdataops.model.measurement import Recording
from avdataops.model.run import Outcome, RunRecord
from avdataops.model.stream import Account
from avdataops.steps.extract import EXTRACT
from avdataops.steps.validate import VALIDATE
from avdataops.testing.engine_kit import Engine, memory_engine
from avdataops.testing.recordings import McapStyle, Said, mcap_bytes

T0_NS = 1_794_157_384_123_456_789
FLOAT = "std_msgs/msg/Float64"
DEFINITIONS = {FLOAT: "float64 data\n"}


def says(topic: str, n: int, data: bytes | None = None) -> Said:
    packed = b"\x00\x01\x00\x00" + struct.pack("<d", n / 2) if data is None else data
    return Said(topic, FLOAT, T0_NS + n * 10_000_000, packed)


def extracted(data: bytes, params: dict[str, object] | None = None) -> tuple[Engine, RunRecord]:
    engine = memory_engine({"validate": VALIDATE, "extract": EXTRACT})
    drive = engine.arrived({"a.mcap": data})
    stages = (Stage(step="validate"), Stage(step="extract", params=params or {}))
    finished = engine.run(drive.id, Pipeline(name="p", steps=stages))
    return engine, finished.ran[-1]


def rows(engine: Engine, record: RunRecord, name: str) -> dict[str, list[object]]:
    (made,) = [one for one in record.made if one.name == name]
    found: dict[str, list[object]] = (
        ParquetTable(made, StoredFile(engine.storage, made)).read().to_pydict()
    )
    return found


def described(record: RunRecord) -> Recording:
    return from_document(Recording, json.loads(json.dumps(record.facts["recordings"]))[0])


def mixed(count: int) -> Sequence[Said]:
    return [says("/a" if n % 3 else "/b", n) for n in range(count)]


def test_every_stream_becomes_a_table_with_all_its_messages() -> None:
    engine, record = extracted(mcap_bytes(mixed(30), DEFINITIONS))
    assert record.outcome is Outcome.DONE
    assert [(made.name, made.rows, made.part) for made in record.made] == [
        ("/a", 20, "a.mcap"),
        ("/b", 10, "a.mcap"),
    ]
    found = rows(engine, record, "/b")
    assert found["t_ns"] == [T0_NS + n * 10_000_000 for n in range(0, 30, 3)]
    assert found["data"] == [n / 2 for n in range(0, 30, 3)]
    assert record.accounts == (
        Account(stream="/b", rows_in=10, rows_out=10),
        Account(stream="/a", rows_in=20, rows_out=20),
    )


def test_a_table_tells_what_stream_it_is() -> None:
    _, record = extracted(mcap_bytes([says("/a", 1)], DEFINITIONS))
    facts = record.made[0].attributes
    assert (facts["topic"], facts["type"], facts["recording"]) == ("/a", FLOAT, "a.mcap")
    assert (facts["topic_class"], facts["clock"]) == ("other", "ros")


def test_the_catalog_learns_rows_and_times_of_each_stream() -> None:
    _, record = extracted(mcap_bytes(mixed(30), DEFINITIONS))
    facts = described(record)
    assert (facts.start_ns, facts.stop_ns) == (T0_NS, T0_NS + 290_000_000 + 1)
    assert [(stream.name, stream.rows) for stream in facts.streams] == [("/b", 10), ("/a", 20)]


@pytest.mark.parametrize("max_rows", [1, 7, 100_000])
def test_the_size_of_batches_changes_no_row(max_rows: int) -> None:
    data = mcap_bytes(mixed(50), DEFINITIONS)
    usual, small = extracted(data), extracted(data, {"max_rows": max_rows})
    for name in ("/a", "/b"):
        assert rows(*usual, name) == rows(*small, name)


def test_a_truncated_recording_gives_what_is_there_and_says_so() -> None:
    whole = mcap_bytes([says("/a", n) for n in range(500)], DEFINITIONS)
    engine, record = extracted(whole[: len(whole) * 2 // 3])
    assert record.outcome is Outcome.CAVEATS
    assert "truncated" in {problem.code for problem in record.caveats}
    found = rows(engine, record, "/a")["data"]
    assert 200 < len(found) < 400
    assert found == [n / 2 for n in range(len(found))]
    assert record.lost_data


def test_a_message_that_cannot_be_decoded_is_counted_and_costs_no_other() -> None:
    said = [says("/a", 0), says("/a", 1, b"\x00\x01\x00\x00\x07"), says("/a", 2)]
    engine, record = extracted(mcap_bytes(said, DEFINITIONS))
    assert record.outcome is Outcome.CAVEATS
    assert rows(engine, record, "/a")["data"] == [0.0, 1.0]
    (account,) = record.accounts
    assert (account.rows_in, account.rows_out, sum(account.dropped.values())) == (3, 2, 1)
    assert account.balanced


def test_a_topic_with_a_hostile_name_stays_in_its_container() -> None:
    names = ["/../../x", "/A", "/a", "con", "/a b\n"]
    _, record = extracted(mcap_bytes([says(name, 1) for name in names], DEFINITIONS))
    assert sorted(made.attributes["topic"] for made in record.made) == sorted(names)
    keys = [made.location.key for made in record.made]
    assert all(key.startswith(f"other/{record.measurement}/") for key in keys)
    assert len({key.casefold() for key in keys}) == len(names)
    assert not any(".." in key or "\n" in key for key in keys)


def test_a_recording_without_messages_is_empty_and_not_an_error() -> None:
    _, record = extracted(mcap_bytes([], DEFINITIONS, McapStyle(silent_topics={"/silent": FLOAT})))
    assert record.outcome is Outcome.DONE
    assert all(made.rows == 0 for made in record.made)
    assert (described(record).start_ns, described(record).stop_ns) == (None, None)


def test_the_same_recording_gives_the_same_bytes() -> None:
    data = mcap_bytes(mixed(40), DEFINITIONS)
    assert extracted(data)[1].made == extracted(data)[1].made


def _in_pieces(data: bytes, piece_bytes: int) -> tuple[Engine, list[RunRecord]]:
    engine = memory_engine({"validate": VALIDATE, "extract": EXTRACT})
    drive = engine.arrived({"a.mcap": data})
    stages = (Stage(step="validate"), Stage(step="extract", params={"piece_bytes": piece_bytes}))
    finished = engine.run(drive.id, Pipeline(name="p", steps=stages))
    return engine, [one for one in finished.ran if one.step == "extract"]


def test_a_large_recording_is_shared_by_several_tasks_that_make_the_same_rows() -> None:
    data = mcap_bytes(mixed(900), DEFINITIONS, McapStyle(compression="none"))
    whole_engine, whole = extracted(data)
    engine, shares = _in_pieces(data, len(data) // 4 + 1)
    assert [one.part for one in shares] == [f"a.mcap [{n} of 4]" for n in (1, 2, 3, 4)]
    assert all(one.outcome is Outcome.DONE for one in shares)
    for name in ("/a", "/b"):
        together: dict[str, list[object]] = {}
        for one in shares:
            for column, values in rows(engine, one, name).items():
                together.setdefault(column, []).extend(values)
        assert together == rows(whole_engine, whole, name)
    accounts = [one for record in shares for one in record.accounts]
    assert all(one.balanced for one in accounts)
    assert sum(one.rows_out or 0 for one in accounts) == 900
    assert min(sum(a.rows_out or 0 for a in one.accounts) for one in shares) > 100


def test_the_first_share_tells_the_catalog_of_the_whole() -> None:
    data = mcap_bytes(mixed(300), DEFINITIONS, McapStyle(compression="none"))
    _, shares = _in_pieces(data, len(data) // 2 + 1)
    assert len(shares) == 2
    facts = described(shares[0])
    assert [(stream.name, stream.rows) for stream in facts.streams] == [("/b", 100), ("/a", 200)]
    assert (facts.start_ns, facts.stop_ns) == (T0_NS, T0_NS + 2_990_000_000 + 1)
    assert "recordings" not in shares[1].facts
    assert {made.attributes["recording"] for one in shares for made in one.made} == {"a.mcap"}


def test_shares_replace_the_whole_and_the_other_way_round() -> None:
    data = mcap_bytes(mixed(300), DEFINITIONS, McapStyle(compression="none"))
    engine, shares = _in_pieces(data, len(data) // 3 + 1)
    measurement = shares[0].measurement
    stages = (Stage(step="validate"), Stage(step="extract"))
    whole = engine.run(measurement, Pipeline(name="p", steps=stages)).ran[-1]
    now = {one.run for one in engine.catalog.artifacts(measurement) if one.kind == "stream"}
    assert now == {whole.run}
    again = Stage(step="extract", params={"piece_bytes": len(data) // 3 + 1})
    engine.run(measurement, Pipeline(name="p", steps=(stages[0], again)))
    now = {one.run for one in engine.catalog.artifacts(measurement) if one.kind == "stream"}
    assert now == {one.run for one in shares}


def test_a_share_that_is_not_there_is_refused() -> None:
    _, record = extracted(mcap_bytes(mixed(3), DEFINITIONS), {"piece": 2, "pieces": 2})
    assert record.failure is not None
    assert "share 3 of 2" in record.failure.message

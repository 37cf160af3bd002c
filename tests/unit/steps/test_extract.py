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

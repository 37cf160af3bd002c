"""What a step yields, stored."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.engine.publish import Publisher, digest
from avdataops.engine.table_files import ROW_GROUP_BYTES
from avdataops.model.errors import SchemaMismatch, StorageUnavailable
from avdataops.model.location import Location, Zone
from avdataops.model.run import TaskSpec
from avdataops.ports.files import BytesFile
from avdataops.ports.step import Bytes, Output, Rows
from avdataops.ports.storage import Storage, read_all
from avdataops.testing.facts import sha256_of, task
from avdataops.testing.toy_steps import rows_of, stream

TASK = task("spread", "m_1")


def publisher(storage: Storage, folder: Path, spec: TaskSpec = TASK) -> Publisher:
    folder.mkdir(exist_ok=True)
    return Publisher(spec, storage, folder)


def whole(name: str, text: str) -> Bytes:
    facts = (("sha256", sha256_of(text)),)
    output = Output(kind="recording", name=name, attributes=facts)
    return Bytes(output, BytesFile(name, text.encode()))


def everything(storage: Storage) -> dict[str, bytes]:
    return {
        str(found.location): read_all(storage.open(found.location))
        for zone in Zone
        for found in storage.list(zone)
    }


def test_a_table_lies_under_its_topic_class_measurement_and_stream(tmp_path: Path) -> None:
    storage = MemoryStorage()
    one = publisher(storage, tmp_path)
    one.take(Rows(stream("/imu/data", "a.mcap"), rows_of([5], [1.0])))
    one.take(Rows(stream("/imu/data", "a.mcap"), rows_of([9], [2.0])))
    (made,) = one.finish()
    assert made.location.zone is Zone.RAW
    assert made.location.key.startswith("imu/m_1/imu.data~")
    assert made.location.name == f"{made.id}.parquet"
    assert (made.rows, made.start_ns, made.stop_ns, made.part) == (2, 5, 10, "a.mcap")
    stored = storage.open(made.location)
    assert (made.bytes, made.sha256) == (stored.size, digest(stored))
    assert made.run == f"run_{TASK.id}"


def test_each_file_tells_which_run_made_it(tmp_path: Path) -> None:
    storage = MemoryStorage()
    one = publisher(storage, tmp_path)
    one.take(Rows(stream("/imu"), rows_of([5], [1.0])))
    (made,) = one.finish()
    (tmp_path / "copy").write_bytes(read_all(storage.open(made.location)))
    facts = pq.read_schema(tmp_path / "copy").metadata
    assert facts[b"avdataops.run"].decode() == f"run_{TASK.id}"
    assert facts[b"avdataops.fingerprint"].decode() == TASK.id
    assert facts[b"avdataops.step"] == b"spread/1"
    assert facts[b"avdataops.measurement"] == b"m_1"
    assert facts[b"avdataops.topic_class"] == b"imu"


def test_a_rerun_makes_the_same_bytes_whatever_the_attempt(tmp_path: Path) -> None:
    found = []
    for attempt in (1, 2):
        storage = MemoryStorage()
        one = publisher(storage, tmp_path / str(attempt), replace(TASK, attempt=attempt))
        one.take(Rows(stream("/b"), rows_of([1], [1.0])))
        one.take(Rows(stream("/a"), rows_of([-5, 1], [1.0, 2.0])))
        artifacts = one.finish()
        assert [made.name for made in artifacts] == ["/a", "/b"]
        found.append((artifacts, everything(storage)))
    assert found[0] == found[1]


def test_streams_whose_names_differ_in_case_only_do_not_meet(tmp_path: Path) -> None:
    storage = MemoryStorage()
    one = publisher(storage, tmp_path)
    for name in ("/A", "/a", "/../../a", "/a_b", "/a/b"):
        one.take(Rows(stream(name), rows_of([1], [1.0])))
    made = one.finish()
    assert len({artifact.location.key.casefold() for artifact in made}) == 5
    assert all(".." not in artifact.location.key for artifact in made)


def test_parts_of_one_stream_are_different_tables(tmp_path: Path) -> None:
    storage = MemoryStorage()
    one = publisher(storage, tmp_path)
    for part in ("a.mcap", "b.mcap"):
        one.take(Rows(stream("/imu", part), rows_of([1], [1.0])))
    assert len({made.id for made in one.finish()}) == 2
    assert len(everything(storage)) == 2


def test_the_leftover_of_a_dead_attempt_is_replaced(tmp_path: Path) -> None:
    storage = MemoryStorage()
    first = publisher(storage, tmp_path)
    first.take(Rows(stream("/imu"), rows_of([1], [1.0])))
    (made,) = first.finish()
    storage.delete(made.location)
    storage.put(made.location, [b"half of somethi"])
    again = publisher(storage, tmp_path)
    again.take(Rows(stream("/imu"), rows_of([1], [1.0])))
    assert again.finish() == (made,)
    assert digest(storage.open(made.location)) == made.sha256


def test_nothing_but_whole_tables_appear_and_only_at_the_end(tmp_path: Path) -> None:
    storage = MemoryStorage()
    one = publisher(storage, tmp_path)
    one.take(Rows(stream("/imu"), rows_of([1], [1.0])))
    assert everything(storage) == {}


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    one = publisher(MemoryStorage(), tmp_path)
    with pytest.raises(SchemaMismatch, match="no kind 'steam'; did you mean 'stream'"):
        one.take(Rows(Output(kind="steam", name="x"), rows_of([1], [1.0])))


def test_a_file_is_copied_bit_exact(tmp_path: Path) -> None:
    storage = MemoryStorage()
    one = publisher(storage, tmp_path)
    one.take(whole("sub/a.mcap", "content"))
    (made,) = one.finish()
    assert made.location == Location(Zone.RAW, "recordings/m_1/sub/a.mcap")
    assert (made.bytes, made.sha256, made.rows) == (7, sha256_of("content"), None)
    assert read_all(storage.open(made.location)) == b"content"


def test_a_damaged_raw_copy_is_replaced_by_the_good_one(tmp_path: Path) -> None:
    storage = MemoryStorage()
    at = Location(Zone.RAW, "recordings/m_1/a.mcap")
    storage.put(at, [b"cOntent"])
    publisher(storage, tmp_path).take(whole("a.mcap", "content"))
    assert read_all(storage.open(at)) == b"content"


class _Flipping(MemoryStorage):
    """Stores something else than it is given."""

    def put(self, at: Location, chunks: Iterable[bytes]) -> bool:
        return super().put(at, [chunk.swapcase() for chunk in chunks])


def test_a_copy_that_reads_back_wrong_is_removed_and_may_be_tried_again(tmp_path: Path) -> None:
    storage = _Flipping()
    with pytest.raises(StorageUnavailable, match="does not read back as it was written"):
        publisher(storage, tmp_path).take(whole("a.mcap", "content"))
    assert everything(storage) == {}


def take_and_fail(one: Publisher, made: Iterable[Rows]) -> None:
    with one:
        for rows in made:
            one.take(rows)
        raise RuntimeError("the step")


def test_no_thread_writes_to_the_scratch_folder_when_the_task_has_left_it(tmp_path: Path) -> None:
    storage = MemoryStorage()
    many = ROW_GROUP_BYTES // 16 + 1
    rows = rows_of(list(range(many)), [0.5] * many)
    made = [Rows(stream(name), rows) for name in ("/a", "/b")]
    with pytest.raises(RuntimeError, match="the step"):
        take_and_fail(publisher(storage, tmp_path), made)
    left = {path: path.stat().st_size for path in tmp_path.iterdir()}
    assert len(left) == 2
    assert all(size > 0 for size in left.values())
    assert everything(storage) == {}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("encode")]


def test_tables_that_end_early_are_stored_as_those_that_end_late(tmp_path: Path) -> None:
    found = []
    for is_last in (False, True):
        storage = MemoryStorage()
        one = publisher(storage, tmp_path / str(is_last))
        for name in ("/c", "/a", "/b"):
            one.take(Rows(stream(name), rows_of([1], [1.0])))
            one.take(Rows(stream(name), rows_of([2], [1.0]), is_last))
            one.take(Rows(stream(name), rows_of([], [])))
        assert everything(storage) == {}
        found.append((one.finish(), everything(storage)))
    assert found[0] == found[1]
    assert [(made.name, made.rows) for made in found[0][0]] == [("/a", 2), ("/b", 2), ("/c", 2)]

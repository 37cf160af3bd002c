"""One uploaded file against its manifest."""

import json
import struct
from dataclasses import replace

import pytest

from avdataops.engine.plan import plan_step
from avdataops.model.documents import from_document
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Recording, Role
from avdataops.model.run import Outcome, RunRecord
from avdataops.ports.storage import read_all
from avdataops.steps.validate import VALIDATE
from avdataops.testing.engine_kit import Engine, manifest_of, memory_engine
from avdataops.testing.recordings import Said, mcap_bytes

T0_NS = 1_794_157_384_123_456_789
FLOAT = "std_msgs/msg/Float64"


def drive(messages: int = 500) -> bytes:
    said = [
        Said("/speed", FLOAT, T0_NS + n, b"\x00\x01\x00\x00" + struct.pack("<d", n))
        for n in range(messages)
    ]
    return mcap_bytes(said, {FLOAT: "float64 data\n"})


def landed(data: bytes | None, promised: bytes | None = None) -> tuple[Engine, RunRecord]:
    """Validate one file: ``data`` in landing (None: nothing), ``promised`` in the manifest."""
    engine = memory_engine({"validate": VALIDATE})
    facts = engine.arrived({"a.mcap": drive() if promised is None else promised})
    at = Location(Zone.LANDING, f"{facts.id}/a.mcap")
    engine.storage.delete(at)
    if data is not None:
        engine.storage.put(at, [data])
    (task,) = plan_step(engine.catalog, facts, VALIDATE, {}).run
    return engine, engine.execute(task)


def why(record: RunRecord) -> tuple[object, str, str | None]:
    assert record.outcome is Outcome.FAILED_INPUT
    assert record.made == ()
    assert record.failure is not None
    return record.facts["reason_code"], record.failure.message, record.failure.hint


def test_a_good_recording_is_copied_bit_exact_and_described() -> None:
    engine, record = landed(drive())
    assert (record.outcome, record.caveats) == (Outcome.DONE, ())
    (raw,) = record.made
    assert (raw.kind, raw.name) == ("recording", "a.mcap")
    assert (raw.attributes["format"], raw.attributes["role"]) == ("mcap", "recording")
    assert raw.location.key == f"recordings/{record.measurement}/a.mcap"
    assert read_all(engine.storage.open(raw.location)) == drive()
    (known,) = engine.catalog.recordings(record.measurement)
    document = json.loads(json.dumps(record.facts["recordings"]))[0]
    facts = from_document(Recording, document)
    assert (facts.id, facts.format) == (known.id, "mcap")
    assert (facts.start_ns, facts.stop_ns) == (T0_NS, T0_NS + 500)
    assert [(stream.name, stream.rows) for stream in facts.streams] == [("/speed", 500)]


def test_a_missing_file_is_told_with_the_command_that_repairs_it() -> None:
    code, message, hint = why(landed(None)[1])
    assert (code, message) == ("missing_file", "'a.mcap' is in the manifest but not in landing")
    assert hint == "avdataops upload FOLDER --vehicle 'car-1' (the same folder) repairs it"


def test_a_cut_file_has_another_size() -> None:
    size = len(drive())
    code, message, hint = why(landed(drive()[:-1])[1])
    assert code == "size_mismatch"
    assert message == f"'a.mcap' has {size - 1} bytes, the manifest promises {size}"
    assert hint is not None
    assert "avdataops upload" in hint


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_flipped_byte_is_found(place: int) -> None:
    data = bytearray(drive())
    data[place] ^= 1
    code, message, _ = why(landed(bytes(data))[1])
    assert code == "checksum_mismatch"
    assert "its bytes changed after the upload was hashed" in message


@pytest.mark.parametrize("data", [b"", b"plain text", b"PK\x03\x04" + bytes(100)])
def test_an_unknown_format_is_told_whatever_the_name_of_the_file(data: bytes) -> None:
    code, message, hint = why(landed(data, data)[1])
    assert (code, message) == ("unknown_format", "'a.mcap' is of no known recording format")
    assert hint is not None
    assert "upload the folder again" in hint


def test_a_recording_that_cannot_be_opened_is_told() -> None:
    data = b"#ROSBAG V2.0\n" + b"\xff" * 4
    code, message, _ = why(landed(data, data)[1])
    assert code == "unreadable_recording"
    assert message.startswith("'a.mcap': ")


def test_a_truncated_recording_passes_with_a_caveat() -> None:
    data = drive()[: len(drive()) * 2 // 3]
    _, record = landed(data, data)
    assert record.outcome is Outcome.CAVEATS
    assert [problem.code for problem in record.caveats] == ["truncated"]
    assert record.caveats[0].message.startswith("a.mcap: the file breaks off at byte ")
    assert record.lost_data


def test_a_sidecar_is_copied_unread() -> None:
    engine = memory_engine({"validate": VALIDATE})
    facts = engine.arrived({"a.mcap": b"VERSION"})
    (task,) = plan_step(engine.catalog, facts, VALIDATE, {}).run
    (given,) = task.inputs
    artifact = replace(given.artifact, attributes={"role": Role.DBC.value})
    record = engine.execute(replace(task, inputs=(replace(given, artifact=artifact),)))
    assert record.outcome is Outcome.DONE
    assert [(made.kind, made.attributes["role"]) for made in record.made] == [("sidecar", "dbc")]


def test_the_fixture_is_honest() -> None:
    assert manifest_of({"a.mcap": drive()}).files[0].bytes == len(drive())

"""Stored files against the promises of the catalog."""

import random

import pytest

from avdataops.engine.verify import Finding, verify_measurement
from avdataops.model.errors import NotFound
from avdataops.ports.storage import read_all
from avdataops.testing.engine_kit import Engine, memory_engine


def ran() -> tuple[Engine, str]:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    return engine, drive.id


def test_a_sound_measurement_has_no_findings() -> None:
    engine, drive = ran()
    assert verify_measurement(engine.storage, engine.catalog, drive) == (6, ())


def test_uploads_are_left_out() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    assert verify_measurement(engine.storage, engine.catalog, drive.id) == (0, ())


@pytest.mark.parametrize("kind", ["recording", "stream", "scenes"])
def test_every_flipped_bit_is_found(kind: str) -> None:
    random.seed(7)
    engine, drive = ran()
    made = engine.made(drive, kind)[0]
    sound = read_all(engine.storage.open(made.location))
    for _ in range(20):
        data = bytearray(sound)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)  # noqa: S311 - places of damage
        engine.storage.delete(made.location)
        engine.storage.put(made.location, [bytes(data)])
        _, findings = verify_measurement(engine.storage, engine.catalog, drive)
        assert findings == (Finding(made.id, f"{made.location} has other content"),)


def test_a_missing_and_a_truncated_file_are_told_apart() -> None:
    engine, drive = ran()
    gone, cut = engine.made(drive, "stream")[:2]
    engine.storage.delete(gone.location)
    data = read_all(engine.storage.open(cut.location))
    engine.storage.delete(cut.location)
    engine.storage.put(cut.location, [data[:-1]])
    checked, findings = verify_measurement(engine.storage, engine.catalog, drive)
    assert checked == 6
    assert {finding.artifact: finding.problem for finding in findings} == {
        gone.id: f"{gone.location} is missing",
        cut.id: f"{cut.location} has {len(data) - 1} bytes, not {len(data)}",
    }


def test_nothing_is_known_of_another_measurement() -> None:
    engine, _ = ran()
    with pytest.raises(NotFound):
        verify_measurement(engine.storage, engine.catalog, "m_" + "0" * 24)

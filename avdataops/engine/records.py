"""Records of attempts in storage: the truth that commit takes in."""

from avdataops.model.documents import from_json, to_json
from avdataops.model.errors import NotFound
from avdataops.model.location import Location, attempt_at, run_folder
from avdataops.model.run import RunRecord
from avdataops.ports.storage import Storage, read_all


def save_attempt(storage: Storage, record: RunRecord) -> None:
    """Keep the record of one attempt; the first record of an attempt stays."""
    at = attempt_at(record.measurement, record.run, record.attempt)
    storage.put(at, [to_json(record).encode()])


def load_attempt(storage: Storage, measurement: str, run: str, attempt: int) -> RunRecord | None:
    """Return the record of one attempt, or None if the worker left none."""
    return _load(storage, attempt_at(measurement, run, attempt))


def save_made(storage: Storage, record: RunRecord) -> None:
    """Publish a success: from now on its files are never touched again."""
    at = run_folder(record.measurement, record.run) / "made.json"
    storage.put(at, [to_json(record).encode()])


def load_made(storage: Storage, measurement: str, run: str) -> RunRecord | None:
    """Return the published success of a run, or None."""
    return _load(storage, run_folder(measurement, run) / "made.json")


def _load(storage: Storage, at: Location) -> RunRecord | None:
    try:
        file = storage.open(at)
    except NotFound:
        return None
    return from_json(RunRecord, read_all(file))

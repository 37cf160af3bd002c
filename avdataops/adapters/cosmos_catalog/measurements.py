"""Measurements and recordings: taken in, moved from state to state, told about."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from avdataops.adapters.cosmos_catalog.artifacts import find_artifact
from avdataops.adapters.cosmos_catalog.changes import Change, change, get_head
from avdataops.adapters.cosmos_catalog.claims import claim
from avdataops.adapters.cosmos_catalog.documents import (
    artifact_document,
    recording_document,
    recording_of,
)
from avdataops.adapters.cosmos_catalog.heads import Head, measurement_of
from avdataops.adapters.cosmos_catalog.layout import CATALOG
from avdataops.adapters.cosmos_catalog.missing import ARTIFACT, MEASUREMENT, RECORDING, no_such
from avdataops.adapters.cosmos_catalog.requests import PAGE, Requests
from avdataops.adapters.cosmos_catalog.values import check_ns, check_text, is_known_shape
from avdataops.model.artifact import Artifact
from avdataops.model.documents import text_of
from avdataops.model.errors import Conflict, shown
from avdataops.model.ids import fingerprint
from avdataops.model.measurement import Manifest, Measurement, Reason, Recording, State
from avdataops.ports.catalog_rules import check_members, check_same_bytes, moved

_LISTED = "SELECT c.id, c.body, c.packed FROM c WHERE c.kind = 'measurement' AND c.id > @after"
_IN_STATE = " AND c.state = @state"
_OF_VEHICLE = " AND c.vehicle = @vehicle"
_BY_ID = " ORDER BY c.id ASC"
_RECORDINGS = "SELECT * FROM c WHERE c.kind = 'recording'"


def get_measurement(requests: Requests, measurement: str) -> Measurement:
    """Return one measurement; raises ``NotFound``."""
    return get_head(requests, measurement).head.measurement


def list_measurements(
    requests: Requests,
    *,
    state: State | None,
    vehicle: str | None,
    after: str | None,
    limit: int,
) -> list[Measurement]:
    """Return measurements by id; a ``limit`` of 0 or less means all."""
    text, values = _LISTED, {"after": check_text(after or "")}
    if state is not None:
        text, values["state"] = text + _IN_STATE, state.value
    if vehicle is not None:
        text, values["vehicle"] = text + _OF_VEHICLE, check_text(vehicle)
    page = min(limit, PAGE) if limit > 0 else PAGE
    rows = requests.query(CATALOG, text + _BY_ID, values, page=page)
    wanted = itertools.islice(rows, limit) if limit > 0 else rows
    return [measurement_of(row) for row in wanted]


def list_recordings(requests: Requests, measurement: str) -> list[Recording]:
    """Return the recordings of a measurement by name; raises ``NotFound``."""
    head = get_head(requests, measurement).head
    rows = requests.query(CATALOG, _RECORDINGS, {}, key=measurement)
    found = [
        recording_of(row) for row in rows if head.recordings.get(row["recording"]) == row["tag"]
    ]
    return sorted(found, key=lambda one: (one.name, one.id))


def register_measurement(
    requests: Requests,
    manifest: Manifest,
    recordings: Sequence[Recording],
    uploads: Sequence[Artifact],
) -> None:
    """Take in a measurement as pending; the same again changes nothing, other raises."""
    check_members(manifest.measurement, [*recordings, *uploads])
    registered = fingerprint(
        [
            text_of(manifest),
            [text_of(fact) for fact in sorted(recordings, key=lambda fact: fact.id)],
            [text_of(fact) for fact in sorted(uploads, key=lambda fact: fact.id)],
        ]
    )
    new = Head(
        measurement=Measurement(
            id=manifest.measurement,
            vehicle=check_text(manifest.vehicle),
            state=State.PENDING,
            created_ns=check_ns(manifest.created_ns),
            driver_notes=manifest.driver_notes,
        ),
        registered=registered,
        recordings={recording.id: registered for recording in recordings},
    )

    def decide(head: Head | None) -> Change[None]:
        if head is not None:
            if head.registered != registered:
                raise Conflict(
                    f"measurement {shown(head.id)} is registered with other content",
                    hint=f"avdataops measurements show {head.id}",
                )
            return Change(head=head, result=None)
        return _registration(requests, new, recordings, uploads)

    change(requests, manifest.measurement, decide)


def _registration(
    requests: Requests, new: Head, recordings: Sequence[Recording], uploads: Sequence[Artifact]
) -> Change[None]:
    for upload in uploads:
        known = find_artifact(requests, upload.id)
        if known is not None:
            check_same_bytes(upload, known.sha256)

    def claim_all() -> None:
        for recording in recordings:
            claim(requests, RECORDING, recording.id, new.id, None)
        for upload in uploads:
            claim(requests, ARTIFACT, upload.id, new.id, upload.run)

    tag = new.registered
    documents = [recording_document(one, tag) for one in recordings]
    documents += [artifact_document(one, new.id, tag) for one in uploads]
    return Change(head=new, result=None, claims=(claim_all,), documents=tuple(documents))


def move_measurement(
    requests: Requests, measurement: str, state: State, reason: Reason | None
) -> None:
    """Set the state; raises ``Conflict`` for a move that no measurement makes."""
    if reason is not None:
        text_of(reason)

    def decide(head: Head | None) -> Change[None]:
        if head is None:
            raise no_such(requests, MEASUREMENT, measurement)
        after = moved(head.measurement, state, reason)
        return Change(head=replace(head, measurement=after), result=None)

    if not is_known_shape(measurement):
        raise no_such(requests, MEASUREMENT, measurement)
    change(requests, measurement, decide)

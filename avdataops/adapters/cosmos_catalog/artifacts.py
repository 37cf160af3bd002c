"""Artifacts: found by id, listed by measurement, shared ones taken in."""

from collections.abc import Iterator, Sequence

from avdataops.adapters.cosmos_catalog.changes import find_head, get_head
from avdataops.adapters.cosmos_catalog.claims import find_claim
from avdataops.adapters.cosmos_catalog.documents import artifact_of, item_id
from avdataops.adapters.cosmos_catalog.failures import ItemTaken
from avdataops.adapters.cosmos_catalog.heads import Head
from avdataops.adapters.cosmos_catalog.layout import CATALOG, IDS
from avdataops.adapters.cosmos_catalog.missing import ARTIFACT, no_such
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.values import check_id, packed
from avdataops.model.artifact import Artifact
from avdataops.model.documents import text_of
from avdataops.model.errors import Conflict, InputError, shown
from avdataops.ports.catalog_rules import check_same_bytes

_CHUNK = 200

_ALL = "SELECT * FROM c WHERE c.kind = 'artifact'"
_OF_KIND = "SELECT * FROM c WHERE c.kind = 'artifact' AND c.artifactKind = @kind"
_BY_ID = "SELECT * FROM c WHERE c.kind = 'artifact' AND ARRAY_CONTAINS(@artifacts, c.artifact)"


def find_artifact(requests: Requests, artifact: str) -> Artifact | None:
    """Return one artifact by point reads, or None."""
    claim = find_claim(requests, artifact)
    if claim is None or claim["kind"] != ARTIFACT:
        return None
    measurement = claim["measurementId"]
    if measurement is None:
        return artifact_of(claim)
    read = find_head(requests, measurement)
    if read is None:
        return None
    for tag in _tags(read.head, claim["run"]):
        document = requests.read(CATALOG, measurement, item_id(artifact, tag))
        if document is not None:
            return artifact_of(document)
    return None


def _tags(head: Head, run: str | None) -> list[str]:
    if run is None:
        return [head.registered]
    state = head.runs.get(run)
    return [] if state is None else [take.tag for take in state.takes]


def get_artifact(requests: Requests, artifact: str) -> Artifact:
    """Return one artifact; raises ``NotFound``."""
    found = find_artifact(requests, artifact)
    if found is None:
        raise no_such(requests, ARTIFACT, artifact)
    return found


def list_artifacts(requests: Requests, measurement: str, kind: str | None) -> list[Artifact]:
    """Return the current artifacts of a measurement by kind, name, part and id."""
    head = get_head(requests, measurement).head
    if kind is None:
        rows = requests.query(CATALOG, _ALL, {}, key=measurement)
    else:
        rows = requests.query(CATALOG, _OF_KIND, {"kind": kind}, key=measurement)
    found = [
        artifact
        for artifact in visible(head, rows)
        if artifact.measurement == measurement and head.is_current(artifact.run)
    ]
    return sorted(found, key=lambda one: (one.kind, one.name, one.part, one.id))


def visible(head: Head, rows: Iterator[Document]) -> list[Artifact]:
    """Return the artifacts among documents that the head names; what was first made counts."""
    found: dict[str, tuple[int, Artifact]] = {}
    for row in rows:
        tags = _tags(head, row["run"])
        if row["tag"] not in tags:
            continue
        turn = tags.index(row["tag"])
        if row["artifact"] not in found or turn < found[row["artifact"]][0]:
            found[row["artifact"]] = (turn, artifact_of(row))
    return [artifact for _, artifact in found.values()]


def known_among(requests: Requests, head: Head, artifacts: Sequence[str]) -> dict[str, Artifact]:
    """Return those of the artifacts that belong to the measurement, by id."""
    wanted = sorted({one for one in artifacts if one})
    found: dict[str, Artifact] = {}
    for first in range(0, len(wanted), _CHUNK):
        chunk = wanted[first : first + _CHUNK]
        rows = requests.query(CATALOG, _BY_ID, {"artifacts": chunk}, key=head.id)
        found |= {artifact.id: artifact for artifact in visible(head, rows)}
    return found


def put_shared(requests: Requests, artifacts: Sequence[Artifact]) -> None:
    """Take in artifacts that belong to no measurement; known ones stay as they are.

    All are looked at before the first is written, and each is one document that is there or not,
    so a repetition after a crash adds what is missing.
    """
    new: dict[str, Artifact] = {}
    for artifact in artifacts:
        if artifact.measurement is not None:
            raise InputError(f"artifact {shown(artifact.id)} belongs to a measurement")
        known = find_artifact(requests, artifact.id) or new.get(artifact.id)
        if known is not None:
            check_same_bytes(artifact, known.sha256)
        else:
            new[artifact.id] = artifact
    for artifact in new.values():
        _put_shared(requests, artifact)


def _put_shared(requests: Requests, artifact: Artifact) -> None:
    document: Document = {
        "id": check_id(artifact.id),
        "kind": ARTIFACT,
        "measurementId": None,
        "run": None,
        **packed(text_of(artifact)),
    }
    try:
        requests.create_surely(IDS, document)
    except ItemTaken:
        known = find_artifact(requests, artifact.id)
        if known is None:
            raise Conflict(f"artifact {shown(artifact.id)} belongs to a measurement") from None
        check_same_bytes(artifact, known.sha256)

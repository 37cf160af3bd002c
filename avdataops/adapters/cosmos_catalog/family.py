"""All artifacts and records of the measurements that a lineage walk comes through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avdataops.adapters.cosmos_catalog.artifacts import visible
from avdataops.adapters.cosmos_catalog.changes import find_head
from avdataops.adapters.cosmos_catalog.claims import find_claim
from avdataops.adapters.cosmos_catalog.documents import artifact_of, item_id, recording_of
from avdataops.adapters.cosmos_catalog.heads import Head
from avdataops.adapters.cosmos_catalog.layout import CATALOG, EDGES, SCENES
from avdataops.adapters.cosmos_catalog.missing import ARTIFACT
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.visible import rank_of
from avdataops.model.artifact import Artifact
from avdataops.model.errors import CatalogUnavailable
from avdataops.model.measurement import Recording

_CHUNK = 100
_ARTIFACTS = "SELECT * FROM c WHERE c.kind = 'artifact'"
_USED = "SELECT c.run, c.tag, c.used FROM c WHERE c.kind = 'record'"
_EDGES = "SELECT c.src, c.run, c.measurementId FROM c WHERE ARRAY_CONTAINS(@artifacts, c.src)"
_SCENES_IN = "SELECT * FROM c WHERE ARRAY_CONTAINS(@artifacts, c.artifact)"


@dataclass(frozen=True, slots=True)
class Family:
    """One measurement: its head, artifacts by id, and by run what was used and made."""

    requests: Requests
    head: Head
    artifacts: dict[str, Artifact]
    used: dict[str, set[str]]
    made: dict[str, list[str]]

    def recording(self, recording: str) -> Recording:
        """Return a recording that the head names."""
        item = item_id(recording, self.head.recordings[recording])
        document = self.requests.read(CATALOG, self.head.id, item)
        if document is None:
            raise CatalogUnavailable(f"recording '{recording}' cannot be read now")
        return recording_of(document)


class Families:
    """The measurements of one walk, each read once."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._families: dict[str, Family | None] = {}
        self._homes: dict[str, str | None] = {}
        self._shared: dict[str, Artifact] = {}

    def of(self, measurement: str | None) -> Family | None:
        """Return the family of a measurement; None for no or an unknown one."""
        if measurement is None:
            return None
        if measurement not in self._families:
            self._families[measurement] = self._load(measurement)
        return self._families[measurement]

    def _load(self, measurement: str) -> Family | None:
        read = find_head(self._requests, measurement)
        if read is None:
            return None
        head = read.head
        found = visible(head, self._requests.query(CATALOG, _ARTIFACTS, {}, key=measurement))
        artifacts = {artifact.id: artifact for artifact in found}
        made: dict[str, list[str]] = {}
        for artifact in found:
            if artifact.run is not None:
                made.setdefault(artifact.run, []).append(artifact.id)
        used: dict[str, set[str]] = {}
        for row in self._requests.query(CATALOG, _USED, {}, key=measurement):
            state = head.runs.get(row["run"])
            tags = {one.tag for one in state.attempts.values()} if state else set()
            if row["tag"] in tags:
                used.setdefault(row["run"], set()).update(row["used"])
        self._homes |= dict.fromkeys(artifacts, measurement)
        return Family(self._requests, head, artifacts, used, made)

    def home(self, artifact: str) -> Family | None:
        """Return the family that an artifact belongs to; None for a shared or unknown one."""
        if artifact not in self._homes:
            claim = find_claim(self._requests, artifact)
            self._homes[artifact] = None
            if claim is not None and claim["kind"] == ARTIFACT:
                self._homes[artifact] = claim["measurementId"]
                if claim["measurementId"] is None:
                    self._shared[artifact] = artifact_of(claim)
        family = self.of(self._homes[artifact])
        return family if family is not None and artifact in family.artifacts else None

    def artifact(self, artifact: str) -> Artifact | None:
        """Return an artifact of any measurement, or a shared one; None if it is unknown."""
        family = self.home(artifact)
        return family.artifacts[artifact] if family else self._shared.get(artifact)

    def users(self, artifacts: Sequence[str]) -> Iterator[tuple[str, str, Family]]:
        """Yield (artifact, run, family of the run) for each run that used one of ``artifacts``."""
        for artifact in artifacts:
            family = self.home(artifact)
            if family is not None:
                for run, used in family.used.items():
                    if artifact in used:
                        yield artifact, run, family
        for first in range(0, len(artifacts), _CHUNK):
            values = {"artifacts": list(artifacts[first : first + _CHUNK])}
            for edge in self._requests.query(EDGES, _EDGES, values):
                family = self.of(edge.get("measurementId"))
                if family is not None and edge["src"] in family.used.get(edge["run"], ()):
                    yield edge["src"], edge["run"], family

    def scenes_in(self, artifacts: Sequence[str]) -> list[Document]:
        """Return the scenes that hang on the artifacts, current or not, by start and id."""
        tables: dict[str, list[str]] = {}
        for artifact in artifacts:
            family = self.home(artifact)
            if family is not None and family.artifacts[artifact].kind == "scenes":
                tables.setdefault(family.head.id, []).append(artifact)
        found = []
        for measurement, ids in tables.items():
            family = self.of(measurement)
            for first in range(0, len(ids), _CHUNK):
                values = {"artifacts": ids[first : first + _CHUNK]}
                rows = self._requests.query(SCENES, _SCENES_IN, values, key=measurement)
                found += [row for row in rows if family and rank_of(family.head, row)]
        return sorted(found, key=lambda row: (row["at"], row["run"]))

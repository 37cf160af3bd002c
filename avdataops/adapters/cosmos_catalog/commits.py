"""Commits: everything is checked first, then each measurement changes in one step."""

from collections.abc import Sequence
from dataclasses import replace

from avdataops.adapters.cosmos_catalog.artifacts import find_artifact, known_among
from avdataops.adapters.cosmos_catalog.attempts import with_record, without
from avdataops.adapters.cosmos_catalog.changes import Change, change, get_head
from avdataops.adapters.cosmos_catalog.checked import Checked, check
from avdataops.adapters.cosmos_catalog.claims import claim, find_claim
from avdataops.adapters.cosmos_catalog.documents import (
    artifact_document,
    item_id,
    record_document,
    recording_document,
    recording_of,
    tag_of,
)
from avdataops.adapters.cosmos_catalog.heads import Head
from avdataops.adapters.cosmos_catalog.layout import CATALOG
from avdataops.adapters.cosmos_catalog.missing import ARTIFACT, MEASUREMENT, RECORDING, RUN, no_such
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.values import check_ns
from avdataops.model.artifact import Artifact
from avdataops.model.documents import text_of
from avdataops.model.errors import CatalogUnavailable, InputError, shown
from avdataops.model.measurement import Recording
from avdataops.ports.catalog import Taken
from avdataops.ports.catalog_rules import check_same_bytes, with_learned


def commit_runs(requests: Requests, taken: Sequence[Taken], superseded: Sequence[str]) -> None:
    """Take in records with what they made, and supersede runs.

    All or nothing for each measurement.  A call that spans several is checked as a whole before
    the first is written; should the process die between two of them, repeating it does the rest.
    """
    checked = [check(one) for one in taken]
    given = {artifact.id for one in checked for artifact in one.made}
    replaced = _measurements_of(requests, superseded, checked)
    names = [one.record.measurement for one in checked]
    measurements = list(dict.fromkeys([*names, *replaced.values()]))
    parts = [
        _Part(
            requests,
            measurement,
            [one for one in checked if one.record.measurement == measurement],
            [run for run in superseded if replaced[run] == measurement],
            given,
        )
        for measurement in measurements
    ]
    if len(parts) > 1:
        for part in parts:
            part.decide(get_head(requests, part.measurement).head)
    for part in parts:
        change(requests, part.measurement, part.decide)


def _measurements_of(
    requests: Requests, runs: Sequence[str], checked: Sequence[Checked]
) -> dict[str, str]:
    """Return the measurement of each run; raises ``NotFound``."""
    found = {one.record.run: one.record.measurement for one in checked}
    for run in runs:
        if run not in found:
            claimed = find_claim(requests, run)
            if claimed is None or claimed["kind"] != RUN:
                raise no_such(requests, RUN, run)
            found[run] = claimed["measurementId"]
    return {run: found[run] for run in runs}


class _Part:
    """What one commit does to one measurement."""

    def __init__(
        self,
        requests: Requests,
        measurement: str,
        checked: Sequence[Checked],
        superseded: Sequence[str],
        given: set[str],
    ) -> None:
        self._requests = requests
        self.measurement = measurement
        self._checked = checked
        self._superseded = superseded
        self._given = given

    def decide(self, head: Head | None) -> Change[None]:
        """Return the change; raises what is wrong with it.  Reads, and writes nothing."""
        if head is None:
            raise no_such(self._requests, MEASUREMENT, self.measurement)
        for one in self._checked:
            self._check_run(head, one)
        made, known = self._made(head)
        outside = self._used_from_outside(known)
        after, learned = self._learn(head)
        for one in self._checked:
            after = with_record(after, one)
        for run in self._superseded:
            if run not in after.runs:
                raise no_such(self._requests, RUN, run)
        after = without(after, self._superseded)
        return Change(
            head=after,
            result=None,
            claims=(lambda: self._claim(head, made),),
            edges=tuple(outside),
            scenes=tuple(scene for one in self._checked for scene in one.scenes),
            documents=(*made, *learned, *self._records()),
        )

    def _check_run(self, head: Head, one: Checked) -> None:
        run = one.record.run
        if run in head.runs:
            return
        claimed = find_claim(self._requests, run)
        if claimed is not None and claimed["measurementId"] != head.id:
            raise InputError(
                f"run {shown(run)} belongs to measurement {shown(str(claimed['measurementId']))},"
                f" not to {shown(head.id)}"
            )

    def _made(self, head: Head) -> tuple[list[Document], dict[str, Artifact]]:
        """Return the documents of new artifacts, and all artifacts known then, by id."""
        mentioned = [artifact for one in self._checked for artifact in one.record.used]
        mentioned += [artifact.id for one in self._checked for artifact in one.made]
        known = known_among(self._requests, head, mentioned)
        documents = []
        for one in self._checked:
            for artifact in one.made:
                there = known.get(artifact.id) or self._elsewhere(artifact.id)
                if there is not None:
                    check_same_bytes(artifact, there.sha256)
                else:
                    documents.append(artifact_document(artifact, head.id, one.take_tag))
                    known[artifact.id] = artifact
        return documents, known

    def _elsewhere(self, artifact: str) -> Artifact | None:
        return find_artifact(self._requests, artifact)

    def _used_from_outside(self, known: dict[str, Artifact]) -> list[Document]:
        """Return an edge for each use of an artifact of another measurement, or of none.

        Raises ``NotFound`` for an artifact that nobody has.
        """
        edges: dict[str, Document] = {}
        for one in self._checked:
            for artifact in one.record.used:
                if artifact in known:
                    continue
                if artifact not in self._given and self._elsewhere(artifact) is None:
                    raise no_such(self._requests, ARTIFACT, artifact)
                edge = {
                    "id": item_id(artifact, one.record.run),
                    "src": artifact,
                    "run": one.record.run,
                    "measurementId": self.measurement,
                }
                edges[edge["id"]] = edge
        return list(edges.values())

    def _learn(self, head: Head) -> tuple[Head, list[Document]]:
        """Return the head with what the runs learned, and the documents that tell it."""
        before, documents = head, []
        for one in self._checked:
            for recording in one.learned.recordings:
                # Learning replaces all that an earlier record of this call has learned.
                updated = self._updated(before, recording)
                tag = tag_of(text_of(updated))
                documents.append(recording_document(updated, tag))
                head = replace(head, recordings={**head.recordings, updated.id: tag})
            if one.learned.time is not None:
                start_ns, stop_ns = one.learned.time
                for t_ns in one.learned.time:
                    check_ns(t_ns or 0)
                measurement = replace(head.measurement, start_ns=start_ns, stop_ns=stop_ns)
                head = replace(head, measurement=measurement)
        return head, documents

    def _updated(self, head: Head, learned: Recording) -> Recording:
        tag = head.recordings.get(learned.id)
        if tag is None:
            raise no_such(self._requests, RECORDING, learned.id)
        document = self._requests.read(CATALOG, head.id, item_id(learned.id, tag))
        if document is None:
            raise CatalogUnavailable(f"recording {shown(learned.id)} cannot be read now")
        return with_learned(recording_of(document), learned)

    def _records(self) -> list[Document]:
        documents = {
            (one.record.run, one.record_tag): record_document(one.record, one.record_tag)
            for one in self._checked
        }
        return list(documents.values())

    def _claim(self, head: Head, made: Sequence[Document]) -> None:
        for one in self._checked:
            if one.record.run not in head.runs:
                claim(self._requests, RUN, one.record.run, head.id, None)
        for document in made:
            claim(self._requests, ARTIFACT, document["artifact"], head.id, document["run"])

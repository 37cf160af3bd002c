"""What must hold in a workspace on which nobody works, asked through the ports only.

The numbers are those of the reliability plan: I1 complete means stored and hashed, I2 one place
has one content, I3 lineage is acyclic and grounded, I4 attempts agree, I5 nothing left landing
unverified, I6 rows are conserved, I7 one state each, I8 every success is known, I9 no scene twice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from avdataops.engine.landing import MANIFEST, REASON
from avdataops.engine.publish import digest
from avdataops.engine.records import load_attempt, load_made
from avdataops.engine.table_files import ParquetTable
from avdataops.model.artifact import Artifact
from avdataops.model.errors import NotFound
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Measurement, State
from avdataops.model.run import RunRecord
from avdataops.ports.catalog import CatalogReader, Direction, SceneQuery
from avdataops.ports.storage import Storage
from avdataops.tables.kinds import kind

_PAGE = 500


@dataclass(frozen=True, slots=True)
class _Drive:
    """One measurement with all that is known of it."""

    storage: Storage
    catalog: CatalogReader
    facts: Measurement
    artifacts: Sequence[Artifact]
    runs: Sequence[RunRecord]

    @property
    def made(self) -> list[Artifact]:
        return [artifact for artifact in self.artifacts if artifact.run]

    @property
    def uploads(self) -> list[Artifact]:
        return [artifact for artifact in self.artifacts if artifact.kind == "upload"]


def broken_invariants(storage: Storage, catalog: CatalogReader) -> list[str]:
    """Return what is wrong, one sentence each beginning with the invariant's number; none is good.

    Reads every stored byte once.  For workspaces at rest: a measurement that is running is wrong.
    """
    found: list[str] = []
    contents: dict[Location, str] = {}
    for drive in _drives(storage, catalog):
        for check in _CHECKS:
            found += [f"{message} ({drive.facts.id})" for message in check(drive)]
        for artifact in (made for run in drive.runs for made in run.made):
            if contents.setdefault(artifact.location, artifact.sha256) != artifact.sha256:
                found.append(f"I2 {artifact.location} is promised with two contents")
    return found


def _drives(storage: Storage, catalog: CatalogReader) -> Iterator[_Drive]:
    after = None
    while page := catalog.measurements(after=after, limit=_PAGE):
        for facts in page:
            artifacts, runs = catalog.artifacts(facts.id), catalog.runs(facts.id)
            yield _Drive(storage, catalog, facts, artifacts, runs)
        after = page[-1].id


def _stored_as_promised(drive: _Drive) -> Iterator[str]:
    for artifact in drive.made:
        published = load_made(drive.storage, drive.facts.id, artifact.run or "")
        if published is None or artifact not in published.made:
            yield f"I1 {artifact.id} is in the catalog and was never published"
        stored = drive.storage.stat(artifact.location)
        if stored is None:
            yield f"I1 {artifact.location} is missing"
        elif stored.bytes != artifact.bytes or _content(drive, artifact.location) != (
            artifact.sha256
        ):
            yield f"I1 {artifact.location} has other content than its artifact promises"


def _grounded(drive: _Drive) -> Iterator[str]:
    for record in drive.runs:
        if record.made and not record.used:
            yield f"I3 {record.run} made something of nothing"
        for used in record.used:
            try:
                source = drive.catalog.artifact(used)
                if source.run and not drive.catalog.run(source.run).outcome.made_something:
                    yield f"I3 {record.run} used {used}, which a failed run has made"
            except NotFound:
                yield f"I3 {record.run} used {used}, which nobody knows"
    for artifact in drive.made:
        up = drive.catalog.lineage(artifact.id, Direction.UP)
        edges = {(edge.src, edge.dst) for edge in up.edges}
        if _has_cycle(edges):
            yield f"I3 the lineage of {artifact.id} has a cycle"
        ends = {node.id for node in up.nodes} - {dst for _, dst in edges}
        kinds = {drive.catalog.artifact(end).kind for end in ends}
        if not kinds <= {"upload", "reference", "label_delivery"}:
            yield f"I3 the lineage of {artifact.id} ends at {sorted(kinds)}"


def _has_cycle(edges: set[tuple[str, str]]) -> bool:
    while edges:
        sources = {src for src, _ in edges}
        inner = {(src, dst) for src, dst in edges if dst in sources}
        if inner == edges:
            return True
        edges = inner
    return False


def _attempts_agree(drive: _Drive) -> Iterator[str]:
    for record in drive.runs:
        promised = {artifact.id: artifact.sha256 for artifact in record.made}
        for attempt in range(1, record.attempt + 1):
            other = load_attempt(drive.storage, drive.facts.id, record.run, attempt)
            made = {one.id: one.sha256 for one in other.made} if other else {}
            if other and record.outcome.made_something and made and made != promised:
                yield f"I4 attempt {attempt} of {record.run} has made other bytes"


def _nothing_left_unverified(drive: _Drive) -> Iterator[str]:
    for upload in drive.uploads:
        name = upload.name
        if any(
            drive.storage.stat(Location(zone, f"{drive.facts.id}/{name}"))
            for zone in (Zone.LANDING, Zone.QUARANTINE)
        ):
            continue
        copy = Location(Zone.RAW, f"recordings/{drive.facts.id}/{name}")
        if _content(drive, copy) != upload.sha256:
            yield f"I5 '{name}' has left landing and its raw copy does not hold what was uploaded"


def _rows_are_conserved(drive: _Drive) -> Iterator[str]:
    for record in drive.runs:
        for account in record.accounts:
            if not account.balanced:
                yield f"I6 {record.run} lost rows of '{account.stream}' without a reason"
    for artifact in drive.made:
        if kind(artifact.kind).is_table and drive.storage.stat(artifact.location):
            table = ParquetTable(artifact, drive.storage.open(artifact.location))
            if table.read(["t_ns"]).num_rows != artifact.rows:
                yield f"I6 {artifact.location} does not have its {artifact.rows} rows"


def _one_state_each(drive: _Drive) -> Iterator[str]:
    state, measurement = drive.facts.state, drive.facts.id
    landed = [one.location.name for one in drive.storage.list(Zone.LANDING, f"{measurement}/")]
    reason = drive.storage.stat(Location(Zone.QUARANTINE, f"{measurement}/{REASON}"))
    if state is State.RUNNING:
        yield "I7 is running although nobody works on it"
    if state is State.COMPLETE:
        if landed:
            yield f"I7 is complete with {len(landed)} objects in landing"
        if drive.catalog.unfinished(measurement):
            yield "I7 is complete with unfinished tasks"
    if (state is State.QUARANTINED) != (drive.facts.reason is not None):
        yield f"I7 is {state} with reason {drive.facts.reason}"
    if (state is State.QUARANTINED) != (reason is not None):
        yield f"I7 is {state}, and quarantine says otherwise"
    if state is State.PENDING and drive.uploads and MANIFEST not in landed:
        copied = {one.name for one in drive.made if one.location.zone is Zone.RAW}
        if not all(upload.name in copied for upload in drive.uploads):
            yield "I7 is pending, and landing has lost it"


def _every_success_is_known(drive: _Drive) -> Iterator[str]:
    if drive.facts.state is not State.COMPLETE:
        return
    known = {record.run for record in drive.runs if record.outcome.made_something}
    for stored in drive.storage.list(Zone.DERIVED, f"runs/{drive.facts.id}/"):
        run = stored.location.key.split("/")[2]
        if stored.location.name == "made.json" and run not in known:
            yield f"I8 {run} was published and the catalog was never told"


def _no_scene_twice(drive: _Drive) -> Iterator[str]:
    scenes = drive.catalog.scenes(SceneQuery(measurement=drive.facts.id), limit=0)
    seen: set[tuple[object, ...]] = set()
    for scene in scenes:
        same = (scene.type, scene.t_start_ns, scene.t_end_ns, scene.detector, scene.actor)
        if (*same, scene.artifact) in seen:
            yield f"I9 scene {scene.id} is there twice"
        seen.add((*same, scene.artifact))
    tables = [artifact for artifact in drive.made if artifact.kind == "scenes"]
    if len(scenes) != sum(table.rows or 0 for table in tables):
        yield f"I9 {len(scenes)} scenes, and their tables have another number of rows"


def _content(drive: _Drive, at: Location) -> str | None:
    try:
        return digest(drive.storage.open(at))
    except NotFound:
        return None


_CHECKS: tuple[Callable[[_Drive], Iterator[str]], ...] = (
    _stored_as_promised,
    _grounded,
    _attempts_agree,
    _nothing_left_unverified,
    _rows_are_conserved,
    _one_state_each,
    _every_success_is_known,
    _no_scene_twice,
)

"""The process dies at every change it makes, then the same commands are given again.

For every k the k-th change of storage or catalog is not made, half made, or made without anybody
being told.  Whatever the moment, nothing is lost, and the end is that of an undisturbed run.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.engine.arrivals import arrive_or_quarantine, landed
from avdataops.engine.execute import execute
from avdataops.engine.pipeline import Machinery, run_pipeline
from avdataops.engine.publish import digest
from avdataops.engine.records import load_made
from avdataops.engine.sending import upload
from avdataops.engine.verify import verify_measurement
from avdataops.model.documents import from_json
from avdataops.model.errors import NotFound
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, State
from avdataops.model.run import RunRecord, TaskSpec
from avdataops.ports.catalog import Direction, SceneQuery
from avdataops.ports.storage import Storage, read_all
from avdataops.testing.crash_storage import CrashCatalog, Crashed, CrashPoint, CrashStorage, When
from avdataops.testing.engine_kit import DRIVE, manifest_of
from avdataops.testing.inline_dispatcher import InlineDispatcher
from avdataops.testing.invariants import broken_invariants
from avdataops.testing.toy_steps import TOY_PIPELINE, TOY_STEPS

MANIFEST = manifest_of(DRIVE)
DRIVE_ID = MANIFEST.measurement
Operate = Callable[["World"], None]


@dataclass(slots=True)
class World:
    """What outlives a process: the disk, the catalog's file, the folder of the drive."""

    disk: MemoryStorage
    catalog: CrashCatalog
    paths: dict[str, Path]
    storage: Storage

    def reopen(self, point: CrashPoint) -> None:
        """Start a new process that will end at ``point``."""
        self.storage = CrashStorage(self.disk, point)
        self.catalog.point = point

    def send(self) -> None:
        """Give the command ``upload``."""
        upload(self.storage, self.catalog, MANIFEST, self.paths)

    def run(self) -> State:
        """Give the command ``run``."""
        arrive_or_quarantine(self.storage, self.catalog, DRIVE_ID)
        facts = self.catalog.measurement(DRIVE_ID)
        if facts.state is State.QUARANTINED:
            return facts.state
        machinery = Machinery(
            storage=self.storage,
            catalog=self.catalog,
            dispatcher=InlineDispatcher(functools.partial(_execute, self.storage)),
            steps=TOY_STEPS,
        )
        run_pipeline(machinery, facts, TOY_PIPELINE)
        return self.catalog.measurement(DRIVE_ID).state

    def rot(self) -> None:
        """Let one landed file rot; nothing happens once it has left landing."""
        at = Location(Zone.LANDING, f"{DRIVE_ID}/b.mcap")
        if self.disk.stat(at):
            self.disk.delete(at)
            self.disk.put(at, [b"/imu 40 0.5\n"])


def _execute(storage: Storage, task: TaskSpec, progress: Callable[[float], None]) -> None:
    execute(task, storage, TOY_STEPS, progress)


def straight(world: World) -> None:
    """Upload and run, as often as needed."""
    world.send()
    assert world.run() is State.COMPLETE


def repaired(world: World) -> None:
    """Upload; a file rots and the drive is rejected; upload again, which repairs it; run."""
    world.send()
    if world.catalog.measurement(DRIVE_ID).state is State.PENDING and not _copied(world):
        world.rot()
    for _ in range(3):
        if world.run() is State.COMPLETE:
            return
        world.send()
    pytest.fail("the repair did not help")


def _copied(world: World) -> bool:
    return bool(list(world.disk.list(Zone.RAW)))


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    for name, data in DRIVE.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in DRIVE}


def fresh(paths: dict[str, Path]) -> World:
    disk = MemoryStorage()
    return World(disk, CrashCatalog(CrashPoint()), paths, disk)


def undisturbed(paths: dict[str, Path], operate: Operate) -> tuple[World, int]:
    """Return the world after an undisturbed run, and how many changes that took."""
    world, point = fresh(paths), CrashPoint()
    world.reopen(point)
    operate(world)
    return world, point.changes


def crashes(
    paths: dict[str, Path], operate: Operate, when: When, changes: int
) -> Iterator[tuple[int, World]]:
    """Yield the world after a crash at each change, before anything else happens."""
    for k in range(1, changes + 1):
        world, point = fresh(paths), CrashPoint(at=k, when=when)
        world.reopen(point)
        try:
            operate(world)
        except Crashed:
            world.reopen(CrashPoint())
            yield k, world
        finally:
            world.catalog.close()


def answers(world: World) -> dict[str, Any]:
    """Return all that the catalog says, without times and attempts."""
    catalog = world.catalog
    query = SceneQuery(measurement=DRIVE_ID)
    return {
        "measurement": catalog.measurement(DRIVE_ID),
        "recordings": catalog.recordings(DRIVE_ID),
        "artifacts": catalog.artifacts(DRIVE_ID),
        "runs": sorted((_plain(run) for run in catalog.runs(DRIVE_ID)), key=lambda run: run.run),
        "unfinished": catalog.unfinished(DRIVE_ID),
        "scenes": catalog.scenes(query, limit=0),
        "counts": catalog.count_scenes(query),
        "lineage": [catalog.lineage(made.id, Direction.UP) for made in catalog.artifacts(DRIVE_ID)],
    }


def _plain(record: RunRecord) -> RunRecord:
    return replace(record, attempt=0, started_ns=0, ended_ns=0, peak_rss_bytes=0)


def stored(world: World) -> dict[str, bytes | RunRecord | None]:
    """Return all bytes in storage; of records what does not depend on time and attempt."""
    found: dict[str, bytes | RunRecord | None] = {}
    for zone in Zone:
        for one in world.disk.list(zone):
            at = one.location
            if at.key.startswith("runs/"):
                run = at.key.split("/")[2]
                made = load_made(world.disk, DRIVE_ID, run)
                found[run] = _plain(made) if made else None
            else:
                found[str(at)] = read_all(world.disk.open(at))
    return found


def check_nothing_is_lost(world: World) -> None:
    """Invariants that hold right after a crash, before anything is repeated."""
    try:
        state = world.catalog.measurement(DRIVE_ID).state
    except NotFound:
        assert not list(world.disk.list(Zone.RAW)), "raw copies of an unknown drive"
        if world.disk.stat(landed(DRIVE_ID)):
            for file in MANIFEST.files:
                at = Location(Zone.LANDING, f"{DRIVE_ID}/{file.name}")
                assert digest(world.disk.open(at)) == file.sha256, "the manifest came too early"
        return
    assert state in State
    whole = {file.name: file.sha256 for file in MANIFEST.files}
    for name, sha256 in whole.items():
        # I5: what has left landing is verified in raw, or set aside in quarantine.
        places = [
            Location(Zone.LANDING, f"{DRIVE_ID}/{name}"),
            Location(Zone.QUARANTINE, f"{DRIVE_ID}/{name}"),
            Location(Zone.RAW, f"recordings/{DRIVE_ID}/{name}"),
        ]
        there = [at for at in places if world.disk.stat(at)]
        assert there, f"{name} is lost"
        raw = places[-1]
        if not world.disk.stat(places[0]) and not world.disk.stat(places[1]):
            assert digest(world.disk.open(raw)) == sha256
    if state is State.COMPLETE:
        check_the_end(world)
    for made in world.catalog.artifacts(DRIVE_ID):
        if made.run:
            # I1: whatever the catalog shows was published before, and is what it says.
            assert load_made(world.disk, DRIVE_ID, made.run)
            assert digest(world.disk.open(made.location)) == made.sha256


def check_the_end(world: World) -> None:
    """Invariants of a complete measurement."""
    catalog = world.catalog
    assert catalog.measurement(DRIVE_ID).state is State.COMPLETE
    assert verify_measurement(world.disk, catalog, DRIVE_ID)[1] == ()
    made = catalog.artifacts(DRIVE_ID)
    runs = {record.run: record for record in catalog.runs(DRIVE_ID)}
    for artifact in made:
        if artifact.run is None:
            continue
        record = runs[artifact.run]
        # I3: made from something, by a run that succeeded, and lineage ends at the upload.
        assert record.used
        assert record.outcome.made_something
        up = catalog.lineage(artifact.id, Direction.UP)
        assert _acyclic([(edge.src, edge.dst) for edge in up.edges])
        ends = {node.id for node in up.nodes} - {edge.dst for edge in up.edges}
        assert {catalog.artifact(end).kind for end in ends} == {"upload"}
    # I6: every message of every recording is in a table.
    accounts = [one for record in runs.values() for one in record.accounts]
    lines = sum(data.count(b"\n") for data in DRIVE.values())
    assert sum(one.rows_out for one in accounts) == lines
    assert all(one.balanced for one in accounts)
    assert sum(table.rows or 0 for table in made if table.kind == "stream") == lines
    # I5, I7: nothing waits anywhere, and the manifest went with the recordings.
    kept = world.disk.open(Location(Zone.RAW, f"recordings/{DRIVE_ID}/manifest.json"))
    assert from_json(Manifest, read_all(kept)) == MANIFEST
    assert list(world.disk.list(Zone.LANDING)) == []
    assert list(world.disk.list(Zone.QUARANTINE)) == []
    assert catalog.unfinished(DRIVE_ID) == []
    assert broken_invariants(world.disk, catalog) == []


def _acyclic(edges: list[tuple[str, str]]) -> bool:
    left = set(edges)
    while left:
        sources = {src for src, _ in left}
        ends = {(src, dst) for src, dst in left if dst not in sources}
        if not ends:
            return False
        left -= ends
    return True


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("operate", [straight, repaired])
def test_a_crash_at_any_change_loses_nothing_and_the_rerun_ends_the_same(
    paths: dict[str, Path], operate: Operate, when: When
) -> None:
    wanted, changes = undisturbed(paths, operate)
    check_the_end(wanted)
    assert changes > 30, "the scenario became too small to mean anything"
    crashed = 0
    for k, world in crashes(paths, operate, when, changes):
        crashed += 1
        check_nothing_is_lost(world)
        operate(world)
        check_the_end(world)
        if operate is straight:
            assert answers(world) == answers(wanted), f"crash at change {k}"
        made = {at: data for at, data in stored(world).items() if at.startswith(("raw", "derived"))}
        for at, data in made.items():
            assert stored(wanted)[at] == data, f"{at} after a crash at change {k}"
    assert crashed == changes


def test_two_undisturbed_runs_give_the_same_bytes_and_answers(paths: dict[str, Path]) -> None:
    one, _ = undisturbed(paths, straight)
    two, _ = undisturbed(paths, straight)
    assert stored(one) == stored(two)
    assert answers(one) == answers(two)


def test_giving_the_commands_again_after_the_end_changes_no_byte(paths: dict[str, Path]) -> None:
    world, _ = undisturbed(paths, straight)
    before, said = stored(world), answers(world)
    straight(world)
    assert stored(world) == before
    assert answers(world) == said


def test_a_second_crash_during_the_recovery_is_survived_too(paths: dict[str, Path]) -> None:
    wanted, changes = undisturbed(paths, straight)
    for k in range(1, changes + 1, 3):
        for again in (1, 4, 9):
            world = fresh(paths)
            for at in (k, again):
                world.reopen(CrashPoint(at=at, when=When.AFTER))
                with suppress(Crashed):
                    straight(world)
                check_nothing_is_lost(world)
            world.reopen(CrashPoint())
            straight(world)
            check_the_end(world)
            assert answers(world) == answers(wanted), f"crashes at {k}, then at {again}"
            world.catalog.close()

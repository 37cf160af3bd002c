"""Lineage of many artifacts, quickly."""

import time

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.ports.catalog import Direction, Taken
from avdataops.testing.catalog_store import register
from avdataops.testing.facts import record, task, uploaded


def test_a_chain_of_two_thousand_runs_is_walked_to_its_end() -> None:
    with SqliteCatalog(":memory:") as catalog:
        drive = register(catalog)
        chain = [record(task("step", drive.id, drive.uploads), [("grid", "g")])]
        for number in range(1, 2_000):
            spec = task("step", drive.id, chain[-1].made, {"n": number})
            chain.append(record(spec, [("grid", "g")]))
        catalog.commit([Taken(one) for one in reversed(chain)])
        up = catalog.lineage(chain[-1].made[0].id, Direction.UP)
        assert len(up.nodes) == 2_002
        assert up.nodes[0].id == chain[-1].made[0].id
        down = catalog.lineage(drive.recordings[1].id, Direction.DOWN)
        assert len(down.nodes) == 2_002
        assert len(catalog.lineage(chain[-1].made[0].id, Direction.UP, depth=7).nodes) == 8


def test_ten_thousand_artifacts_of_one_upload_come_within_seconds() -> None:
    with SqliteCatalog(":memory:") as catalog:
        drive = register(catalog)
        names = [("stream", f"/topic{number}") for number in range(5_000)]
        streams = record(task("extract", drive.id, drive.uploads[:1]), names)
        thinned = [
            record(task("downsample", drive.id, [stream]), [("thinned", stream.name)])
            for stream in streams.made
        ]
        joined_inputs = [one.made[0] for one in thinned]
        joined = record(task("sync", drive.id, joined_inputs), [("synced", "synced")])
        catalog.commit([Taken(streams), *(Taken(one) for one in thinned), Taken(joined)])
        started = time.monotonic()
        down = catalog.lineage(drive.uploads[0].id, Direction.DOWN)
        up = catalog.lineage(joined.made[0].id, Direction.UP)
        took_s = time.monotonic() - started
        assert len(down.nodes) == len(up.nodes) == 10_002
        assert len(down.edges) == len(up.edges) == 15_000
        assert took_s < 10, "a walk reads each artifact a few times, not each pair"


def test_an_upload_of_a_recording_is_found_by_name_and_hash() -> None:
    with SqliteCatalog(":memory:") as catalog:
        drive = uploaded(names=("a.bag", "b.bag"))
        register(catalog, drive)
        for recording, upload in zip(drive.recordings, drive.uploads, strict=True):
            down = catalog.lineage(recording.id, Direction.DOWN, depth=0)
            assert [node.id for node in down.nodes] == [recording.id, upload.id]
            assert [(edge.src, edge.dst, edge.run) for edge in down.edges] == [
                (recording.id, upload.id, "")
            ]

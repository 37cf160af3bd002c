"""Catalog behaviour: runs begun, committed, superseded and made current again."""

import itertools
from dataclasses import replace

import pytest

from avdataops.model.documents import to_document
from avdataops.model.errors import Conflict, InputError, NotFound, SchemaMismatch
from avdataops.model.stream import Problem, Stream
from avdataops.ports.catalog import Catalog, SceneQuery, Taken
from avdataops.testing.catalog_store import (
    HOSTILE,
    OpenCatalog,
    detected,
    everything,
    extracted,
    fill,
    register,
)
from avdataops.testing.facts import T0_NS, record, scene, sha256_of, task, uploaded


class RunBehaviour:
    """What runs made is taken in, all or nothing, once."""

    def test_attempts_are_counted_and_leave_a_trace(self, catalog: Catalog) -> None:
        """A begun task is unfinished until its latest attempt has a record."""
        drive = register(catalog)
        spec = task("extract", drive.id, drive.uploads)
        assert catalog.begin([spec]) == [spec]
        assert catalog.unfinished(drive.id) == [spec]
        again = catalog.begin([spec])
        assert again == [replace(spec, attempt=2)]
        assert catalog.unfinished(drive.id) == again
        catalog.commit([Taken(record(again[0], [("stream", "/imu")]))])
        assert catalog.unfinished(drive.id) == []
        assert [one.attempt for one in catalog.begin([spec])] == [3]

    def test_attempts_go_on_after_those_of_committed_records(self, catalog: Catalog) -> None:
        """Records count even if nobody told that they had begun."""
        drive = register(catalog)
        done = extracted(drive)
        catalog.commit([Taken(replace(done, attempt=4))])
        spec = task("extract", drive.id, drive.uploads)
        assert [one.attempt for one in catalog.begin([spec])] == [5]

    def test_a_run_that_only_began_has_no_record_yet(self, catalog: Catalog) -> None:
        """It is not among the runs, and asking for it says that it has not ended."""
        drive = register(catalog)
        spec = task("extract", drive.id, drive.uploads)
        catalog.begin([spec])
        assert catalog.runs(drive.id) == []
        with pytest.raises(NotFound, match="not ended"):
            catalog.run(record(spec).run)

    def test_tasks_of_an_unknown_measurement_do_not_begin(self, catalog: Catalog) -> None:
        """None of the call: the known one is not unfinished."""
        drive = register(catalog)
        known, unknown = task("extract", drive.id), task("extract", "m_0000000000000000")
        with pytest.raises(NotFound, match="m_0000000000000000"):
            catalog.begin([known, unknown])
        assert catalog.unfinished(drive.id) == []

    def test_a_record_comes_back_as_it_was(self, catalog: Catalog) -> None:
        """With parameters, facts, accounts and exact times."""
        drive = register(catalog)
        done = replace(
            extracted(drive),
            params={"rate_hz": 0.1, "nested": {"names": list(HOSTILE), "n": 2**62}},
            facts={"free": [1, None, "x"]},
            caveats=(Problem(code="truncated", message="2 of 3 chunks", lost_rows=None),),
            started_ns=T0_NS,
            ended_ns=T0_NS + 1,
            peak_rss_bytes=2**40,
            environment={"python": "3.11"},
        )
        catalog.commit([Taken(done)])
        assert catalog.run(done.run) == done
        assert catalog.runs(drive.id) == [done]

    def test_runs_come_by_start_time_and_can_be_asked_by_step(self, catalog: Catalog) -> None:
        """Whatever the order of committing."""
        drive = register(catalog)
        runs = [
            replace(record(task(step, drive.id, drive.uploads)), started_ns=T0_NS + n)
            for n, step in enumerate(["extract", "sync", "enrich"])
        ]
        catalog.commit([Taken(one) for one in reversed(runs)])
        assert catalog.runs(drive.id) == runs
        assert catalog.runs(drive.id, step="sync") == [runs[1]]
        assert catalog.runs(drive.id, step="nothing") == []

    def test_committing_twice_changes_nothing(self, catalog: Catalog) -> None:
        """Artifacts, edges, scenes and counts are as after the first time."""
        found = fill(catalog, [scene(uploaded().id, "cut_in", n) for n in range(3)])
        streams = extracted(uploaded())
        before = everything(catalog, found.record.measurement)
        catalog.commit([Taken(streams), found])
        catalog.commit([found, found])
        assert everything(catalog, found.record.measurement) == before

    def test_records_may_come_in_any_order(self, catalog: Catalog) -> None:
        """Also before the records of the runs whose artifacts they used."""
        answers = []
        for turn, order in enumerate(itertools.permutations(range(3))):
            drive = register(catalog, uploaded(f"turn {turn}"))
            streams = extracted(drive)
            synced = record(task("sync", drive.id, streams.made), [("synced", "synced")])
            scenes = [scene(drive.id, "cut_in", n) for n in range(2)]
            taken = [Taken(streams), Taken(synced), detected(drive, synced.made, scenes)]
            catalog.commit([taken[place] for place in order])
            answers.append(
                (
                    [(one.kind, one.name) for one in catalog.artifacts(drive.id)],
                    sorted(one.step for one in catalog.runs(drive.id)),
                    catalog.count_scenes(SceneQuery(measurement=drive.id)),
                )
            )
        assert answers == [answers[0]] * 6

    def test_commits_that_do_not_build_on_each_other_may_change_places(
        self, open_catalog: OpenCatalog
    ) -> None:
        """Two measurements' commits, one after the other and the other way round."""
        catalog = open_catalog()
        drives = [register(catalog, uploaded(title)) for title in ("first", "second")]
        runs = [extracted(drive, {"turn": turn}) for drive in drives for turn in (1, 2)]
        for one in (runs[3], runs[0], runs[2], runs[1]):
            catalog.commit([Taken(one)])
        for drive in drives:
            names = [one.name for one in catalog.artifacts(drive.id, kind="stream")]
            assert names == ["/gnss", "/gnss", "/imu", "/imu"]

    def test_artifacts_are_linked_to_their_run(self, catalog: Catalog) -> None:
        """Even if the record left that open; another run's name is refused."""
        drive = register(catalog)
        done = extracted(drive)
        open_ended = replace(done, made=tuple(replace(one, run=None) for one in done.made))
        catalog.commit([Taken(open_ended)])
        assert catalog.artifact(done.made[0].id) == done.made[0]
        wrong = replace(done, run="run_00000000000000000000")
        with pytest.raises(InputError, match=wrong.run):
            catalog.commit([Taken(wrong)])

    def test_another_hash_under_a_known_id_undoes_the_whole_commit(self, catalog: Catalog) -> None:
        """Neither the honest records beside it nor their scenes are kept."""
        drive = register(catalog)
        streams = extracted(drive)
        catalog.commit([Taken(streams)])
        before = everything(catalog, drive.id)
        changed = replace(streams.made[1], sha256=sha256_of("bit rot"))
        honest = detected(drive, streams.made, [scene(drive.id, "cut_in")])
        lying = replace(streams, attempt=2, made=(streams.made[0], changed))
        for order in ([honest, Taken(lying)], [Taken(lying), honest]):
            with pytest.raises(Conflict, match=changed.id):
                catalog.commit(order)
            assert everything(catalog, drive.id) == before

    def test_a_run_that_used_the_unknown_is_not_committed(self, catalog: Catalog) -> None:
        """Lineage has no holes."""
        drive = register(catalog)
        streams = extracted(drive)
        found = detected(drive, streams.made, [scene(drive.id, "cut_in")])
        before = everything(catalog, drive.id)
        with pytest.raises(NotFound, match=r"no artifact 'art_"):
            catalog.commit([found])
        assert everything(catalog, drive.id) == before

    def test_runs_tell_what_they_learned_about_recordings_and_time(self, catalog: Catalog) -> None:
        """Streams, times and problems are taken; name, size and hash stay as uploaded."""
        drive = register(catalog)
        stream = Stream(name="/imu", topic="/imu", type="sensor_msgs/Imu", rows=3, start_ns=T0_NS)
        known = drive.recordings[0]
        learned = replace(
            known,
            format="mcap",
            start_ns=T0_NS,
            stop_ns=T0_NS + 1,
            streams=(stream,),
            problems=(Problem(code="bad_crc", message="chunk 3"),),
        )
        facts: dict[str, object] = {
            "recordings": [to_document(replace(learned, bytes=1, name="other", sha256="0"))],
            "time": {"start_ns": T0_NS, "stop_ns": T0_NS + 1},
        }
        catalog.commit([Taken(replace(extracted(drive), facts=facts))])
        assert learned in catalog.recordings(drive.id)
        found = catalog.measurement(drive.id)
        assert (found.start_ns, found.stop_ns) == (T0_NS, T0_NS + 1)

    @pytest.mark.parametrize(
        ("facts", "error"),
        [
            ({"recordings": "all"}, InputError),
            ({"recordings": [{"id": 1}]}, SchemaMismatch),
            ({"time": [1, 2]}, InputError),
            ({"time": {"start_ns": 1.5, "stop_ns": 2}}, InputError),
            ({"recordings": [to_document(uploaded("other").recordings[0])]}, NotFound),
        ],
    )
    def test_facts_of_the_wrong_shape_undo_the_commit(
        self, catalog: Catalog, facts: dict[str, object], error: type[Exception]
    ) -> None:
        """Nothing of the record is kept."""
        drive = register(catalog)
        with pytest.raises(error):
            catalog.commit([Taken(replace(extracted(drive), facts=facts))])
        assert catalog.runs(drive.id) == []

    def test_a_run_belongs_to_one_measurement(self, catalog: Catalog) -> None:
        """The same run id for another one is refused."""
        first, second = register(catalog), register(catalog, uploaded("second"))
        done = extracted(first)
        catalog.commit([Taken(done)])
        with pytest.raises(InputError, match=second.id):
            catalog.commit([Taken(replace(done, measurement=second.id, used=()))])

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_stream_names_are_kept_to_the_letter(self, catalog: Catalog, name: str) -> None:
        """In artifacts, their parts and their attributes."""
        drive = register(catalog)
        done = extracted(drive)
        odd = replace(done.made[0], name=name, part=name, attributes={name: name})
        catalog.commit([Taken(replace(done, made=(odd,)))])
        assert catalog.artifacts(drive.id, kind="stream") == [odd]

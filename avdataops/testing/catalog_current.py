"""Catalog behaviour: which results are current, and how old ones come back."""

from dataclasses import replace

import pytest

from avdataops.model.errors import NotFound
from avdataops.model.run import Outcome
from avdataops.ports.catalog import Catalog, Direction, SceneQuery, Taken
from avdataops.testing.catalog_store import (
    detected,
    everything,
    extracted,
    fill,
    ids,
    register,
)
from avdataops.testing.facts import T0_NS, ended, scene, sha256_of, uploaded

FAILURES = [Outcome.FAILED_INPUT, Outcome.FAILED_TRANSIENT, Outcome.LOST]


class CurrentBehaviour:
    """Failures, later attempts and superseded runs."""

    @pytest.mark.parametrize("outcome", FAILURES)
    def test_a_failed_run_makes_nothing_until_an_attempt_succeeds(
        self, catalog: Catalog, outcome: Outcome
    ) -> None:
        """What a failed attempt left behind is not used, nor in the way later."""
        drive = register(catalog)
        done = extracted(drive)
        half = (replace(done.made[0], sha256=sha256_of("half of it")),)
        catalog.commit([Taken(replace(done, outcome=outcome, made=half))])
        assert catalog.artifacts(drive.id, kind="stream") == []
        assert catalog.run(done.run).outcome is outcome
        catalog.commit([Taken(replace(done, attempt=2))])
        assert catalog.artifacts(drive.id, kind="stream") == list(done.made)
        assert catalog.run(done.run).attempt == 2  # noqa: PLR2004 - the second attempt

    @pytest.mark.parametrize("outcome", FAILURES)
    def test_a_later_failure_does_not_take_results_away(
        self, catalog: Catalog, outcome: Outcome
    ) -> None:
        """The latest attempt answers, the latest success counts; the order does not matter."""
        for title, order in (("first", (1, 2)), ("second", (2, 1))):
            drive = register(catalog, uploaded(title))
            done = extracted(drive)
            attempts = {1: done, 2: ended(done, outcome, attempt=2)}
            for attempt in order:
                catalog.commit([Taken(attempts[attempt])])
            assert catalog.run(done.run) == attempts[2]
            assert catalog.artifacts(drive.id, kind="stream") == list(done.made)

    def test_a_worker_thought_lost_may_still_report(self, catalog: Catalog) -> None:
        """Its own record wins over the note that it was lost, whichever comes first."""
        for title, order in (("first", (0, 1)), ("second", (1, 0))):
            drive = register(catalog, uploaded(title))
            done = extracted(drive)
            both = (ended(done, Outcome.LOST), done)
            for which in order:
                catalog.commit([Taken(both[which])])
            assert catalog.run(done.run) == done
            assert catalog.artifacts(drive.id, kind="stream") == list(done.made)

    def test_superseded_results_leave_the_answers_but_not_the_catalog(
        self, catalog: Catalog
    ) -> None:
        """Other parameters replace them; by id and in lineage they stay."""
        old = fill(catalog, [scene(uploaded().id, "cut_in", 1)])
        drive = uploaded()
        streams = extracted(drive, {"rate_hz": 50})
        new = detected(drive, streams.made, [scene(drive.id, "cut_in", 2)])
        superseded = [extracted(drive).run, old.record.run]
        catalog.commit([Taken(streams), new], superseded=superseded)
        assert catalog.artifacts(drive.id, kind="stream") == list(streams.made)
        assert catalog.scenes(SceneQuery()) == list(new.scenes)
        assert catalog.count_scenes(SceneQuery()) == {"cut_in": 1}
        assert catalog.scene(old.scenes[0].id) == old.scenes[0]
        assert catalog.artifact(old.record.made[0].id) == old.record.made[0]
        up = catalog.lineage(old.scenes[0].id, Direction.UP)
        assert {one.id for one in drive.uploads} <= {node.id for node in up.nodes}

    def test_parameters_changed_back_make_old_results_current(self, catalog: Catalog) -> None:
        """By committing the old records again; a failure brings nothing back."""
        old = fill(catalog, [scene(uploaded().id, "cut_in", 1)])
        drive = uploaded()
        new = detected(drive, extracted(drive).made[:1], [scene(drive.id, "cut_in", 2)])
        before = everything(catalog, drive.id)[:3]
        catalog.commit([new], superseded=[old.record.run])
        catalog.commit([Taken(ended(old.record, Outcome.FAILED_INPUT, attempt=2))])
        assert catalog.scenes(SceneQuery()) == list(new.scenes)
        catalog.commit([old], superseded=[new.record.run])
        assert catalog.scenes(SceneQuery()) == list(old.scenes)
        assert everything(catalog, drive.id)[:3] == before

    def test_superseding_an_unknown_run_undoes_the_commit(self, catalog: Catalog) -> None:
        """A mistake in the list keeps everything as it was."""
        drive = register(catalog)
        with pytest.raises(NotFound, match="run_0000"):
            catalog.commit([Taken(extracted(drive))], superseded=["run_0000000000000000"])
        assert catalog.runs(drive.id) == []

    def test_the_same_scene_found_by_two_runs_is_one_scene(self, catalog: Catalog) -> None:
        """The run that ended last speaks for it, whatever the order of committing."""
        for title, order in (("first", (0, 1)), ("second", (1, 0))):
            drive = register(catalog, uploaded(title))
            streams = extracted(drive)
            catalog.commit([Taken(streams)])
            same = scene(drive.id, "cut_in")
            early = detected(drive, streams.made[:1], [same])
            late = detected(drive, streams.made, [same])
            late = replace(late, record=replace(late.record, ended_ns=T0_NS * 2))
            for which in order:
                catalog.commit([(early, late)[which]])
            query = SceneQuery(measurement=drive.id)
            assert catalog.scenes(query) == list(late.scenes)
            catalog.commit([], superseded=[late.record.run])
            assert catalog.scenes(query) == list(early.scenes)
            catalog.commit([], superseded=[early.record.run])
            assert ids(catalog.scenes(query)) == []
            assert catalog.scene(same.id) == late.scenes[0]

"""Catalog behaviour: what people say of scenes stands beside them, in order, for good."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from avdataops.model.errors import InputError, NotFound, Outdated
from avdataops.model.review import Review, Verdict
from avdataops.ports.catalog import Catalog, SceneQuery
from avdataops.ports.questions import Comparison, Condition
from avdataops.testing.catalog_store import HOSTILE, OpenCatalog, detected, fill, ids
from avdataops.testing.facts import T0_NS, scene, uploaded

M = uploaded().id
OTHER = uploaded("other")
SCENES = [scene(M, "cut_in", n) for n in range(4)]


def said(number: int = 0, verdict: Verdict = Verdict.ACCEPTED, comment: str = "") -> Review:
    """Return a review of one of the scenes."""
    return Review(
        scene=SCENES[number].id, verdict=verdict, by="ann", at_ns=T0_NS + 1, comment=comment
    )


def asked(verdict: object, op: str = "=") -> SceneQuery:
    """Return the question for scenes by their latest review."""
    value = verdict.value if isinstance(verdict, Verdict) else verdict
    assert isinstance(value, str | float | bool)
    return SceneQuery(where=(Condition("review", Comparison(op), value),))


class ReviewBehaviour:
    """Added to, never changed; the latest speaks."""

    def test_a_history_is_kept_exactly_and_in_order(self, open_catalog: OpenCatalog) -> None:
        """Every field, to the nanosecond, and for whoever opens the catalog next."""
        catalog = open_catalog()
        fill(catalog, SCENES)
        assert catalog.reviews(SCENES[0].id) == []
        adjusted = replace(
            said(verdict=Verdict.ADJUSTED, comment="starts later"),
            t_start_ns=SCENES[0].t_start_ns + 1,
            t_end_ns=SCENES[0].t_end_ns - 1,
            type="lane_change_left",
            request="r-1",
        )
        given = [said(comment="first"), adjusted, said(verdict=Verdict.REJECTED)]
        added = [catalog.review(one) for one in given]
        assert added == [replace(one, number=n) for n, one in enumerate(given, 1)]
        assert list(open_catalog().reviews(SCENES[0].id)) == added
        assert open_catalog().latest_reviews(ids(SCENES)) == {SCENES[0].id: added[-1]}

    def test_the_scene_itself_stays_as_it_was_found(self, catalog: Catalog) -> None:
        """Also when a review says otherwise."""
        fill(catalog, SCENES)
        before = catalog.scene(SCENES[0].id)
        adjusted = replace(said(verdict=Verdict.ADJUSTED), t_start_ns=T0_NS - 5)
        catalog.review(adjusted)
        assert catalog.scene(SCENES[0].id) == before
        assert catalog.scenes(SceneQuery(), limit=1) == [before]

    def test_scenes_are_asked_for_by_what_the_latest_review_says(self, catalog: Catalog) -> None:
        """One without a review matches nothing, not even what is unlike."""
        fill(catalog, SCENES)
        fill(catalog, [scene(OTHER.id, "rain")], OTHER)
        for number, verdict in enumerate((Verdict.ACCEPTED, Verdict.REJECTED, Verdict.REJECTED)):
            catalog.review(said(number, verdict))
        catalog.review(said(2, Verdict.ACCEPTED))
        for query, expected in (
            (asked(Verdict.ACCEPTED), [0, 2]),
            (asked(Verdict.REJECTED), [1]),
            (asked(Verdict.ADJUSTED), []),
            (asked(Verdict.ACCEPTED, "!="), [1]),
            (asked("accepted", ">="), [0, 1, 2]),
            (asked("b", "<"), [0, 2]),
            (asked(1.0), []),
            (asked(Verdict.ACCEPTED, "="), [0, 2]),
        ):
            wanted = ids([SCENES[number] for number in expected])
            assert ids(catalog.scenes(query)) == wanted, query
            assert sum(catalog.count_scenes(query).values()) == len(expected)
            paged = catalog.scenes(query, limit=1)
            assert ids(paged) == wanted[:1]
            if paged:
                assert ids(catalog.scenes(query, after=paged[0].id, limit=5)) == wanted[1:]

    def test_a_review_outlives_a_new_detection_of_the_same_scene(self, catalog: Catalog) -> None:
        """It belongs to the scene, not to the run that found it."""
        found = fill(catalog, SCENES)
        catalog.review(said())
        streams = catalog.artifacts(M, kind="stream")
        again = detected(uploaded(), streams[:1], SCENES[:1])
        catalog.commit([again], superseded=[found.record.run])
        assert ids(catalog.scenes(asked(Verdict.ACCEPTED))) == [SCENES[0].id]
        assert len(catalog.reviews(SCENES[0].id)) == 1

    def test_a_writer_who_saw_another_history_is_told(self, catalog: Catalog) -> None:
        """And nothing is added."""
        fill(catalog, SCENES)
        catalog.review(said(), expected=0)
        for wrong in (0, 2):
            with pytest.raises(Outdated, match="has 1 reviews"):
                catalog.review(said(), expected=wrong)
        assert len(catalog.reviews(SCENES[0].id)) == 1
        catalog.review(said(), expected=1)

    def test_the_same_request_adds_once(self, catalog: Catalog) -> None:
        """Whatever happened in between; another request adds another entry."""
        fill(catalog, SCENES)
        first = catalog.review(replace(said(), request="one"), expected=0)
        catalog.review(replace(said(), request="two"))
        assert catalog.review(replace(said(), request="one"), expected=0) == first
        assert [one.request for one in catalog.reviews(SCENES[0].id)] == ["one", "two"]

    def test_reviews_of_what_is_not_there_are_refused(self, catalog: Catalog) -> None:
        """Reading and writing."""
        fill(catalog, SCENES)
        wrong = f"{SCENES[0].id[:-1]}x"
        for scene_id in (wrong, M, "", *HOSTILE):
            with pytest.raises(NotFound):
                catalog.reviews(scene_id)
            with pytest.raises(NotFound):
                catalog.review(replace(said(), scene=scene_id))
        assert catalog.latest_reviews([wrong, *HOSTILE, ""]) == {}
        assert catalog.latest_reviews([]) == {}

    @pytest.mark.parametrize(
        "wrong",
        [
            said(verdict=Verdict.ADJUSTED),
            replace(said(), type="rain"),
            replace(said(), t_start_ns=T0_NS),
            replace(said(verdict=Verdict.ADJUSTED), t_start_ns=2**63 - 1),
            replace(said(verdict=Verdict.ADJUSTED), t_end_ns=2**63),
            replace(said(verdict=Verdict.ADJUSTED), type="Not A Type"),
            replace(said(verdict=Verdict.ADJUSTED), type=""),
            replace(said(), by=""),
            said(comment="x" * 2_001),
            said(comment="half \ud800"),
        ],
        ids=range(10),
    )
    def test_reviews_that_cannot_be_are_refused(self, catalog: Catalog, wrong: Review) -> None:
        """With nothing added."""
        fill(catalog, SCENES)
        with pytest.raises(InputError):
            catalog.review(wrong)
        assert catalog.reviews(SCENES[0].id) == []

    def test_hostile_words_come_back_as_they_were(self, catalog: Catalog) -> None:
        """In comments and names."""
        fill(catalog, SCENES)
        added = [catalog.review(replace(said(comment=one), by=one)) for one in HOSTILE]
        assert list(catalog.reviews(SCENES[0].id)) == added
        assert [one.comment for one in added] == list(HOSTILE)

    def test_reviewers_at_the_same_moment_lose_nothing(self, open_catalog: OpenCatalog) -> None:
        """Each gets a number of its own, without a gap."""
        fill(open_catalog(), SCENES)
        catalogs = [open_catalog() for _ in range(3)]
        start = threading.Barrier(3)

        def act(own: Catalog) -> list[int]:
            start.wait()
            return [own.review(said()).number for _ in range(4)]

        with ThreadPoolExecutor(3) as pool:
            numbers = [one for found in pool.map(act, catalogs) for one in found]
        assert sorted(numbers) == list(range(1, 13))
        assert [one.number for one in catalogs[0].reviews(SCENES[0].id)] == sorted(numbers)

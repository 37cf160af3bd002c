"""Catalog behaviour: several threads, each with its own way to the catalog."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from avdataops.ports.catalog import Catalog, SceneQuery, Taken
from avdataops.testing.catalog_store import OpenCatalog, detected, everything, extracted, register
from avdataops.testing.facts import scene, task, uploaded

_THREADS = 4


def _at_once(open_catalog: OpenCatalog, act: Callable[[Catalog, int], object]) -> list[object]:
    """Run ``act`` in several threads that start together; errors are raised here."""
    start = threading.Barrier(_THREADS)
    catalogs = [open_catalog() for _ in range(_THREADS)]

    def one(number: int) -> object:
        start.wait()
        return act(catalogs[number], number)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(one, range(_THREADS)))


class RaceBehaviour:
    """Writers at the same moment lose nothing and double nothing."""

    def test_the_same_commit_from_all_sides_counts_once(self, open_catalog: OpenCatalog) -> None:
        """As after a lost answer and a second try."""
        catalog = open_catalog()
        drive = register(catalog)
        streams = extracted(drive)
        scenes = [scene(drive.id, "cut_in", n) for n in range(20)]
        taken = [Taken(streams), detected(drive, streams.made, scenes)]
        _at_once(open_catalog, lambda own, _: own.commit(taken))
        after = everything(catalog, drive.id)
        assert catalog.count_scenes(SceneQuery()) == {"cut_in": 20}
        assert catalog.runs(drive.id) == [one.record for one in taken]
        catalog.commit(taken)
        assert everything(catalog, drive.id) == after

    def test_different_commits_from_all_sides_all_arrive(self, open_catalog: OpenCatalog) -> None:
        """Nothing is lost among writers of one measurement."""
        catalog = open_catalog()
        drive = register(catalog)
        runs = [[extracted(drive, {"n": n, "turn": t}) for t in range(5)] for n in range(_THREADS)]

        def act(own: Catalog, number: int) -> None:
            for one in runs[number]:
                own.commit([Taken(one)])

        _at_once(open_catalog, act)
        expected = {one.run for several in runs for one in several}
        assert {one.run for one in catalog.runs(drive.id)} == expected

    def test_attempts_begun_from_all_sides_have_different_numbers(
        self, open_catalog: OpenCatalog
    ) -> None:
        """Two orchestrators never share an attempt."""
        drive = register(open_catalog())
        spec = task("extract", drive.id, drive.uploads)
        begun = _at_once(
            open_catalog, lambda own, _: [own.begin([spec])[0].attempt for _ in range(5)]
        )
        numbers = [number for one in begun if isinstance(one, list) for number in one]
        assert sorted(numbers) == list(range(1, 5 * _THREADS + 1))

    def test_the_same_registration_from_all_sides_is_one(self, open_catalog: OpenCatalog) -> None:
        """None of the writers sees an error."""
        _at_once(open_catalog, lambda own, _: register(own))
        assert [one.id for one in open_catalog().measurements()] == [uploaded().id]

    def test_readers_see_a_commit_whole_or_not_at_all(self, open_catalog: OpenCatalog) -> None:
        """While one writes, the others count scenes: always all of a commit."""
        drive = register(open_catalog())
        streams = extracted(drive)
        open_catalog().commit([Taken(streams)])
        scenes = [scene(drive.id, "cut_in", n) for n in range(200)]

        def act(own: Catalog, number: int) -> set[int]:
            if number == 0:
                own.commit([detected(drive, streams.made, scenes)])
                return set()
            query = SceneQuery(measurement=drive.id)
            return {len(own.scenes(query, limit=0)) for _ in range(30)}

        seen = _at_once(open_catalog, act)
        assert {count for one in seen if isinstance(one, set) for count in one} <= {0, 200}

"""Catalog behaviour: scenes kept exactly and asked for by type, time, attribute and company."""

import math
from dataclasses import replace

import pytest

from avdataops.model.errors import InputError, NotFound
from avdataops.model.run import Outcome
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import Catalog, SceneQuery, Taken
from avdataops.testing.catalog_store import (
    detected,
    extracted,
    fill,
    ids,
    register,
)
from avdataops.testing.facts import T0_NS, scene, uploaded

M = uploaded().id
OTHER = uploaded("other")


def _full(number: int = 0) -> Scene:
    """Return a scene whose every field differs from its default."""
    return replace(
        scene(M, "cut_in", number),
        t_start_ns=T0_NS + number,
        t_end_ns=T0_NS + number + 1,
        detector="cut_in_by_lane",
        detector_version=3,
        confidence=1 / 3,
        evidence={"ttc_s": 0.1 + 0.2, "n": 7, "rain": True, "road": "Straße", "gap_m": None},
        actor="17",
        truncated=True,
        lat_deg=48.123456789012345,
        lon_deg=-0.1,
        params="abcdef",
    )


class SceneBehaviour:
    """Found again, exactly, in order, page by page."""

    def test_a_scene_comes_back_to_the_last_bit(self, catalog: Catalog) -> None:
        """Nanoseconds, doubles, whole numbers, truth values, text and unknown."""
        found = fill(catalog, [_full()])
        expected = replace(_full(), artifact=found.record.made[0].id)
        assert catalog.scene(expected.id) == expected
        assert catalog.scenes(SceneQuery()) == [expected]
        back = catalog.scene(expected.id).evidence
        assert {name: type(value) for name, value in back.items()} == {
            name: type(value) for name, value in expected.evidence.items()
        }

    def test_times_next_to_each_other_stay_apart(self, catalog: Catalog) -> None:
        """Times differ by one nanosecond, where a float64 cannot tell them apart."""
        scenes = [_full(n) for n in range(5)]
        fill(catalog, scenes)
        for one in scenes:
            query = SceneQuery(time=TimeRange(one.t_start_ns, one.t_end_ns))
            assert ids(catalog.scenes(query)) == [one.id]

    def test_a_scene_is_linked_to_its_table(self, catalog: Catalog) -> None:
        """Left open, it is the one scenes table of the run; another table is refused."""
        found = fill(catalog, [])
        one = scene(M, "cut_in")
        with pytest.raises(InputError, match="scenes table"):
            catalog.commit([replace(found, scenes=(replace(one, artifact="art_0"),))])
        with pytest.raises(InputError, match="scenes table"):
            catalog.commit([Taken(extracted(uploaded()), (one,))])
        catalog.commit([replace(found, scenes=(one,))])
        assert catalog.scene(one.id).artifact == found.record.made[0].id

    def test_scenes_of_a_failed_run_are_not_taken(self, catalog: Catalog) -> None:
        """Only successes make anything."""
        drive = register(catalog)
        streams = extracted(drive)
        catalog.commit([Taken(streams)])
        found = detected(drive, streams.made, [scene(M, "cut_in")])
        failed = replace(found.record, outcome=Outcome.FAILED_TRANSIENT)
        catalog.commit([replace(found, record=failed)])
        assert catalog.scenes(SceneQuery()) == []
        with pytest.raises(NotFound):
            catalog.scene(found.scenes[0].id)

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
    def test_pages_lose_and_repeat_nothing_among_equal_starts(
        self, catalog: Catalog, size: int
    ) -> None:
        """Ordered by start, then id; also over several types at once."""
        scenes = [
            scene(M, kind, start, stop_ns=start + 1, evidence={"n": n})
            for n in range(4)
            for start in (0, 0, 1)
            for kind in ("rain", "cut_in", "night")
        ]
        scenes = list({one.id: one for one in scenes}.values())
        fill(catalog, scenes)
        for types in ((), ("rain",), ("rain", "cut_in"), ("rain", "rain", "x")):
            kept = [one for one in scenes if not types or one.type in types]
            expected = ids(sorted(kept, key=lambda one: (one.t_start_ns, one.id)))
            query, found = SceneQuery(types=types), list[str]()
            while page := catalog.scenes(query, after=found[-1] if found else None, limit=size):
                assert len(page) <= size
                found += ids(page)
            assert found == expected
            assert ids(catalog.scenes(query, limit=0)) == expected

    def test_a_page_may_go_on_after_a_scene_that_does_not_match(self, catalog: Catalog) -> None:
        """Only its place in the order counts."""
        scenes = [scene(M, kind, n) for n, kind in enumerate(["rain", "cut_in", "rain"])]
        fill(catalog, scenes)
        query = SceneQuery(types=("rain",))
        assert ids(catalog.scenes(query, after=scenes[1].id)) == [scenes[2].id]

    def test_measurement_vehicle_and_type_must_all_hold(self, catalog: Catalog) -> None:
        """An unknown value of any is no error and no scene."""
        mine, second = scene(M, "cut_in"), scene(M, "rain")
        theirs = replace(scene(OTHER.id, "cut_in"), vehicle="car-2")
        fill(catalog, [mine, second])
        fill(catalog, [theirs], OTHER)
        for query, expected in (
            (SceneQuery(measurement=M), {mine.id, second.id}),
            (SceneQuery(vehicle="car-2"), {theirs.id}),
            (SceneQuery(types=("cut_in",)), {mine.id, theirs.id}),
            (SceneQuery(types=("cut_in",), vehicle="car-1"), {mine.id}),
            (SceneQuery(measurement=M, vehicle="car-2"), set()),
            (SceneQuery(types=("nothing",)), set()),
            (SceneQuery(measurement="m_0"), set()),
        ):
            assert set(ids(catalog.scenes(query))) == expected

    def test_time_is_half_open_on_both_sides(self, catalog: Catalog) -> None:
        """A scene that only touches the range is outside; a long one around it is inside."""
        spans = [(0, 10), (10, 20), (20, 30), (0, 1000), (14, 14), (999, 1001)]
        scenes = {span: scene(M, "rain", span[0], stop_ns=span[1]) for span in spans}
        fill(catalog, list(scenes.values()))
        for start in (0, 5, 10, 14, 15, 20, 999, 1000, 2000):
            for stop in (start, start + 1, start + 10, start + 5000):
                asked = TimeRange(T0_NS + start, T0_NS + stop)
                expected = {
                    one.id
                    for one in scenes.values()
                    if asked.overlaps(TimeRange(one.t_start_ns, one.t_end_ns))
                }
                assert set(ids(catalog.scenes(SceneQuery(time=asked)))) == expected

    @pytest.mark.parametrize(
        "wrong",
        [
            replace(scene(M, "x"), evidence={"a": math.nan}),
            replace(scene(M, "x"), evidence={"a": math.inf}),
            replace(scene(M, "x"), confidence=1.5),
            replace(scene(M, "x"), confidence=math.nan),
            replace(scene(M, "x"), t_end_ns=T0_NS - 1),
            replace(scene(M, "x"), t_end_ns=2**63),
            replace(scene(M, "x"), lat_deg=91.0, lon_deg=0.0),
            replace(scene(M, "x"), lat_deg=0.0, lon_deg=math.nan),
            scene("m_0000000000000000", "x"),
        ],
    )
    def test_scenes_that_cannot_be_are_refused(self, catalog: Catalog, wrong: Scene) -> None:
        """And with them the whole commit."""
        found = fill(catalog, [])
        with pytest.raises(InputError):
            catalog.commit([replace(found, scenes=(scene(M, "ok"), wrong))])
        assert catalog.scenes(SceneQuery()) == []

    def test_during_is_overlap_in_the_same_measurement(self, catalog: Catalog) -> None:
        """Touching is not overlapping, and all named types must be there."""
        rain = scene(M, "rain", 10, stop_ns=20)
        night = scene(M, "night", 15, stop_ns=40)
        spans = {"before": (0, 10), "into": (5, 11), "both": (16, 17), "late": (20, 30)}
        cuts = {name: scene(M, "cut_in", a, stop_ns=b) for name, (a, b) in spans.items()}
        elsewhere = scene(OTHER.id, "cut_in", 16, stop_ns=17)
        fill(catalog, [rain, night, *cuts.values()])
        fill(catalog, [elsewhere], OTHER)
        for during, expected in (
            (("rain",), {"into", "both"}),
            (("night",), {"both", "late"}),
            (("rain", "night"), {"both"}),
            (("rain", "snow"), set()),
        ):
            query = SceneQuery(types=("cut_in",), during=during)
            assert set(ids(catalog.scenes(query))) == {cuts[name].id for name in expected}

    def test_counts_are_by_type_measurement_or_vehicle(self, catalog: Catalog) -> None:
        """The same conditions as for pages; another column is refused."""
        fill(catalog, [scene(M, kind, n) for n, kind in enumerate(["rain", "rain", "cut_in"])])
        fill(catalog, [replace(scene(OTHER.id, "rain"), vehicle="car-2")], OTHER)
        assert catalog.count_scenes(SceneQuery()) == {"cut_in": 1, "rain": 3}
        assert catalog.count_scenes(SceneQuery(types=("rain", "rain")), by="measurement") == {
            M: 2,
            OTHER.id: 1,
        }
        assert catalog.count_scenes(SceneQuery(), by="vehicle") == {"car-1": 3, "car-2": 1}
        assert catalog.count_scenes(SceneQuery(types=("snow",))) == {}
        with pytest.raises(InputError, match="did you mean 'vehicle'"):
            catalog.count_scenes(SceneQuery(), by="vehicles")

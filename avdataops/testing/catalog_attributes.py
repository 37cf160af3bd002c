"""Catalog behaviour: attributes of scenes compared, three-valued."""

import math
from dataclasses import replace

import pytest

from avdataops.model.errors import InputError
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import Catalog, SceneQuery
from avdataops.ports.questions import Comparison, Condition
from avdataops.testing.catalog_store import (
    HOSTILE,
    everything,
    fill,
    ids,
)
from avdataops.testing.facts import T0_NS, scene, uploaded

M = uploaded().id
OTHER = uploaded("other")
EQ, NE, LT, LE, GT, GE = Comparison


def _with(values: dict[str, float | str | bool | None], start_ns: int = 0) -> Scene:
    return scene(M, "cut_in", start_ns, evidence=values)


class AttributeBehaviour:
    """Known, unknown and impossible attributes."""

    @pytest.mark.parametrize(
        ("name", "op", "value", "expected"),
        [
            ("ttc_s", EQ, 0.5, [1]),
            ("ttc_s", NE, 0.5, [0, 2]),
            ("ttc_s", LT, 0.5, [0]),
            ("ttc_s", LE, 0.5, [0, 1]),
            ("ttc_s", GT, 0.5, [2]),
            ("ttc_s", GE, 0.5, [1, 2]),
            ("ttc_s", GT, 1e308, []),
            ("ttc_s", NE, "0.5", []),
            ("ttc_s", LT, "zzz", []),
            ("ttc_s", NE, math.nan, []),
            ("road", EQ, "b", [1]),
            ("road", NE, "b", [0, 2]),
            ("road", LT, "b", [0]),
            ("road", GE, "b", [1, 2]),
            ("road", NE, 5, []),
            ("night", EQ, True, [1]),
            ("night", NE, True, [0, 2]),
            ("night", EQ, 0, [0, 2]),
            ("never_seen", NE, 1, []),
            ("confidence", GT, 0.5, [1, 2, 3]),
            ("confidence", EQ, "0.5", []),
            ("detector", EQ, "by_lane", [2]),
            ("detector", NE, 3, []),
            ("detector_version", GE, 2, [3]),
            ("actor", NE, "17", [2]),
            ("actor", EQ, "17", [1]),
            ("truncated", EQ, True, [0]),
            ("truncated", NE, True, [1, 2, 3]),
            ("duration_s", GT, 4.5, [0, 1, 2]),
            ("duration_s", EQ, 2.5, [3]),
            ("lat_deg", GT, 48, [2]),
            ("lon_deg", NE, 0, [2]),
        ],
    )
    def test_attributes_are_compared_and_the_unknown_matches_nothing(
        self, catalog: Catalog, name: str, op: Comparison, value: float | str, expected: list[int]
    ) -> None:
        """None, absent, and text against number fail every comparison, also ``!=``."""
        scenes = [
            _with({"ttc_s": 0.25, "road": "a", "night": False}, 0),
            _with({"ttc_s": 0.5, "road": "b", "night": True}, 1),
            _with({"ttc_s": 2, "road": "ü", "night": False}, 2),
            _with({"ttc_s": None, "road": None}, 3),
        ]
        half = T0_NS + 3 + NS_PER_S * 5 // 2
        scenes[0] = replace(scenes[0], truncated=True, confidence=0.5)
        scenes[1] = replace(scenes[1], actor="17")
        scenes[2] = replace(scenes[2], actor="9", detector="by_lane", lat_deg=48.5, lon_deg=9.0)
        scenes[3] = replace(scenes[3], detector_version=2, t_end_ns=half)
        fill(catalog, scenes)
        query = SceneQuery(where=(Condition(name, op, value),))
        assert ids(catalog.scenes(query)) == [scenes[n].id for n in expected]

    def test_all_conditions_must_hold(self, catalog: Catalog) -> None:
        """Two bounds on one attribute, and one on another."""
        scenes = [_with({"v": n, "w": n % 2}, n) for n in range(10)]
        fill(catalog, scenes)
        where = (Condition("v", GE, 3), Condition("v", LT, 8), Condition("w", EQ, 0))
        assert ids(catalog.scenes(SceneQuery(where=where))) == [scenes[4].id, scenes[6].id]
        assert catalog.count_scenes(SceneQuery(where=where)) == {"cut_in": 2}

    @pytest.mark.parametrize("value", HOSTILE)
    def test_hostile_text_is_kept_and_compared_to_the_letter(
        self, catalog: Catalog, value: str
    ) -> None:
        """As evidence, actor, type and detector."""
        odd = replace(_with({"road": value}), type=value, detector=value, actor=value)
        fill(catalog, [odd, _with({"road": "plain"}, 1)])
        for name in ("road", "detector", "actor"):
            assert ids(catalog.scenes(SceneQuery(where=(Condition(name, EQ, value),)))) == [odd.id]
        assert ids(catalog.scenes(SceneQuery(types=(value,)))) == [odd.id]
        assert catalog.count_scenes(SceneQuery())[value] == 1

    @pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "a b", "a" * 65, "a' OR 1=1", *HOSTILE])
    def test_names_that_no_attribute_has_are_refused(self, catalog: Catalog, name: str) -> None:
        """In questions and in evidence."""
        found = fill(catalog, [])
        with pytest.raises(InputError, match="attribute"):
            catalog.scenes(SceneQuery(where=(Condition(name, EQ, 1),)))
        before = everything(catalog, M)
        with pytest.raises(InputError, match="evidence"):
            catalog.commit([replace(found, scenes=(_with({name: 1}),))])
        assert everything(catalog, M) == before

    @pytest.mark.parametrize(
        ("wrong", "near"), [("Min_TTC_s", "min_ttc_s"), ("Confidence", "confidence")]
    )
    def test_a_misspelt_attribute_is_told_the_nearest(
        self, catalog: Catalog, wrong: str, near: str
    ) -> None:
        """Among fields and the evidence that scenes have."""
        fill(catalog, [_with({"min_ttc_s": 1.0, "road": "a"})])
        with pytest.raises(InputError, match=f"did you mean '{near}'"):
            catalog.scenes(SceneQuery(where=(Condition(wrong, EQ, 1),)))

"""What each relation means, instant by instant, and when the absence of a scene says something."""

from dataclasses import replace
from itertools import pairwise

import pytest

from avdataops.model.places import Ring
from avdataops.model.scene import Scene, Surroundings
from avdataops.model.time import TimeRange
from avdataops.ports.judged import Tile
from avdataops.ports.question_answers import Gathered, answer
from avdataops.ports.questions import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Inside,
    InTime,
    Known,
    Near,
    Not,
    OfType,
    Question,
    Related,
    Relation,
)
from avdataops.testing.facts import T0_NS, scene, uploaded

M = uploaded().id
RAIN = OfType(("rain",))
SUBJECT = scene(M, "cut_in", 100, stop_ns=200)
ALL_KNOWN = (Tile(T0_NS, T0_NS + 1000, known=True),)


def other(start: int, stop: int, actor: str | None = None) -> Scene:
    return replace(scene(M, "rain", start, stop_ns=stop), actor=actor)


def told(question: Question, *others: Scene, tiles: tuple[Tile, ...] = ALL_KNOWN) -> bool | None:
    company = Gathered({M: (SUBJECT, *others)}, {(M, "rain"): tiles})
    return answer(question, SUBJECT, company)


@pytest.mark.parametrize(
    ("relation", "within_ns", "true", "false"),
    [
        (
            Relation.WITH,
            None,
            [(0, 101), (199, 300), (120, 130), (0, 300), (100, 200)],
            [(0, 100), (200, 300)],
        ),
        (
            Relation.OVERLAPS,
            None,
            [(0, 101), (199, 300), (120, 130), (0, 300), (100, 200)],
            [(0, 100), (200, 300)],
        ),
        (
            Relation.DURING,
            None,
            [(100, 200), (0, 300), (100, 300)],
            [(101, 300), (0, 199), (120, 130)],
        ),
        (
            Relation.AFTER,
            None,
            [(0, 100), (0, 1)],
            [(0, 101), (200, 300)],
        ),
        (
            Relation.AFTER,
            50,
            [(0, 100), (0, 50)],
            [(0, 49), (0, 101), (200, 300)],
        ),
        (
            Relation.BEFORE,
            None,
            [(200, 300), (900, 901)],
            [(199, 300), (0, 100)],
        ),
        (
            Relation.BEFORE,
            50,
            [(200, 300), (250, 300)],
            [(251, 300), (199, 300), (0, 100)],
        ),
        (
            Relation.AROUND,
            50,
            [(0, 50), (250, 300), (120, 130), (0, 300)],
            [(0, 49), (251, 300)],
        ),
        (
            Relation.THEN,
            50,
            [(100, 110), (150, 300), (250, 260)],
            [(99, 300), (251, 260)],
        ),
        (
            Relation.THEN,
            None,
            [(100, 110), (900, 901)],
            [(99, 300)],
        ),
        (
            Relation.BESIDE,
            None,
            [(0, 1), (900, 901), (100, 200)],
            [],
        ),
    ],
)
def test_where_the_other_scene_must_lie(
    relation: Relation,
    within_ns: int | None,
    true: list[tuple[int, int]],
    false: list[tuple[int, int]],
) -> None:
    question = Related(relation, RAIN, within_ns)
    for span in true:
        assert told(question, other(*span)) is True, span
    for span in false:
        assert told(question, other(*span)) is False, span


def test_a_scene_is_with_itself_and_overlaps_only_others() -> None:
    cut_ins = OfType(("cut_in",))
    company = Gathered({M: (SUBJECT,)}, {(M, "cut_in"): ALL_KNOWN})
    assert answer(Related(Relation.WITH, cut_ins), SUBJECT, company) is True
    for relation in set(Relation) - {Relation.WITH}:
        assert answer(Related(relation, cut_ins, 50), SUBJECT, company) is False


@pytest.mark.parametrize(
    ("relation", "within_ns", "tile", "expected"),
    [
        (Relation.WITH, None, (100, 200), False),
        (Relation.WITH, None, (101, 200), None),
        (Relation.WITH, None, (100, 199), None),
        (Relation.DURING, None, (100, 200), False),
        (Relation.AFTER, 50, (50, 100), False),
        (Relation.AFTER, 50, (51, 1000), None),
        (Relation.BEFORE, 50, (200, 250), False),
        (Relation.BEFORE, 50, (0, 249), None),
        (Relation.AROUND, 50, (50, 250), False),
        (Relation.AROUND, 50, (60, 250), None),
        (Relation.THEN, 50, (100, 250), False),
        (Relation.THEN, 50, (100, 249), None),
    ],
)
def test_absence_is_false_only_where_somebody_could_tell(
    relation: Relation, within_ns: int, tile: tuple[int, int], expected: bool | None
) -> None:
    known = Tile(T0_NS + tile[0], T0_NS + tile[1], known=True)
    question = Related(relation, RAIN, within_ns)
    assert told(question, tiles=(known,)) is expected
    assert told(Not(question), tiles=(known,)) is (True if expected is False else None)
    assert told(question, tiles=()) is None


@pytest.mark.parametrize(
    ("relation", "gap", "expected"),
    [
        (Relation.AFTER, (100, 200), False),
        (Relation.AFTER, (50, 60), None),
        (Relation.BEFORE, (100, 200), False),
        (Relation.BEFORE, (900, 901), None),
        (Relation.THEN, (0, 100), False),
        (Relation.THEN, (150, 160), None),
        (Relation.BESIDE, (0, 1), None),
    ],
)
def test_without_a_bound_the_recording_is_the_world(
    relation: Relation, gap: tuple[int, int], expected: bool | None
) -> None:
    cuts = (0, *gap, 1000)
    tiles = tuple(
        Tile(T0_NS + a, T0_NS + b, known=place != 1)
        for place, (a, b) in enumerate(pairwise(cuts))
        if a < b
    )
    assert told(Related(relation, RAIN), tiles=tiles) is expected


def test_company_of_no_certain_type_is_never_known_to_be_absent() -> None:
    assert told(Related(Relation.OVERLAPS, Condition("v", Comparison.GT, 3.0))) is None
    assert told(Related(Relation.OVERLAPS, NOTHING)) is False


def test_the_same_actor_is_unknown_if_one_of_them_is() -> None:
    question = Related(Relation.BEFORE, RAIN, same_actor=True)
    mine = replace(SUBJECT, actor="1")
    for actor, expected in (("1", True), ("2", False), (None, None)):
        company = Gathered({M: (other(300, 400, actor),)}, {(M, "rain"): ALL_KNOWN})
        assert answer(question, mine, company) is expected
        assert answer(question, SUBJECT, company) is None
    both = Gathered({M: (other(300, 400, None), other(300, 500, "1"))}, {(M, "rain"): ALL_KNOWN})
    assert answer(question, mine, both) is True


def test_a_doubtful_scene_leaves_its_company_in_doubt() -> None:
    heavy = AllOf((RAIN, Condition("rate", Comparison.GT, 2.0)))
    unknown = other(150, 160)
    light = replace(other(150, 161), evidence={"rate": 1.0})
    strong = replace(other(150, 162), evidence={"rate": 3.0})
    question = Related(Relation.WITH, heavy)
    assert told(question, light) is False
    assert told(question, light, unknown) is None
    assert told(question, light, unknown, strong) is True


def test_tests_of_the_scene_itself() -> None:
    placed = replace(SUBJECT, lat_deg=56.0, lon_deg=10.0, evidence={"v": 2, "w": None})
    placed = replace(placed, surroundings=Surroundings(light="night", ego_speed_mps=8.0))
    company = Gathered({}, {}, {placed.id: "accepted"})
    ring = Ring(((55.0, 9.0), (55.0, 11.0), (57.0, 10.0)))
    cases: list[tuple[Question, bool | None, bool | None]] = [
        (EVERYTHING, True, True),
        (NOTHING, False, False),
        (Near(56.0, 10.0, 1.0), True, None),
        (Near(57.0, 10.0, 1.0), False, None),
        (Inside(ring), True, None),
        (InTime(TimeRange(T0_NS, T0_NS + 101)), True, True),
        (InTime(TimeRange(T0_NS, T0_NS + 100)), False, False),
        (Condition("v", Comparison.EQ, 2.0), True, None),
        (Condition("v", Comparison.EQ, "2"), None, None),
        (Condition("w", Comparison.NE, 2.0), None, None),
        (Condition("light", Comparison.EQ, "night"), True, None),
        (Condition("ego_speed_mps", Comparison.LT, 8.0), False, None),
        (Condition("review", Comparison.EQ, "accepted"), True, None),
        (Condition("duration_s", Comparison.EQ, 1e-7), True, True),
        (Condition("vehicle", Comparison.NE, "car-1"), False, False),
        (Known("light"), True, False),
        (Known("w"), False, False),
        (AnyOf((Known("w"), Condition("w", Comparison.GT, 1.0))), None, None),
        (AllOf((Known("w"), Condition("w", Comparison.GT, 1.0))), False, False),
    ]
    plain = replace(SUBJECT, id="scn_other")
    for question, with_facts, without in cases:
        assert answer(question, placed, company) is with_facts, question
        assert answer(question, plain, company) is without, question


def test_evidence_speaks_before_surroundings() -> None:
    both = replace(
        SUBJECT, evidence={"light": None}, surroundings=Surroundings(light="day", lanes=2)
    )
    nobody = Gathered({}, {})
    assert answer(Condition("light", Comparison.EQ, "day"), both, nobody) is None
    assert answer(Condition("lanes", Comparison.EQ, 2.0), both, nobody) is True

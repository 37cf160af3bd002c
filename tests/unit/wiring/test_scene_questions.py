"""Questions as they are typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.errors import InputError, NotFound
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.questions import Comparison, Condition, Near
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import scene, uploaded
from avdataops.wiring.scene_questions import Asking, SceneWords, counted

DRIVE = uploaded()


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with SqliteCatalog(":memory:") as catalog:
        fill(catalog, [scene(DRIVE.id, "of_a_rule_that_is_gone")], DRIVE)
        yield Asking(catalog)


def test_no_words_ask_for_everything(asking: Asking) -> None:
    assert asking.query(SceneWords()) == SceneQuery()


def test_all_words_are_understood(asking: Asking) -> None:
    words = SceneWords(
        types=("rain", "of_a_rule_that_is_gone"),
        measurement=DRIVE.id,
        vehicle="car-1",
        start="5",
        end="2026-11-20T17:03:04Z",
        near=" 56.16, 10.2 ,5e3",
        where=("min_ttc_s<2",),
        during=("cut_in",),
    )
    assert asking.query(words) == SceneQuery(
        types=("rain", "of_a_rule_that_is_gone"),
        measurement=DRIVE.id,
        vehicle="car-1",
        time=TimeRange(5, 1_795_194_184_000_000_000),
        near=Near(56.16, 10.2, 5000.0),
        where=(Condition("min_ttc_s", Comparison.LT, 2.0),),
        during=("cut_in",),
    )


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a < -4", Condition("a", Comparison.LT, -4.0)),
        ("  a<=1e3 ", Condition("a", Comparison.LE, 1000.0)),
        ("a>0", Condition("a", Comparison.GT, 0.0)),
        ("a >= 0", Condition("a", Comparison.GE, 0.0)),
        ("a = x", Condition("a", Comparison.EQ, "x")),
        ("a == 'x y'", Condition("a", Comparison.EQ, "x y")),
        ("a != true", Condition("a", Comparison.NE, True)),
        ("a=false", Condition("a", Comparison.EQ, False)),
        ("a = one\ntwo", Condition("a", Comparison.EQ, "one\ntwo")),
    ],
)
def test_a_comparison_is_understood(asking: Asking, text: str, condition: Condition) -> None:
    assert asking.query(SceneWords(where=(text,))).where == (condition,)


@pytest.mark.parametrize("text", ["", "a", "a <", "< 3", "A < 3", "a ~ 3", "a.b < 3", "1a < 2"])
def test_what_is_no_comparison_is_refused(asking: Asking, text: str) -> None:
    with pytest.raises(InputError, match="is not a comparison; write as"):
        asking.query(SceneWords(where=(text,)))


@pytest.mark.parametrize("text", ["1,2", "1,2,3,4", "a,b,c", "1;2;3"])
def test_what_is_no_circle_is_refused(asking: Asking, text: str) -> None:
    with pytest.raises(InputError, match="is not LAT,LON,RADIUS_M"):
        asking.query(SceneWords(near=text))


@pytest.mark.parametrize("text", ["91,0,1", "0,181,1", "nan,0,1", "0,0,-1", "0,0,nan", "0,0,inf"])
def test_a_circle_that_is_nowhere_is_refused(asking: Asking, text: str) -> None:
    with pytest.raises(InputError, match=r"is no place|is not a distance"):
        asking.query(SceneWords(near=text))


def test_one_end_of_time_leaves_the_other_open(asking: Asking) -> None:
    assert asking.query(SceneWords(start="7")).time == TimeRange(7, 2**63 - 1)
    assert asking.query(SceneWords(end="7")).time == TimeRange(1 - 2**63, 7)


def test_time_cannot_count_from_what_was_not_named(asking: Asking) -> None:
    with pytest.raises(InputError, match="counts from the start of a measurement"):
        asking.query(SceneWords(start="+5s"))


def test_an_unknown_measurement_is_not_found(asking: Asking) -> None:
    with pytest.raises(NotFound):
        asking.query(SceneWords(measurement="m_000000000000000000000000"))


@pytest.mark.parametrize("words", [SceneWords(types=("cutin",)), SceneWords(during=("cutin",))])
def test_an_unknown_type_is_told_the_near_miss(asking: Asking, words: SceneWords) -> None:
    with pytest.raises(InputError, match="did you mean 'cut_in'") as caught:
        asking.query(words)
    assert "of_a_rule_that_is_gone" in (caught.value.hint or "")


def test_counts_become_rows_by_name() -> None:
    assert counted({"b": 1, "a": 2}, "type") == [
        {"type": "a", "scenes": 2},
        {"type": "b", "scenes": 1},
    ]
    assert counted({}, "vehicle") == []


def test_files_of_rules_are_read_only_for_types_that_are_not_known(tmp_path: Path) -> None:
    with SqliteCatalog(":memory:") as catalog:
        asking = Asking(catalog, (tmp_path / "absent.yaml",))
        asking.check_type("cut_in")

"""Datasets are frozen from a question, verified and compared."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.errors import Conflict, InputError
from avdataops.ports.catalog import SceneQuery, Taken
from avdataops.ports.questions import AllOf, Comparison, Condition, OfType
from avdataops.testing.catalog_store import detected, fill
from avdataops.testing.facts import record, scene, task, uploaded
from avdataops.wiring import datasets
from avdataops.wiring.datasets import KINDS, Wanted, diff, freeze, manifest, normal_form, verify
from avdataops.wiring.scene_questions import SceneWords

DRIVE, OTHER = uploaded(), uploaded("other")
SCENES = [scene(DRIVE.id, "cut_in", n) for n in range(5)] + [scene(DRIVE.id, "rain", 9)]
CUTS = SceneQuery(types=("cut_in",))


@pytest.fixture
def catalog() -> Iterator[SqliteCatalog]:
    with SqliteCatalog(":memory:") as opened:
        fill(opened, SCENES, DRIVE)
        fill(opened, [scene(OTHER.id, "rain")], OTHER)
        yield opened


def wanted(
    name: str = "cuts", query: SceneQuery = CUTS, by: str = "ann", kinds: tuple[str, ...] = KINDS
) -> Wanted:
    return Wanted(name=name, by=by, query=query, text="--type cut_in", kinds=kinds)


def test_a_dataset_holds_what_matches_and_the_tables_around_it(catalog: SqliteCatalog) -> None:
    made = freeze(catalog, catalog, wanted())
    assert (made.scenes, made.measurements, made.types) == (5, 1, {"cut_in": 5})
    kinds = Counter(one.kind for one in catalog.dataset_artifacts(made.id, limit=0))
    assert kinds == {"stream": 2, "scenes": 1}
    held = catalog.dataset_scenes(made.id, limit=0)
    assert list(held) == list(catalog.scenes(CUTS, limit=0))
    assert {one.measurement for one in catalog.dataset_artifacts(made.id)} == {DRIVE.id}


def test_of_other_kinds_only_those_asked_for_are_held(catalog: SqliteCatalog) -> None:
    made = freeze(catalog, catalog, wanted(kinds=("upload",)))
    kinds = Counter(one.kind for one in catalog.dataset_artifacts(made.id, limit=0))
    assert kinds == {"upload": 2, "scenes": 1}


def test_freezing_again_is_the_same_dataset_whoever_does_it(catalog: SqliteCatalog) -> None:
    made = freeze(catalog, catalog, wanted())
    assert freeze(catalog, catalog, wanted(by="bob")) == made
    renamed = freeze(catalog, catalog, wanted("again"))
    assert (renamed.id, renamed.name) == (made.id, "again")


def test_a_taken_name_a_bad_one_and_nothing_found_are_refused(catalog: SqliteCatalog) -> None:
    freeze(catalog, catalog, wanted())
    with pytest.raises(Conflict):
        freeze(catalog, catalog, wanted(query=SceneQuery(types=("rain",))))
    with pytest.raises(InputError, match="cannot be a name"):
        freeze(catalog, catalog, wanted("no name"))
    with pytest.raises(InputError, match="no scene matches"):
        freeze(catalog, catalog, wanted("none", SceneQuery(types=("fog",))))


def test_more_than_a_dataset_holds_is_refused_before_it_is_read(
    catalog: SqliteCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "MAX_SCENES", 4)
    with pytest.raises(InputError, match="5 scenes match"):
        freeze(catalog, catalog, wanted())


def test_a_fresh_dataset_is_as_the_catalog_is(catalog: SqliteCatalog) -> None:
    made = freeze(catalog, catalog, wanted())
    states = Counter((one.what, one.state) for one in verify(catalog, catalog, made.id))
    assert states == {("scene", "same"): 5, ("artifact", "same"): 3}


def test_what_was_superseded_or_changed_since_is_told(catalog: SqliteCatalog) -> None:
    made = freeze(catalog, catalog, wanted())
    old = catalog.artifacts(DRIVE.id, kind="scenes")[0].run
    streams = catalog.artifacts(DRIVE.id, kind="stream")
    again = detected(DRIVE, streams[:1], [replace(SCENES[0], confidence=0.5), SCENES[1]])
    catalog.commit([again], superseded=[str(old)])
    found = {one.id: one for one in verify(catalog, catalog, made.id)}
    # The second is the same but for the table that holds it: that too is another content.
    assert [found[one.id].state for one in SCENES[:5]] == ["changed"] * 2 + ["superseded"] * 3
    assert Counter(one.state for one in found.values() if one.what == "artifact") == {
        "same": 2,
        "superseded": 1,
    }


def test_a_dataset_of_another_catalog_is_missing_here(catalog: SqliteCatalog) -> None:
    made = freeze(catalog, catalog, wanted())
    with SqliteCatalog(":memory:") as empty:
        states = Counter(one.state for one in verify(empty, catalog, made.id))
    assert states == {"missing": 8}


def test_two_datasets_differ_in_scenes_and_bytes(catalog: SqliteCatalog) -> None:
    first = freeze(catalog, catalog, wanted("first"))
    rain = freeze(catalog, catalog, wanted("rain", SceneQuery(types=("rain",))))
    assert list(diff(catalog, first, first)) == []
    rows = list(diff(catalog, first, rain))
    counts = Counter((row.what, row.change) for row in rows)
    assert counts == {("scene", "only in A"): 5, ("scene", "only in B"): 2,
                      ("artifact", "only in B"): 3}  # fmt: skip
    made = record(task("extract", DRIVE.id, DRIVE.uploads, {"n": 2}), [("stream", "/lidar")])
    catalog.commit([Taken(made)])
    later = freeze(catalog, catalog, wanted("later"))
    (more,) = diff(catalog, first, later)
    assert (more.change, more.what, more.id) == ("only in B", "artifact", made.made[0].id)


def test_the_manifest_holds_all(catalog: SqliteCatalog) -> None:
    told = manifest(catalog, freeze(catalog, catalog, wanted()))
    assert (len(told["scenes"]), len(told["artifacts"])) == (5, 3)
    assert all(len(one["sha256"]) == 64 for one in told["artifacts"])


def test_order_and_repetition_do_not_change_the_normal_form() -> None:
    low, high = (Condition("n", Comparison.LT, 1.0), Condition("n", Comparison.GT, 0.0))
    one = SceneQuery(types=("b", "a", "b"), where=(low, high), during=("x", "w"))
    other = SceneQuery(types=("a", "b"), where=(high, low, high), during=("w", "x"))
    assert normal_form(one) == normal_form(other)
    assert normal_form(one) != normal_form(replace(one, where=(low,)))
    typed = replace(SceneQuery(), matching=AllOf((OfType(("a",)), low)))
    assert normal_form(typed) == normal_form(SceneQuery(types=("a",), where=(low,)))


def test_the_question_is_kept_as_options() -> None:
    words = SceneWords(types=("cut_in", "rain"), where=("n < 1",), vehicle="car 1")
    told = datasets.text_of_words(words)
    assert told == "--type cut_in --type rain --vehicle 'car 1' --where 'n < 1'"
    assert datasets.text_of_words(SceneWords()) == "all scenes"
    asked = SceneWords(text="cut_in & rain", vehicle="v")
    assert datasets.text_of_words(asked) == "'cut_in & rain' --vehicle v"

"""Rules for saved queries, datasets and remembered requests, without a database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.dataset import frozen_dataset
from avdataops.model.errors import Conflict, InputError, NotFound, Outdated
from avdataops.model.saved_query import SavedQuery
from avdataops.model.time import NS_PER_S
from avdataops.ports import curation_rules
from avdataops.ports.curation import REMEMBERED_S, Remembered
from avdataops.ports.curation_rules import (
    check_drop,
    check_frozen,
    check_name,
    next_query,
    next_remembered,
    no_such_name,
    same_dataset,
)
from avdataops.testing.catalog_datasets import label
from avdataops.testing.facts import scene, uploaded

WET = SavedQuery(name="wet", text="rain", owner="ann", at_ns=5)
SEEN = Remembered(key="k", print="p", at_ns=10)
DAY_NS = REMEMBERED_S * NS_PER_S
DRIVE = uploaded()
GOOD = frozen_dataset(label(), [scene(DRIVE.id, "cut_in", n) for n in range(3)], DRIVE.uploads)


@pytest.mark.parametrize(
    "name", ["a", "A.b-c_d", "0", "x" * 64, "ds_short", "m_", "curves-2026.11"]
)
def test_good_names_are_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".a", "-a", "_a", "a b", "a/b", "a\n", "a\x00", "x" * 65, "é", "m_" + "0" * 24,
     "ds_" + "f" * 16, "scn_" + "0" * 40, "../x", "a\\b", "a?b", "a#b"],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be a name"):
        check_name(name)


@given(st.text(max_size=80))
def test_a_name_is_safe_wherever_it_is_kept(name: str) -> None:
    try:
        check_name(name)
    except InputError:
        return
    assert name.isascii()
    assert not set(name) & set("/\\?# %'\"<>&")
    assert name[0].isalnum()


def test_a_first_query_has_version_one_and_each_change_counts() -> None:
    first = next_query(None, WET, 0)
    assert first == replace(WET, version=1)
    changed = next_query(first, replace(WET, text="fog"), 1)
    assert (changed.version, changed.text) == (2, "fog")
    assert next_query(changed, WET, 2).version == 3


@pytest.mark.parametrize(
    ("now", "expected", "said"),
    [
        (WET, 0, "is there already"),
        (None, 1, "is not there any more"),
        (WET, 2, "has version 1, not 2"),
        (replace(WET, version=7), 6, "has version 7, not 6"),
    ],
)
def test_a_late_writer_is_told_what_is_there(
    now: SavedQuery | None, expected: int, said: str
) -> None:
    with pytest.raises(Outdated, match=said) as caught:
        next_query(now, WET, expected)
    assert "read it again" in str(caught.value.hint)


def test_the_version_that_a_writer_claims_does_not_count() -> None:
    assert next_query(None, replace(WET, version=99), 0).version == 1


def test_a_query_has_text_of_some_length() -> None:
    assert next_query(None, replace(WET, text="x" * 8_000), 0)
    for wrong in ("", "x" * 8_001):
        with pytest.raises(InputError, match="1 to 8000"):
            next_query(None, replace(WET, text=wrong), 0)


def test_only_what_is_there_is_forgotten() -> None:
    check_drop("wet", WET, [], 1)
    with pytest.raises(Outdated):
        check_drop("wet", WET, [], 2)
    with pytest.raises(NotFound, match="did you mean 'wet'"):
        check_drop("we", None, ["wet", "dry"], 1)


def test_the_first_of_equal_requests_counts() -> None:
    assert next_remembered(None, SEEN) == SEEN
    assert next_remembered(SEEN, replace(SEEN, at_ns=11)) == SEEN


def test_an_answer_is_added_once() -> None:
    answered = next_remembered(SEEN, replace(SEEN, answer="first", at_ns=12))
    assert answered == replace(SEEN, answer="first")
    assert next_remembered(answered, replace(SEEN, answer="second")) == answered
    assert next_remembered(answered, SEEN) == answered


def test_the_answer_to_another_request_is_not_taken() -> None:
    other = replace(SEEN, print="other", answer="x")
    assert next_remembered(SEEN, other) == SEEN


def test_a_request_is_known_for_a_day_and_no_longer() -> None:
    same_day = replace(SEEN, print="other", at_ns=SEEN.at_ns + DAY_NS)
    assert next_remembered(SEEN, same_day) == SEEN
    next_day = replace(same_day, at_ns=same_day.at_ns + 1)
    assert next_remembered(SEEN, next_day) == next_day


def test_a_dataset_that_is_what_it_says_passes() -> None:
    check_frozen(GOOD)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "ds_" + "0" * 24},
        {"scenes": 2},
        {"artifacts": 0},
        {"measurements": 2},
        {"vehicles": ()},
        {"types": {"cut_in": 2}},
        {"types": {}},
        {"detectors": {"cut_in": (2,)}},
        {"query": "another"},
    ],
    ids=str,
)
def test_a_dataset_that_says_something_else_is_refused(changed: dict[str, object]) -> None:
    told = {
        **{name: getattr(GOOD.dataset, name) for name in type(GOOD.dataset).__slots__},
        **changed,
    }
    wrong = replace(GOOD, dataset=type(GOOD.dataset)(**told))
    with pytest.raises(InputError, match="not what it says"):
        check_frozen(wrong)


def test_scenes_out_of_order_or_twice_are_refused() -> None:
    for scenes in (GOOD.scenes[::-1], (*GOOD.scenes, GOOD.scenes[0])):
        with pytest.raises(InputError):
            check_frozen(replace(GOOD, scenes=scenes))


def test_a_dataset_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curation_rules, "MAX_SCENES", 2)
    with pytest.raises(InputError, match="at most 2 scenes") as caught:
        check_frozen(GOOD)
    assert "several" in str(caught.value.hint)
    monkeypatch.setattr(curation_rules, "MAX_SCENES", 3)
    monkeypatch.setattr(curation_rules, "MAX_ARTIFACTS", 1)
    with pytest.raises(InputError, match="1 artifacts"):
        check_frozen(GOOD)


def test_a_name_is_for_one_content() -> None:
    assert same_dataset(GOOD.dataset, replace(GOOD.dataset, by="bob")) == GOOD.dataset
    with pytest.raises(Conflict, match="other content") as caught:
        same_dataset(GOOD.dataset, replace(GOOD.dataset, id="ds_" + "0" * 24))
    assert "avdataops datasets diff" in str(caught.value.hint)


def test_what_is_not_there_is_told_with_the_next_command() -> None:
    assert no_such_name("dataset", "x", []).hint == "avdataops datasets list"
    assert "did you mean" not in no_such_name("dataset", "x", ["quite-another"]).message
    assert len(no_such_name("dataset", "x" * 10_000, []).message) < 200

"""Heads: what they say is visible and current, and that they survive being a document."""

import itertools
import json
from dataclasses import replace

from avdataops.adapters.cosmos_catalog.attempts import begun, unfinished, with_record, without
from avdataops.adapters.cosmos_catalog.checked import Checked, check
from avdataops.adapters.cosmos_catalog.heads import Head, RunState, head_document, head_of
from avdataops.model.measurement import Measurement, State
from avdataops.model.run import Outcome
from avdataops.ports.catalog import Taken
from avdataops.testing.catalog_store import detected, extracted
from avdataops.testing.facts import T0_NS, ended, scene, uploaded

DRIVE = uploaded()
DONE = extracted(DRIVE)


def empty() -> Head:
    measurement = Measurement(id=DRIVE.id, vehicle="car-1", state=State.PENDING, created_ns=T0_NS)
    return Head(measurement=measurement, registered="tag", recordings={"rec_1": "tag"})


def checked(outcome: Outcome = Outcome.DONE, attempt: int = 1) -> Checked:
    return check(Taken(ended(DONE, outcome, attempt=attempt)))


def test_a_head_comes_back_from_its_document_exactly() -> None:
    head, _ = begun(empty(), DONE.run, "extract")
    head = with_record(head, checked(Outcome.LOST))
    head = with_record(head, checked(attempt=2))
    found = detected(DRIVE, DONE.made, [scene(DRIVE.id, "cut_in")])
    head = without(with_record(head, check(found)), [DONE.run])
    document = json.loads(json.dumps(head_document(head, "turn")))
    assert head_of(document) == head
    assert document["turn"] == "turn"
    assert (document["id"], document["measurementId"]) == (DRIVE.id, DRIVE.id)


def test_attempts_count_from_one_and_go_on_after_records() -> None:
    head, first = begun(empty(), "run_1", "extract")
    head, second = begun(head, "run_1", "extract")
    assert (first, second) == (1, 2)
    assert unfinished(head) == [("run_1", 2)]
    head = with_record(head, checked(attempt=4))
    assert begun(head, DONE.run, "extract")[1] == 5


def test_a_worker_thought_lost_outranks_the_note_in_any_order() -> None:
    both = (checked(Outcome.LOST), checked())
    heads = [with_record(with_record(empty(), a), b) for a, b in (both, both[::-1])]
    assert heads[0] == heads[1]
    assert heads[0].runs[DONE.run].attempts[1].outcome is Outcome.DONE


def test_the_order_of_attempts_does_not_matter() -> None:
    records = [checked(Outcome.FAILED_TRANSIENT, 1), checked(attempt=2), checked(Outcome.LOST, 3)]
    heads = []
    for order in itertools.permutations(records):
        head = empty()
        for one in order:
            head = with_record(head, one)
        heads.append(head)
    states = [head.runs[DONE.run] for head in heads]
    assert all(state == states[0] for state in states)
    assert states[0].current
    assert states[0].ended is not None
    assert states[0].ended.outcome is Outcome.LOST


def test_taking_in_twice_changes_nothing() -> None:
    once = with_record(empty(), checked())
    assert with_record(once, checked()) == once


def test_what_was_superseded_is_visible_but_not_current() -> None:
    one = checked()
    head = without(with_record(empty(), one), [DONE.run])
    assert head.is_visible(DONE.run, one.take_tag)
    assert not head.is_current(DONE.run)
    assert with_record(head, one).is_current(DONE.run)
    assert not with_record(head, checked(Outcome.FAILED_INPUT, 2)).is_current(DONE.run)


def test_uploads_are_visible_by_the_registration_and_always_current() -> None:
    head = empty()
    assert head.is_visible(None, "tag")
    assert not head.is_visible(None, "other")
    assert head.is_current(None)
    assert not head.is_visible("run_1", "tag")
    assert not head.is_current("run_1")


def test_a_failure_makes_nothing_visible() -> None:
    one = checked(Outcome.FAILED_INPUT)
    head = with_record(empty(), one)
    assert head.runs[DONE.run].takes == ()
    assert not head.is_visible(DONE.run, one.take_tag)


def test_a_run_that_only_began_has_not_ended() -> None:
    assert RunState("extract").ended is None
    assert not replace(RunState("extract"), begun=3).current

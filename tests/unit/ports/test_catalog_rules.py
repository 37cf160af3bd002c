"""What every catalog refuses, and what it makes of what it takes."""

from dataclasses import replace

import pytest

from avdataops.model.errors import Conflict, InputError
from avdataops.model.measurement import Measurement, Reason, State
from avdataops.model.run import Outcome
from avdataops.ports.catalog import Taken
from avdataops.ports.catalog_rules import (
    OWN_NUMBERS,
    OWN_TEXTS,
    Learned,
    check_attempt,
    check_group,
    check_members,
    check_same_bytes,
    learned_from,
    linked_scenes,
    made_by,
    moved,
    nearest,
    unknown_attribute,
    with_learned,
)
from avdataops.testing.catalog_store import detected, extracted
from avdataops.testing.facts import ended, scene, uploaded

DRIVE = uploaded()
WHY = Reason(code="bad_crc", message="damaged", fix="avdataops upload DIR")


def measurement(state: State) -> Measurement:
    reason = WHY if state is State.QUARANTINED else None
    return Measurement(id=DRIVE.id, vehicle="V", state=state, created_ns=0, reason=reason)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.PENDING, {State.RUNNING, State.QUARANTINED}),
        (State.RUNNING, {State.COMPLETE, State.PENDING, State.QUARANTINED}),
        (State.COMPLETE, {State.RUNNING, State.PENDING, State.QUARANTINED}),
        (State.QUARANTINED, {State.PENDING}),
    ],
)
def test_a_measurement_moves_only_to_states_that_may_follow(
    before: State, after: set[State]
) -> None:
    for state in set(State) - {before}:
        reason = WHY if state is State.QUARANTINED else None
        if state in after:
            assert moved(measurement(before), state, reason) == measurement(state)
        else:
            with pytest.raises(Conflict, match=f"is {before} and cannot become {state}"):
                moved(measurement(before), state, reason)


def test_a_rejection_has_a_reason_and_nothing_else_has() -> None:
    with pytest.raises(InputError, match="cannot be rejected without a reason"):
        moved(measurement(State.RUNNING), State.QUARANTINED, None)
    with pytest.raises(InputError, match="only a quarantined one has"):
        moved(measurement(State.RUNNING), State.COMPLETE, WHY)


def test_the_same_state_again_changes_at_most_the_reason() -> None:
    rejected = measurement(State.QUARANTINED)
    assert moved(rejected, State.QUARANTINED, None) == rejected
    other = replace(WHY, code="other")
    assert moved(rejected, State.QUARANTINED, other) == replace(rejected, reason=other)


def test_facts_of_another_measurement_are_refused() -> None:
    check_members(DRIVE.id, [*DRIVE.recordings, *DRIVE.uploads])
    with pytest.raises(InputError, match="not to 'm_other'"):
        check_members("m_other", DRIVE.recordings)


@pytest.mark.parametrize("attempt", [0, -1])
def test_attempts_count_from_one(attempt: int) -> None:
    check_attempt(extracted(DRIVE))
    with pytest.raises(InputError, match=f"count from 1, not {attempt}"):
        check_attempt(replace(extracted(DRIVE), attempt=attempt))


def test_only_a_success_makes_something_and_it_names_its_run() -> None:
    done = extracted(DRIVE)
    assert [artifact.run for artifact in made_by(done)] == [done.run, done.run]
    assert made_by(ended(done, Outcome.FAILED_INPUT)) == ()
    stolen = replace(done, made=(replace(done.made[0], run="run_other"),))
    with pytest.raises(InputError, match="names run 'run_other'"):
        made_by(stolen)


def test_an_artifact_has_one_content() -> None:
    (artifact, *_) = DRIVE.uploads
    check_same_bytes(artifact, artifact.sha256)
    with pytest.raises(Conflict, match=r"known with SHA-256 000000000000\.\.\., not"):
        check_same_bytes(artifact, "0" * 64)


def test_scenes_are_linked_to_the_table_that_holds_them() -> None:
    taken = detected(DRIVE, DRIVE.uploads)
    given = scene(DRIVE.id, "cut_in", 0)
    (linked,) = linked_scenes(replace(taken, scenes=(given,)))
    assert linked.artifact == taken.record.made[0].id
    with pytest.raises(InputError, match="made 1 scenes tables and none is 'art_other'"):
        linked_scenes(replace(taken, scenes=(replace(given, artifact="art_other"),)))
    with pytest.raises(InputError, match="made 0 scenes tables"):
        linked_scenes(Taken(extracted(DRIVE), (given,)))
    failed = Taken(ended(taken.record, Outcome.FAILED_INPUT), (given,))
    assert linked_scenes(failed) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"measurement": "m_other"}, "belongs to measurement 'm_other'"),
        ({"lat_deg": 91.0, "lon_deg": 0.0}, "is no place"),
        ({"confidence": 1.1}, r"confidence 1\.1 is not in 0\.\.1"),
        ({"confidence": float("nan")}, "confidence nan"),
        ({"t_end_ns": -1}, "stop|end|before"),
        ({"evidence": {"Min TTC": 1.0}}, "is not named like 'min_ttc_s'"),
        ({"evidence": {"n": 10**400}}, "evidence n is too large"),
    ],
)
def test_a_scene_that_cannot_be_is_refused(change: dict[str, object], words: str) -> None:
    taken = detected(DRIVE, DRIVE.uploads)
    wrong = replace(scene(DRIVE.id, "cut_in", 0), **change)  # type: ignore[arg-type]  # one field each
    with pytest.raises(InputError, match=words):
        linked_scenes(replace(taken, scenes=(wrong,)))


def test_a_run_tells_what_it_learned() -> None:
    assert learned_from({}) == Learned()
    assert learned_from({"time": {"start_ns": 5}}) == Learned(time=(5, None))
    for wrong in ({"time": 5}, {"time": {"start_ns": 5.0}}, {"recordings": "all"}):
        with pytest.raises(InputError, match="the fact"):
            learned_from(wrong)


def test_what_identifies_a_recording_is_not_learned() -> None:
    known = DRIVE.recordings[0]
    learned = replace(known, name="other", sha256="0" * 64, format="mdf4", start_ns=1, stop_ns=2)
    assert with_learned(known, learned) == replace(known, format="mdf4", start_ns=1, stop_ns=2)


def test_scenes_are_counted_by_what_is_listed() -> None:
    check_group("vehicle")
    with pytest.raises(InputError, match="did you mean 'vehicle'"):
        check_group("vehicles")


def test_near_misses_of_attributes_are_told() -> None:
    assert OWN_NUMBERS.isdisjoint(OWN_TEXTS)
    told = unknown_attribute("Min_ttc_s", ["min_ttc_s"])
    assert told.message == "'Min_ttc_s' is not an attribute of scenes; did you mean 'min_ttc_s'?"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [("m_0", "m_0123"), ("m_1123", "m_0123"), ("", None), ("zzz", None)],
)
def test_the_nearest_id_begins_so_or_is_alike(wrong: str, expected: str | None) -> None:
    assert nearest(wrong, ["m_0123", "m_9876"]) == expected

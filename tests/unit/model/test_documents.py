"""Facts become JSON and come back, every field checked."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_document, from_json, text_of, to_document, to_json
from avdataops.model.errors import InputError, SchemaMismatch, UnsafeName
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, Measurement, Reason, Recording, State
from avdataops.model.run import Failure, Outcome, RunRecord, TaskSpec
from avdataops.model.scene import Scene
from avdataops.model.stream import Account, Problem, Stream
from avdataops.testing.facts import T0_NS, record, scene, task, uploaded

DRIVE = uploaded()
SPEC = task("extract", DRIVE.id, DRIVE.uploads, {"rate_hz": 0.1, "names": ["a", "ü"], "n": 2**60})
DONE = replace(
    record(SPEC, [("stream", "/imu")]),
    outcome=Outcome.CAVEATS,
    accounts=(Account(stream="/imu", rows_in=5, rows_out=3, dropped={"bad_crc": 2}),),
    caveats=(Problem(code="truncated", message="2 of 3"),),
    failure=Failure(code="input", message="m", hint="h"),
    facts={"time": {"start_ns": T0_NS}},
    peak_rss_bytes=1,
    environment={"python": "3.11"},
)
CUT_IN = scene(DRIVE.id, "cut_in", evidence={"a": 0.1, "b": "x", "c": True, "d": None})
FACTS = [
    DRIVE.manifest,
    replace(DRIVE.recordings[0], streams=(Stream(name="a", topic="a", type="t", rows=None),)),
    DRIVE.uploads[0],
    SPEC,
    DONE,
    CUT_IN,
    Measurement(
        id=DRIVE.id,
        vehicle="v",
        state=State.QUARANTINED,
        created_ns=T0_NS,
        reason=Reason(code="a", message="b", fix="c"),
    ),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_facts_come_back_as_they_were(fact: Any) -> None:
    assert from_json(type(fact), to_json(fact)) == fact
    assert from_json(type(fact), to_json(fact).encode()) == fact
    assert from_document(type(fact), to_document(fact)) == fact
    assert json.loads(to_json(fact)) == to_document(fact)


@given(
    st.integers(-(2**63), 2**63 - 1),
    st.dictionaries(
        st.text(),
        st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    ),
)
def test_nanoseconds_doubles_and_text_are_exact(
    t_ns: int, evidence: dict[str, float | str | bool | None]
) -> None:
    fact = replace(CUT_IN, t_start_ns=t_ns, evidence=evidence)
    back = from_json(Scene, to_json(fact))
    assert back == fact
    assert {name: type(value) for name, value in back.evidence.items()} == {
        name: type(value) for name, value in evidence.items()
    }


def test_json_does_not_depend_on_the_order_of_keys() -> None:
    assert to_json(replace(DONE, params={"a": 1, "b": 2})) == to_json(
        replace(DONE, params={"b": 2, "a": 1})
    )


@pytest.mark.parametrize(
    ("kind", "change", "where"),
    [
        (Manifest, {"files": [{"name": "a"}]}, "files.0.bytes"),
        (Manifest, {"created_ns": "yesterday"}, "created_ns"),
        (Manifest, {"vehicle": None}, "vehicle"),
        (Manifest, {"files": [{"name": "a", "bytes": 1, "sha256": "", "role": "boss"}]}, "role"),
    ],
)
def test_a_wrong_field_is_named(kind: type, change: dict[str, object], where: str) -> None:
    document = {**to_document(DRIVE.manifest), **change}
    with pytest.raises(SchemaMismatch, match=where):
        from_document(kind, document)
    with pytest.raises(SchemaMismatch, match=where):
        from_json(kind, json.dumps(document))


def test_a_missing_field_is_named() -> None:
    document = to_document(DRIVE.manifest)
    del document["measurement"]
    with pytest.raises(SchemaMismatch, match="not a Manifest: measurement"):
        from_document(Manifest, document)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', b"\xff\xfe", "[" * 100_000])
def test_text_that_is_no_such_document_is_refused(text: str | bytes) -> None:
    with pytest.raises(SchemaMismatch):
        from_json(Recording, text)


def test_an_unsafe_location_in_a_document_is_refused() -> None:
    document = to_document(DRIVE.uploads[0])
    document["location"]["key"] = "../../etc/passwd"
    with pytest.raises((SchemaMismatch, UnsafeName)):
        from_document(Artifact, document)


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json(replace(CUT_IN, confidence=float("nan")))


@pytest.mark.parametrize("thing", [1, "x", {"a": 1}, Artifact, None])
def test_only_facts_have_documents(thing: object) -> None:
    with pytest.raises(TypeError):
        to_document(thing)


def test_values_that_json_has_no_word_for_are_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        to_document(replace(SPEC, params={"raw": b"x"}))


def test_locations_and_enums_are_plain_in_json() -> None:
    document = to_document(DRIVE.uploads[0])
    at = DRIVE.uploads[0].location
    assert document["location"] == {"zone": "landing", "key": at.key}
    assert at == Location(Zone.LANDING, at.key)
    assert to_document(DONE)["outcome"] == "done with caveats"
    assert from_document(RunRecord, to_document(DONE)).outcome is Outcome.CAVEATS
    assert from_document(TaskSpec, to_document(SPEC)).inputs[0].artifact == DRIVE.uploads[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {1, 2}])
def test_what_could_not_be_read_again_is_not_kept(value: Any) -> None:
    with pytest.raises(InputError, match="a Scene cannot be kept"):
        text_of(replace(scene("m_1", "cut_in"), evidence={"x": value}))


def test_what_is_kept_is_the_canonical_text() -> None:
    fact = scene("m_1", "cut_in", 0, evidence={"x": "\U0001f697 \\ud800"})
    assert text_of(fact) == to_json(fact)

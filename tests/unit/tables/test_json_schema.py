"""Documents held against a schema that a user brings."""

import json
from pathlib import Path
from typing import Any

import pytest

from avdataops.model.errors import SchemaMismatch
from avdataops.tables.json_schema import check_schema

RULES = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"a": {"$ref": "#/definitions/n"}, "b": {"type": "string"}},
    "required": ["a"],
    "definitions": {"n": {"type": "number", "maximum": 9}},
}


def check(document: object, rules: object = RULES) -> None:
    check_schema(document, "it", json.dumps(rules).encode(), "rules.json")


def test_what_meets_the_schema_passes() -> None:
    check({"a": 3})


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"a": 10}, "it is not as rules.json says: 'a': 10 is greater"),
        ({"a": 1, "b": 2}, "'b': 2 is not of type"),
        ({}, "'the document': 'a' is a required"),
        ([], "is not of type 'object'"),
    ],
    ids=["value", "type", "missing", "list"],
)
def test_the_place_and_the_reason_are_told(document: object, text: str) -> None:
    with pytest.raises(SchemaMismatch) as told:
        check(document)
    assert text in told.value.message


def test_only_the_first_problems_are_told_whatever_their_number() -> None:
    many = {"type": "array", "items": {"type": "string"}}
    with pytest.raises(SchemaMismatch) as told:
        check(list(range(5000)), many)
    assert told.value.message.count("is not of type") == 3


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ([], "no JSON Schema of draft 7"),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, "of draft 7"),
        ({"type": "thing"}, "rules.json is no JSON Schema: "),
        ({"$ref": "http://127.0.0.1:9/other.json"}, "leads to a document that is not in it"),
        ({"$ref": "#/definitions/none"}, "leads to a document that is not in it"),
    ],
    ids=["list", "newer", "no_type", "elsewhere", "nowhere"],
)
def test_a_schema_that_is_none_or_leads_elsewhere_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(SchemaMismatch) as told:
        check({"a": 1}, rules)
    assert text in told.value.message


def test_a_schema_that_is_no_json_is_refused_by_name() -> None:
    with pytest.raises(SchemaMismatch, match=r"rules.json is not JSON"):
        check_schema({}, "it", b"{", "rules.json")


def test_the_schema_of_asam_takes_the_published_samples_and_refuses_a_wrong_one(
    real_data: Path,
) -> None:
    folder = real_data / "openlabel"
    schema = (folder / "openlabel_json_schema-v1.0.0.json").read_bytes()
    samples = sorted((folder / "vcd_small").glob("*.json"))
    assert samples
    for path in samples:
        check_schema(json.loads(path.read_bytes()), path.name, schema, "asam.json")
    wrong = json.loads(samples[0].read_bytes())
    wrong["openlabel"]["metadata"]["schema_version"] = "0.9"
    with pytest.raises(SchemaMismatch, match="openlabel/metadata/schema_version"):
        check_schema(wrong, "it", schema, "asam.json")

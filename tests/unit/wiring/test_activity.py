"""What Data Factory's custom activity is given and gives back."""

import json
from pathlib import Path

import pytest

from avdataops.model.errors import ConfigError
from avdataops.wiring.activity import (
    OUTPUT_LIMIT_BYTES,
    parse_activity,
    without_empty,
    write_outputs,
)


def activity(**properties: object) -> str:
    return json.dumps({"typeProperties": {"command": "x", "extendedProperties": properties}})


def test_texts_and_documents_are_read_and_what_is_empty_is_absent() -> None:
    found = parse_activity(
        activity(action="run", measurement="m_1", first="", params='{"sync": {"rate_hz": 20}}')
    )
    assert (found.action, found.needed("measurement"), found.text("first")) == ("run", "m_1", None)
    assert found.documents == {"params": {"sync": {"rate_hz": 20}}}


def test_a_secure_string_is_read_by_its_value() -> None:
    found = parse_activity(activity(action={"type": "SecureString", "value": "reconcile"}))
    assert found.action == "reconcile"


def test_numbers_are_decimal_texts() -> None:
    found = parse_activity(activity(action="reconcile", limit="25"))
    assert found.number("limit", 7) == 25
    assert found.number("older_than_minutes", 7) == 7


@pytest.mark.parametrize("text", ["-1", "1.5", "ten", "²", "1e3"])
def test_what_is_no_whole_number_is_named(text: str) -> None:
    found = parse_activity(activity(action="reconcile", limit=text))
    with pytest.raises(ConfigError, match="'limit' is no whole number"):
        found.number("limit", 7)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no typeProperties.extendedProperties"),
        ("[]", "no typeProperties.extendedProperties"),
        ("{}", "no typeProperties.extendedProperties"),
        ('{"typeProperties": {"extendedProperties": null}}', "no typeProperties"),
        (activity(action="run", limit=3), "a value is not a string: 3"),
        (activity(action="run", limit={"secret": 3}), "no typeProperties"),
        (activity(), "no extended property 'action'"),
        (activity(action=""), "no extended property 'action'"),
        (activity(action="rnu"), "unknown action 'rnu'; did you mean 'run'"),
        (activity(action="run", mesurement="m"), "'mesurement'; did you mean 'measurement'"),
        (activity(action="run", params="{"), "extended property 'params' is not JSON"),
        (activity(action="run", settings="[1]"), "'settings' is not a JSON object"),
    ],
)
def test_a_wrong_activity_is_a_configuration_error_that_names_the_place(
    text: str, told: str
) -> None:
    with pytest.raises(ConfigError) as found:
        parse_activity(text)
    assert told in found.value.message


def test_a_property_that_an_action_needs_is_named() -> None:
    with pytest.raises(ConfigError, match="no extended property 'measurement'"):
        parse_activity(activity(action="run")).needed("measurement")


def test_empty_texts_and_objects_are_taken_out_at_any_depth() -> None:
    given = {
        "storage": {"raw": "https://x", "landing": ""},
        "image": "",
        "nothing": {},
        "deep": {"er": {"x": ""}},
        "none": None,
        "zero": 0,
        "no": False,
    }
    assert without_empty(given) == {"storage": {"raw": "https://x"}, "zero": 0, "no": False}


def test_outputs_replace_older_ones_whole(tmp_path: Path) -> None:
    write_outputs(tmp_path, {"a": 1})
    write_outputs(tmp_path, {"b": 2})
    assert json.loads((tmp_path / "outputs.json").read_bytes()) == {"b": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["outputs.json"]


def test_outputs_stay_under_what_one_activity_may_hand_to_another(tmp_path: Path) -> None:
    empty = len(json.dumps({"x": ""}))
    write_outputs(tmp_path, {"x": "y" * (OUTPUT_LIMIT_BYTES - empty)})
    with pytest.raises(ConfigError, match=f"{OUTPUT_LIMIT_BYTES + 1} bytes"):
        write_outputs(tmp_path, {"x": "y" * (OUTPUT_LIMIT_BYTES - empty + 1)})

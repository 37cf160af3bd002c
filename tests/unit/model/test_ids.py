"""Ids follow from facts alone, and names become safe path parts."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from avdataops.model.errors import InputError, UnsafeName
from avdataops.model.ids import (
    artifact_id,
    canonical_json,
    check_id,
    check_vehicle,
    fingerprint,
    measurement_id,
    path_part,
    run_id,
    scene_id,
)
from avdataops.model.location import Location, Zone

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.text(min_size=1, max_size=100)


def test_canonical_json_is_the_same_for_any_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": [1.5, "ü"]}) == '{"a":[1.5,"\\u00fc"],"b":1}'
    assert canonical_json({"a": [1.5, "ü"], "b": 1}) == canonical_json({"b": 1, "a": [1.5, "ü"]})


@given(JSON)
def test_canonical_json_can_be_read_back(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [-float("inf")]}])
def test_canonical_json_refuses_what_json_cannot_say(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_fingerprints_ignore_the_order_of_keys(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert fingerprint(value) == fingerprint(turned)
    assert re.fullmatch("[0-9a-f]{24}", fingerprint(value))


def test_fingerprints_tell_kinds_of_values_apart() -> None:
    values: list[object] = [None, "", 0, "0", False, [], {}, [0], {"a": None}, 0.5, "null"]
    assert len({fingerprint(value) for value in values}) == len(values)


def test_fingerprints_are_the_same_in_another_process() -> None:
    code = "from avdataops.model.ids import fingerprint as f; print(f({'b': [1, 'ü'], 'a': 0.1}))"
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert other == fingerprint({"a": 0.1, "b": [1, "ü"]}) == "2ba6fa6d48f428de2a944585"


def test_a_measurement_is_its_vehicle_and_files_in_any_order() -> None:
    files = [("a.mcap", "00"), ("b.mf4", "11")]
    first = measurement_id("car-1", files)
    assert first == measurement_id("car-1", reversed(files))
    others = {
        measurement_id("car-2", files),
        measurement_id("car-1", files[:1]),
        measurement_id("car-1", [("a.mcap", "11"), ("b.mf4", "00")]),
    }
    assert len(others | {first}) == 4


def test_ids_say_what_they_name_and_pass_their_own_check() -> None:
    task = fingerprint("task")
    ids = [
        measurement_id("car", []),
        run_id(task),
        artifact_id(task, "stream", "/imu"),
        scene_id("m_0", "cut_in", [1, 2]),
    ]
    assert [one.split("_")[0] for one in ids] == ["m", "run", "art", "scn"]
    assert [check_id(one) for one in ids] == ids
    assert artifact_id(task, "stream", "/gnss") != artifact_id(task, "stream", "/imu")
    assert scene_id("m_0", "cut_in", [1, 2]) != scene_id("m_0", "cut_out", [1, 2])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "m_",
        "m_XYZ",
        "m_0123456789abcde",
        "m_0123456789abcdef\n",
        "../m_0123456789abcdef",
        "measurement_0123456789abcdef",
        "m_" + "0" * 41,
        "M_0123456789abcdef",
    ],
)
def test_other_texts_are_no_ids(text: str) -> None:
    with pytest.raises(InputError, match="is not an id"):
        check_id(text)


@pytest.mark.parametrize("text", ["a", "WDB 123.4-x_y", "9", "x" * 64])
def test_vehicles_have_plain_names(text: str) -> None:
    assert check_vehicle(text) == text


@pytest.mark.parametrize("text", ["", " a", ".a", "a/b", "a\n", "ä", "x" * 65, "a\x00", "-a"])
def test_other_names_are_no_vehicles(text: str) -> None:
    with pytest.raises(InputError, match="cannot name a vehicle"):
        check_vehicle(text)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("/imu/data", "imu.data"),
        ("/Imu/Data", "imu.data"),
        ("Motor Drehzahl (1/min)", "motor.drehzahl.1.min"),
        ("Straße", "strae"),
        ("Café", "cafe"),
        ("東京", "x"),
        ("///", "x"),
        ("/../../x", "x"),
        ("_hidden", "hidden"),
        ("--a--", "a"),
        ("/aux/imu", "x.aux.imu"),
        ("con", "x.con"),
        ("console", "console"),
        ("a" * 200, "a" * 80),
    ],
)
def test_the_slug_can_be_read(name: str, slug: str) -> None:
    assert re.fullmatch(re.escape(slug) + "~[0-9a-f]{8}", path_part(name))


@given(NAMES)
def test_any_name_becomes_a_harmless_path_part(name: str) -> None:
    part = path_part(name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,82}~[0-9a-f]{8}", part)
    assert Location(Zone.RAW, f"imu/{part}/file").key == f"imu/{part}/file"


@pytest.mark.parametrize("device", ["con", "prn", "aux", "nul", "com1", "lpt9"])
@pytest.mark.parametrize("rest", ["", "/x", ".mf4", "/a/b"])
def test_device_names_are_harmless_too(device: str, rest: str) -> None:
    assert Location(Zone.RAW, f"imu/{path_part(f'/{device}{rest}')}")


@given(NAMES, NAMES)
def test_different_names_get_different_parts(first: str, second: str) -> None:
    assume(first != second)
    assert path_part(first) != path_part(second)


def test_names_that_look_alike_stay_apart() -> None:
    alike = ["/a/b", "/a_b", "/A/b", "a.b", "/a//b", "/a/b/", "/á/b"]
    assert len({path_part(name) for name in alike}) == len(alike)


def test_even_broken_unicode_has_a_path_part() -> None:
    assert path_part("\ud800a").startswith("a~")


@pytest.mark.parametrize("name", ["", "x" * 1025, "ü" * 513])
def test_empty_and_absurd_names_are_refused(name: str) -> None:
    with pytest.raises(UnsafeName):
        path_part(name)

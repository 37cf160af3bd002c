"""A location cannot leave its zone, hide in it, or be cut by a storage."""

import posixpath
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avdataops.model.errors import UnsafeName
from avdataops.model.location import (
    DEVICE_NAMES,
    Location,
    Zone,
    attempt_at,
    check_key,
    run_folder,
    task_at,
)

PIECES = st.sampled_from(
    ["..", ".", "/", "\\", "a", "B", "é", " ", "~", "_", "-", ":", "\x00", "%2e", "con", "aux", "."]
)


@pytest.mark.parametrize(
    "key",
    [
        "imu/m_1/imu.data~1a2b3c4d/art_1.parquet",
        "a",
        "a/b c/d.e.f",
        "Fahrt Düsseldorf (1).mf4",
        "東京/~x",
        "x" * 255,
        "/".join(["abc"] * 200),
        "console/nulls/com10",
    ],
)
def test_honest_keys_pass_as_they_are(key: str) -> None:
    assert check_key(key) == key
    assert str(Location(Zone.RAW, key)) == f"raw/{key}"


@pytest.mark.parametrize(
    "key",
    [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a/../../b",
        ".hidden", "a/.b", "a ", "a.", "a/b./c",
        "a\\b", "C:a", "a:b", "a*", "a?", 'a"b', "a<b", "a>b", "a|b", "a%2fb",
        "a\x00b", "a\nb", "a\x7f", "\ud800",
        "con", "CON", "aux.txt", "a/nul", "Com1.log/x", "lpt9",
        "x" * 256, "ü" * 128, "/".join(["abcd"] * 250),
    ],
)  # fmt: skip
def test_dangerous_keys_are_refused(key: str) -> None:
    with pytest.raises(UnsafeName) as caught:
        Location(Zone.LANDING, key)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000


@given(st.lists(PIECES, min_size=1, max_size=8).map("".join) | st.text(max_size=30))
@example("a/..")
def test_no_key_that_passes_leaves_its_folder_on_any_system(key: str) -> None:
    try:
        check_key(key)
    except UnsafeName:
        return
    assert posixpath.normpath(key) == key
    assert PurePosixPath("/zone", key).is_relative_to("/zone")
    windows = PureWindowsPath("C:/zone", key)
    assert windows.is_relative_to("C:/zone")
    assert not windows.is_reserved()
    assert all(part not in {"", ".", ".."} for part in windows.parts)


@given(st.sampled_from(sorted(DEVICE_NAMES)), st.sampled_from(["", ".", ".x", ".mf4"]))
def test_no_part_is_a_device(name: str, ending: str) -> None:
    for key in (name + ending, f"a/{name.upper()}{ending}"):
        with pytest.raises(UnsafeName):
            check_key(key)


def test_a_part_is_added_with_a_slash_and_checked() -> None:
    at = Location(Zone.DERIVED, "scenes") / "m_1" / "a.parquet"
    assert at == Location(Zone.DERIVED, "scenes/m_1/a.parquet")
    assert at.name == "a.parquet"
    with pytest.raises(UnsafeName):
        at / ".."


def test_locations_are_ordered_by_zone_and_key_and_can_be_keys() -> None:
    some = [Location(Zone.RAW, "b"), Location(Zone.LANDING, "c"), Location(Zone.RAW, "a")]
    assert [str(at) for at in sorted(some)] == ["landing/c", "raw/a", "raw/b"]
    assert len({*some, Location(Zone.RAW, "a")}) == 3


def test_everything_about_a_run_lies_in_its_folder() -> None:
    assert str(run_folder("m_1", "run_2")) == "derived/runs/m_1/run_2"
    assert str(task_at("m_1", "run_2", 3)) == "derived/runs/m_1/run_2/task-3.json"
    assert str(attempt_at("m_1", "run_2", 3)) == "derived/runs/m_1/run_2/attempt-3.json"

"""Locations and blobs: one to one, and every name one that Azure takes."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from avdataops.adapters.azure_blob.names import (
    DRIVES,
    ODD,
    Place,
    Search,
    direct_search,
    location,
    place,
    searches,
)
from avdataops.model.errors import UnsafeName
from avdataops.model.location import Location, Zone, check_key

SCHEMAS = Path(__file__).parents[4] / "schemas"
CONTAINER = re.compile(r"[a-z0-9](?:-?[a-z0-9])+")
LEAST, MOST = 3, 63


def is_legal(key: str) -> bool:
    try:
        check_key(key)
    except UnsafeName:
        return False
    return True


characters = st.one_of(
    st.sampled_from("aAbz019_-. ~ü語🚗"), st.characters(exclude_categories=["Cs"])
)
odd_parts = st.text(characters, min_size=1, max_size=8)
kinds = st.from_regex(r"[a-z0-9]{1,4}(_[a-z0-9]{1,4}){0,2}", fullmatch=True)
parts = st.one_of(
    kinds, odd_parts, st.sampled_from(["odd_keys", "odd-keys", "drives", "a_b", "a-b"])
)
keys = st.lists(parts, min_size=1, max_size=5).map("/".join).filter(is_legal)
locations = st.builds(Location, st.sampled_from(Zone), keys)


def placed(at: Location) -> Place:
    try:
        return place(at)
    except UnsafeName:
        assume(False)
        raise


@settings(deadline=None)
@given(locations)
def test_a_place_leads_back_to_its_location(at: Location) -> None:
    assert location(at.zone, placed(at)) == at


@settings(deadline=None)
@given(locations, locations)
def test_two_locations_never_share_a_blob(one: Location, other: Location) -> None:
    if one.zone == other.zone and one != other:
        assert placed(one) != placed(other)


@settings(deadline=None)
@given(locations)
def test_names_are_such_as_azure_takes(at: Location) -> None:
    where = placed(at)
    assert CONTAINER.fullmatch(where.container)
    assert LEAST <= len(where.container) <= MOST
    assert 1 <= len(where.blob) <= 1024
    assert where.blob[-1] not in "./"
    assert where.blob.count("/") < 254


@settings(deadline=None)
@given(st.lists(locations, max_size=12), st.one_of(st.just(""), keys), st.sampled_from(Zone))
def test_the_listings_of_a_prefix_find_every_key_with_it(
    stored: list[Location], prefix: str, zone: Zone
) -> None:
    there = [at for at in stored if at.zone == zone]
    one = direct_search(zone, prefix)
    made = [one] if one else searches(prefix, {placed(at).container for at in there})
    found = [
        at
        for search in made
        for at in there
        if placed(at).container == search.container and placed(at).blob.startswith(search.prefix)
    ]
    assert sorted(found) == sorted(at for at in there if at.key.startswith(prefix))
    in_kinds = [
        search.container.replace("-", "_") + "/" for search in made if search.container != ODD
    ]
    assert in_kinds == sorted(in_kinds)


@pytest.mark.parametrize(
    ("zone", "key", "container", "blob"),
    [
        (Zone.RAW, "recordings/m_1/drive.mf4", "recordings", "m_1/drive.mf4"),
        (Zone.RAW, "camera/m_1/s~12/x.parquet", "camera", "m_1/s~12/x.parquet"),
        (Zone.DERIVED, "sync_quality/m_1/art_1.parquet", "sync-quality", "m_1/art_1.parquet"),
        (Zone.DERIVED, "runs/m_1/run_1/made.json", "runs", "m_1/run_1/made.json"),
        (Zone.LABELED, "labels/a", "labels", "a"),
        (Zone.LANDING, "m_1/manifest.json", DRIVES, "m_1/manifest.json"),
        (Zone.QUARANTINE, "m_1/a/b", DRIVES, "m_1/a/b"),
        (Zone.ARCHIVE, "recordings/x", DRIVES, "recordings/x"),
        (Zone.RAW, "sync-quality/x", ODD, "sync-quality/x"),
        (Zone.RAW, "ab/x", ODD, "ab/x"),
        (Zone.RAW, "Camera/x", ODD, "Camera/x"),
        (Zone.RAW, "a__b/x", ODD, "a__b/x"),
        (Zone.RAW, "_ab/x", ODD, "_ab/x"),
        (Zone.RAW, "odd_keys/x", ODD, "odd_keys/x"),
        (Zone.RAW, "camera", ODD, "camera"),
        (Zone.RAW, f"{'k' * 64}/x", ODD, f"{'k' * 64}/x"),
    ],
)
def test_where_things_lie(zone: Zone, key: str, container: str, blob: str) -> None:
    assert place(Location(zone, key)) == Place(container, blob)


def test_every_kind_and_topic_class_has_a_container_of_its_own() -> None:
    names = [path.stem for path in (SCHEMAS / "tables").glob("*.json")]
    classes = json.loads((SCHEMAS / "topic_classes.json").read_text(encoding="utf-8"))
    names += classes["classes"]
    names += ["recordings", "runs"]
    found = {name: place(Location(Zone.RAW, f"{name}/x")).container for name in names}
    assert found == {name: name.replace("_", "-") for name in names}
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    ("zone", "container", "blob"),
    [
        (Zone.RAW, "sync-quality", ".hidden"),
        (Zone.RAW, "sync-quality", "a%b"),
        (Zone.RAW, "sync--quality", "a"),
        (Zone.RAW, "$logs", "a"),
        (Zone.RAW, ODD, "camera/x"),
        (Zone.LANDING, "somebodys", "m_1/x"),
        (Zone.LANDING, DRIVES, "folder/"),
    ],
)
def test_blobs_of_others_have_no_location(zone: Zone, container: str, blob: str) -> None:
    assert location(zone, Place(container, blob)) is None


@pytest.mark.parametrize("key", ["a/" * 60 + "b", "a/\x85", "a/x\uffff", "\ufffe"])
def test_names_that_azure_cannot_keep_are_refused(key: str) -> None:
    with pytest.raises(UnsafeName, match="cannot be stored on Azure"):
        place(Location(Zone.RAW, key))


def test_sixty_folders_are_not_too_deep() -> None:
    assert place(Location(Zone.LANDING, "a/" * 59 + "b")).container == DRIVES


def test_a_prefix_with_a_folder_needs_one_listing_and_no_look_at_containers() -> None:
    assert direct_search(Zone.RAW, "sync_quality/m_1/") == Search("sync-quality", "m_1/")
    assert direct_search(Zone.RAW, "A/m_1") == Search(ODD, "A/m_1")
    assert direct_search(Zone.LANDING, "") == Search(DRIVES, "")
    assert direct_search(Zone.RAW, "sync") is None


def test_the_beginning_of_a_kind_finds_all_kinds_that_begin_so() -> None:
    there = ["imu", "sync-quality", "synced", "$logs", "x", ODD]
    assert searches("sync", there) == [
        Search("sync-quality", ""),
        Search("synced", ""),
        Search(ODD, "sync"),
    ]

"""Parts of a dataset share nothing that a model could remember."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.model.places import distance_m
from avdataops.model.scene import Scene
from avdataops.testing.facts import scene
from avdataops.wiring.dataset_splits import CELL_M, parse_parts, place_of, split

THREE = {"train": 0.8, "val": 0.1, "test": 0.1}


def at(drive: int, number: int, lat_deg: float | None = None, lon_deg: float = 10.0) -> Scene:
    found = scene(f"m_{drive:024x}", "cut_in", number)
    return found if lat_deg is None else replace(found, lat_deg=lat_deg, lon_deg=lon_deg)


MANY = [at(drive, n) for drive in range(50) for n in range(1 + drive % 4)]


def test_every_scene_is_in_one_part_and_no_drive_is_in_two() -> None:
    rows = split(MANY, "drive", THREE, 7)
    assert sorted(row.scene for row in rows) == sorted(one.id for one in MANY)
    parts: dict[str, set[str]] = {}
    for row in rows:
        parts.setdefault(row.measurement, set()).add(row.part)
    assert {len(found) for found in parts.values()} == {1}


def test_the_shares_are_about_those_that_were_asked_for() -> None:
    counts = Counter(row.part for row in split(MANY, "drive", THREE, 7))
    for part, share in THREE.items():
        assert counts[part] / len(MANY) == pytest.approx(share, abs=4 / len(MANY))


def test_the_seed_decides_and_nothing_else() -> None:
    first = split(MANY, "drive", THREE, 1)
    assert split(MANY[::-1], "drive", THREE, 1) != []
    assert {(row.scene, row.part) for row in split(MANY[::-1], "drive", THREE, 1)} == {
        (row.scene, row.part) for row in first
    }
    assert split(MANY, "drive", THREE, 1) == first
    assert split(MANY, "drive", THREE, 2) != first


@settings(max_examples=50, deadline=None)
@given(
    places=st.lists(
        st.tuples(st.integers(0, 5), st.floats(-90, 90), st.floats(-180, 180)),
        min_size=1,
        max_size=40,
    ),
    seed=st.integers(-(2**70), 2**70),
    cell_m=st.sampled_from([10.0, 500.0, 50_000.0]),
)
def test_no_place_is_in_two_parts(
    places: list[tuple[int, float, float]], seed: int, cell_m: float
) -> None:
    scenes = [at(drive, n, lat, lon) for n, (drive, lat, lon) in enumerate(places)]
    cells = {one.id: place_of(one, cell_m) for one in scenes}
    if len(set(cells.values())) < 2:
        with pytest.raises(InputError, match="cannot fill"):
            split(scenes, "place", {"a": 0.5, "b": 0.5}, seed, cell_m)
        return
    rows = split(scenes, "place", {"a": 0.5, "b": 0.5}, seed, cell_m)
    assert len({(row.group, row.part) for row in rows}) == len({row.group for row in rows})
    assert {row.group for row in rows} == set(cells.values())
    assert {row.part for row in rows} == {"a", "b"}


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
def test_a_cell_is_no_larger_than_it_says(lat_deg: float, lon_deg: float) -> None:
    corner = at(0, 0, lat_deg, lon_deg)
    for north, east in ((2.0, 0.0), (0.0, 2.5)):
        far = at(
            0, 1, lat_deg + north * CELL_M / 111_195,
            lon_deg + east * CELL_M / 111_195 / math.cos(math.radians(lat_deg)),
        )  # fmt: skip
        if abs(lat_deg) < 80 and abs(far.lon_deg or 0) < 180:
            assert place_of(far, CELL_M) != place_of(corner, CELL_M)
            assert distance_m(lat_deg, lon_deg, far.lat_deg or 0, far.lon_deg or 0) > CELL_M


def test_scenes_close_together_share_a_cell_and_scenes_without_a_place_their_drive() -> None:
    one, other = at(1, 0, 56.16001, 10.20001), at(2, 1, 56.16002, 10.20002)
    assert place_of(one, CELL_M) == place_of(other, CELL_M)
    assert place_of(at(1, 2), CELL_M) == f"no place, {one.measurement}"


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(InputError, match="2 drives cannot fill 3 parts"):
        split([at(1, 0), at(2, 0)], "drive", THREE, 0)


@pytest.mark.parametrize(("by", "said"), [("drives", "did you mean 'drive'"), ("", "not split")])
def test_another_way_to_split_is_refused(by: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        split(MANY, by, THREE, 0)


@pytest.mark.parametrize("cell_m", [0.0, -1.0, math.nan, math.inf, 9.9])
def test_a_cell_that_cannot_be_is_refused(cell_m: float) -> None:
    with pytest.raises(InputError, match="cell"):
        split(MANY, "place", THREE, 0, cell_m)


def test_parts_are_read() -> None:
    assert parse_parts("train=0.8, val=0.1,test=0.1") == THREE
    assert parse_parts("all=1") == {"all": 1.0}


@pytest.mark.parametrize(
    "wrong",
    ["", "train", "train=", "train=x", "train=nan", "train=0.5,train=0.5", "train=0.5", "=1",
     "a=0.5,b=0.6", "a=1,b=0", "a=2,b=-1", "Train=1", "a b=1", "a=inf", "a=1,",
     ",".join(f"p{n}=0.04" for n in range(25))],
)  # fmt: skip
def test_parts_that_cannot_be_are_refused(wrong: str) -> None:
    with pytest.raises(InputError):
        parse_parts(wrong)

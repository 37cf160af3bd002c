"""What is painted over in each picture, also where the network missed it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.ports.seeing import Seen
from avdataops.signals.covered import Look, Region, covered, enlarged

MS = 1_000_000


def face(x: float = 100.0, y: float = 100.0, size: float = 20.0, what: str = "face") -> Seen:
    return Seen(object_class=what, score=0.9, x_px=x, y_px=y, width_px=size, height_px=size)


def run(
    *seen: Sequence[Seen], step_ms: int = 100, hold_ms: int = 0, bridge_ms: int = 0
) -> list[tuple[Region, ...]]:
    looks = [Look(n * step_ms * MS, tuple(one)) for n, one in enumerate(seen)]
    return list(covered(looks, 0.1, hold_ms * MS, bridge_ms * MS))


def is_covered(regions: Sequence[Region], seen: Seen) -> bool:
    box = Region(seen.x_px, seen.y_px, seen.width_px, seen.height_px, "", 0.0)
    return any(one.holds(box) for one in regions)


def test_a_box_grows_on_every_side_and_by_two_pixels_at_least() -> None:
    one = enlarged(face(size=40.0), 0.1)
    assert (one.x_px, one.y_px, one.width_px, one.height_px) == (96.0, 96.0, 48.0, 48.0)
    small = enlarged(face(size=4.0), 0.1)
    assert (small.x_px, small.width_px) == (98.0, 8.0)


def test_a_box_is_held_before_and_after_and_no_longer() -> None:
    found = run([], [], [], [face()], [], [], [], hold_ms=200)
    assert [len(one) for one in found] == [0, 1, 1, 1, 1, 1, 0]
    assert [one[0].held for one in found if one] == [True, True, False, True, True]


def test_a_frame_missed_between_two_sightings_is_covered_wherever_the_face_went() -> None:
    found = run([face(100)], [], [], [face(140)], bridge_ms=500)
    for at in (1, 2):
        assert all(is_covered(found[at], face(x)) for x in (100, 110, 120, 130, 140))
        assert all(one.held for one in found[at])


def test_sightings_too_far_apart_in_time_or_place_or_of_other_things_are_not_tied() -> None:
    late = run([face()], [], [], [face()], bridge_ms=200)
    assert [len(one) for one in late] == [1, 0, 0, 1]
    far = run([face(0)], [], [face(500)], bridge_ms=500)
    assert far[1] == ()
    other = run([face()], [], [face(what="licence_plate")], bridge_ms=500)
    assert other[1] == ()


def test_only_the_next_sighting_is_tied() -> None:
    found = run([face(100)], [], [face(110)], [], [face(120)], bridge_ms=1000)
    widest = max(one.width_px for one in found[1])
    assert widest == pytest.approx(24 + 10)


def test_what_another_region_holds_is_not_told_twice() -> None:
    found = run([face()], [face()], [face()], hold_ms=300)
    assert [len(one) for one in found] == [1, 1, 1]
    assert not any(region.held for one in found for region in one)


def test_no_pictures_and_nothing_seen_cover_nothing() -> None:
    assert run() == []
    assert run([], [], hold_ms=100, bridge_ms=100) == [(), ()]


sightings = st.lists(
    st.lists(st.builds(face, st.floats(0, 300), st.floats(0, 200), st.floats(5, 60)), max_size=2),
    max_size=12,
)


@given(sightings, st.integers(0, 400), st.integers(0, 800))
def test_whatever_was_seen_is_covered_then_and_while_held(
    seen: list[list[Seen]], hold_ms: int, bridge_ms: int
) -> None:
    found = run(*seen, hold_ms=hold_ms, bridge_ms=bridge_ms)
    assert len(found) == len(seen)
    for at, regions in enumerate(found):
        for other, boxes in enumerate(seen):
            if abs(other - at) * 100 <= hold_ms:
                assert all(is_covered(regions, box) for box in boxes)


@given(sightings)
def test_more_holding_never_uncovers(seen: list[list[Seen]]) -> None:
    less, more = run(*seen, hold_ms=100), run(*seen, hold_ms=300, bridge_ms=300)
    for few, many in zip(less, more, strict=True):
        for one in few:
            assert any(other.holds(one) for other in many)

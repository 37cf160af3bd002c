"""Values in documents: times that sort, bodies that are exact, ids that the service takes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.adapters.cosmos_catalog.values import (
    INT64_MAX,
    INT64_MIN,
    check_id,
    check_ns,
    check_text,
    is_known_shape,
    packed,
    sortable,
    time_of,
    unpacked,
)
from avdataops.model.errors import InputError
from avdataops.testing.facts import T0_NS

TIMES = st.integers(INT64_MIN, INT64_MAX)


@given(TIMES, TIMES)
def test_times_sort_as_text_as_they_do_as_numbers(one: int, other: int) -> None:
    assert (sortable(one) < sortable(other)) is (one < other)


@given(TIMES)
def test_times_come_back_to_the_nanosecond(t_ns: int) -> None:
    assert time_of(sortable(t_ns)) == t_ns


def test_a_time_of_today_can_be_read_by_a_person() -> None:
    assert sortable(T0_NS) == "p1794157384123456789"


def test_times_beyond_64_bits_are_refused() -> None:
    assert check_ns(INT64_MIN) == INT64_MIN
    for t_ns in (INT64_MIN - 1, INT64_MAX + 1):
        with pytest.raises(InputError, match="64 bits"):
            check_ns(t_ns)


@pytest.mark.parametrize("length", [0, 10, 200_000, 200_001, 3_000_000])
def test_bodies_come_back_exactly_and_long_ones_are_compressed(length: int) -> None:
    body = json.dumps({"x": "abc" * (length // 3), "n": 2**62})
    kept = packed(body)
    assert unpacked(json.loads(json.dumps(kept))) == body
    assert sum(map(len, kept.values())) < 250_000


def test_a_body_that_does_not_fit_even_compressed_is_refused() -> None:
    noise = "".join(f"{n * n * 2654435761 % 2**61:x}" for n in range(400_000))
    with pytest.raises(InputError, match="does not fit"):
        packed(noise)


@pytest.mark.parametrize("text", ["", "a/b", "a~b", "a b", "ü", "x" * 201, "a#b", "a?b", "a\\b"])
def test_ids_that_the_service_or_our_tags_cannot_hold_are_refused(text: str) -> None:
    assert not is_known_shape(text)
    with pytest.raises(InputError, match="cannot be an id"):
        check_id(text)


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert check_text("Straße 🚗") == "Straße 🚗"
    with pytest.raises(InputError):
        check_text("\ud83d")

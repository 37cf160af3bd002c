"""Tests of column names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.readers.names import UniqueNames, snake_case, with_unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("VehicleSpeed", "vehicle_speed"),
        ("WheelSpeed.FL [km/h]", "wheel_speed_fl_km_h"),
        ("ABSActive", "abs_active"),
        ("S1_PID_0D_VehicleSpeed", "s1_pid_0_d_vehicle_speed"),
        ("K", "k"),
        ("already_snake", "already_snake"),
        ("2ndGear", "x_2nd_gear"),
        ("/../../x", "x"),
        ("Öl", "l"),
        ("---", "x"),
        ("", "x"),
    ],
)
def test_names_become_snake_case(text: str, expected: str) -> None:
    assert snake_case(text) == expected


@given(st.text(max_size=40))
def test_snake_case_is_always_a_safe_identifier(text: str) -> None:
    name = snake_case(text)
    assert name.isidentifier()
    assert name.isascii()
    assert name == name.lower()
    assert not name.startswith("_")


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("position_x", "m", "position_x_m"),
        ("linear_x", "m/s", "linear_x_mps"),
        ("speed_mps", "m/s", "speed_mps"),
        ("stamp", "ns", "stamp_ns"),
        ("ratio", "1", "ratio"),
        ("odd", "furlong", "odd"),
        ("bare", None, "bare"),
        ("m", "m", "m"),
    ],
)
def test_known_units_end_the_name_once(name: str, unit: str | None, expected: str) -> None:
    assert with_unit(name, unit) == expected


def test_names_stay_apart_even_without_letter_case() -> None:
    unique = UniqueNames(["row"])
    claimed = [unique.claim(name) for name in ("a", "A", "a", "row", "a_2")]
    assert claimed == ["a", "A_2", "a_3", "row_2", "a_2_2"]


@given(st.lists(st.sampled_from(["a", "A", "a_2", "b"]), max_size=12))
def test_claimed_names_never_collide(names: list[str]) -> None:
    unique = UniqueNames()
    claimed = [unique.claim(name).casefold() for name in names]
    assert len(set(claimed)) == len(claimed)

"""Conditions of rules: text to a tree, and what is wrong with text that is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.detectors.rules.expressions import (
    MAX_DEPTH,
    And,
    Compare,
    Expression,
    Flag,
    InScene,
    Not,
    Or,
    find_column,
    leaves,
    parse,
)
from avdataops.model.errors import ConfigError

TYPES = ("rain", "turn_left")
SPEED = find_column("ego_speed_mps")
FAST = Compare(SPEED, absolute=False, op=">", value=8.0)
RAIN = InScene("rain", 0)
TUNNEL = Flag(find_column("tunnel"))


def read(text: str) -> Expression:
    return parse(text, TYPES)


def test_a_comparison_has_a_column_an_operator_and_a_number() -> None:
    assert read("ego_speed_mps > 8") == FAST
    assert read("  ego_speed_mps>8.0  ") == FAST
    assert read("accel_x_mps2 <= -3.5e0") == Compare(
        find_column("accel_x_mps2"), absolute=False, op="<=", value=-3.5
    )


def test_a_unit_becomes_that_of_the_column() -> None:
    tree = read("ego_speed_mps > 36 km/h")
    assert isinstance(tree, Compare)
    assert tree.value == pytest.approx(10.0)
    turn = read("abs(yaw_rate_radps) >= 90deg/s")
    assert isinstance(turn, Compare)
    assert turn.absolute
    assert turn.value == pytest.approx(math.pi / 2)
    near = read("junction_distance_m < 0.05 km")
    assert isinstance(near, Compare)
    assert near.value == pytest.approx(50.0)


def test_and_binds_closer_than_or_and_not_closest() -> None:
    assert read("tunnel or ego_speed_mps > 8 and not during rain") == Or(
        (TUNNEL, And((FAST, Not(RAIN))))
    )
    assert read("(tunnel or ego_speed_mps > 8) and not during rain") == And(
        (Or((TUNNEL, FAST)), Not(RAIN))
    )
    assert read("not not tunnel") == Not(Not(TUNNEL))


def test_other_scenes_are_asked_by_type_and_distance_in_time() -> None:
    assert read("during turn_left") == InScene("turn_left", 0)
    assert read("within 2.5 s of rain") == InScene("rain", 2_500_000_000)
    assert read("within 200 ms of rain") == InScene("rain", 200_000_000)
    assert read("within 2 min of rain") == InScene("rain", 120_000_000_000)


def test_text_is_compared_with_words_that_the_signal_can_say() -> None:
    tree = read("wiper_status != 'off'")
    assert tree == Compare(find_column("wiper_status"), absolute=False, op="!=", value="off")
    assert read('road_class == "motorway"') == Compare(
        find_column("road_class"), absolute=False, op="==", value="motorway"
    )


def test_leaves_come_from_left_to_right() -> None:
    assert list(leaves(read("not (tunnel or ego_speed_mps > 8) and during rain"))) == [
        TUNNEL,
        FAST,
        RAIN,
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a column is missing before 'the end'"),
        ("ego_sped_mps > 8", "no column 'ego_sped_mps'; did you mean 'ego_speed_mps'?"),
        ("during rainn", "no scene type 'rainn'; did you mean 'rain'?"),
        ("within 5 of rain", "a unit of time is missing before 'of'"),
        ("within 5 m of rain", "'5 m' is not a duration; units: s, ms, min, h"),
        ("within -5 s of rain", "'-5 s' is not a duration; units: s, ms, min, h"),
        ("within 5 s rain", "'of' is missing before 'rain'"),
        ("ego_speed_mps", "column 'ego_speed_mps' holds numbers; compare it with one"),
        ("wiper_status", "column 'wiper_status' holds texts; compare it with one"),
        ("abs(tunnel)", "column 'tunnel' holds flags; compare it with one"),
        ("tunnel == 1", "column 'tunnel' is true or false; write it alone, or 'not'"),
        ("ego_speed_mps > 8 kg", "'ego_speed_mps' is in m/s, which 'kg' cannot become"),
        ("ego_speed_mps > 'fast'", "a number for 'ego_speed_mps' is missing before ''fast''"),
        ("ego_speed_mps > ego_speed_mps", "a number for 'ego_speed_mps' is missing"),
        ("wiper_status == off", "text in quotes for 'wiper_status' is missing before 'off'"),
        ("wiper_status == 'of'", "'wiper_status' is never 'of'; did you mean 'off'?"),
        ("wiper_status < 'off'", "text of 'wiper_status' compares with == and != alone"),
        ("(tunnel", "')' is missing before 'the end'"),
        ("tunnel)", "'and' or 'or' is missing before ')'"),
        ("tunnel bridge", "'and' or 'or' is missing before 'bridge'"),
        ("tunnel and", "a column is missing before 'the end'"),
        ("and tunnel", "a column is missing before 'and'"),
        ("__import__('os')", "no column '__import__'"),
        ("tunnel.__class__", "'.__class__' is not understood"),
        ("ego_speed_mps > 8; tunnel", "'; tunnel' is not understood"),
        ("ego_speed_mps = 8", "'= 8' is not understood"),
        ("lambda: 1", "': 1' is not understood"),
    ],
)
def test_what_is_wrong_is_named(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.message.startswith(why)


def test_length_and_nesting_are_bounded() -> None:
    deep = "(" * (MAX_DEPTH - 1) + "tunnel" + ")" * (MAX_DEPTH - 1)
    assert read(deep) == TUNNEL
    with pytest.raises(ConfigError, match="nested at most 20 deep"):
        read(f"({deep})")
    with pytest.raises(ConfigError, match="nested at most 20 deep"):
        read("not " * 300 + "tunnel")
    with pytest.raises(ConfigError, match="at most 400 words"):
        read(" or ".join(["tunnel"] * 1000))


def answer(text: str) -> Expression | str:
    try:
        return read(text)
    except ConfigError as error:
        return error.message


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_plain_complaint(text: str) -> None:
    assert answer(text) != ""


_LOGIC = ("tunnel", "and", "or", "not", "(", ")", "during", "rain", "within", "s", "of")
_WORDS = (*_LOGIC, "ego_speed_mps", ">", "8", "km/h", "abs", "'off'", "wiper_status", "==")


@given(st.lists(st.sampled_from(_WORDS), max_size=12))
def test_any_words_of_the_language_are_a_condition_or_a_plain_complaint(words: list[str]) -> None:
    tree = answer(" ".join(words))
    if isinstance(tree, str):
        assert tree
    else:
        assert all(isinstance(leaf, Compare | Flag | InScene) for leaf in leaves(tree))

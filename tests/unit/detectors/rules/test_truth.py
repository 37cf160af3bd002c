"""Three-valued truth of conditions over small drives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.detectors.rules.expressions import find_column, parse
from avdataops.detectors.rules.truth import Truth, numbers_of, truth, words_of
from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Drive, Found, Signals, Unknown
from avdataops.testing.drives import (
    EGO_HZ,
    at,
    context_rows,
    cruise,
    drive,
    unknown_within,
)

TYPES = ("rain",)


def scene(start_s: float, stop_s: float) -> Found:
    return Found(type="rain", start_ns=at(start_s), stop_ns=at(stop_s), confidence=1.0, evidence={})


def lost(start_s: float, stop_s: float) -> Unknown:
    return Unknown(start_ns=at(start_s), stop_ns=at(stop_s), reason="no rain")


def told(given: Drive, text: str) -> str:
    """Return y, n or ? at every whole second."""
    found = truth(given, parse(text, TYPES))
    assert not (found.yes & found.no).any()
    marks = np.where(found.yes, "y", np.where(found.no, "n", "?"))
    return "".join(marks[::EGO_HZ])


def speeding_up() -> Drive:
    """Return a drive of 0 to 4 m/s in whole seconds, unknown from 2 s to 3 s."""
    columns = cruise(4.0)
    columns["ego_speed_mps"] = np.arange(201) / 50.0
    return unknown_within(drive(columns), "ego_speed_mps", 2.0, 3.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ego_speed_mps > 1", "nn?yy"),
        ("ego_speed_mps >= 1", "ny?yy"),
        ("ego_speed_mps < 3", "yy?nn"),
        ("ego_speed_mps <= 3", "yy?yn"),
        ("ego_speed_mps == 3", "nn?yn"),
        ("ego_speed_mps != 3", "yy?ny"),
        ("not ego_speed_mps > 1", "yy?nn"),
        ("wiper_status == 'off'", "yyyyy"),
        ("wiper_status != 'off'", "nnnnn"),
        ("ego_speed_mps > 1 and wiper_status == 'off'", "nn?yy"),
        ("ego_speed_mps > 1 and wiper_status != 'off'", "nnnnn"),
        ("ego_speed_mps > 1 or wiper_status == 'off'", "yyyyy"),
        ("ego_speed_mps > 1 or wiper_status != 'off'", "nn?yy"),
        ("gnss_speed_mps > 1", "?????"),
        ("tunnel", "?????"),
        ("during rain", "?????"),
        ("nearest_vru_m < 5", "?????"),
    ],
)
def test_unknown_is_neither_true_nor_false(text: str, expected: str) -> None:
    assert told(speeding_up(), text) == expected


def test_absolute_values_forget_the_sign() -> None:
    columns = cruise(2.0)
    columns["accel_x_mps2"] = np.where(np.arange(101) < 50, -3.0, 2.0)
    assert told(drive(columns), "abs(accel_x_mps2) > 2.5") == "ynn"
    assert told(drive(columns), "accel_x_mps2 > 2.5") == "nnn"


def test_context_is_held_from_its_own_time_on_and_grows_old() -> None:
    context = context_rows(2.0, tunnel=np.array([0.0, 1.0, np.nan]))
    given = drive(cruise(6.0), context=context)
    assert told(given, "tunnel") == "ny????" + "?"
    short = replace(context, t_ns=context.t_ns[:2], columns={"tunnel": np.array([0.0, 1.0])})
    # A row speaks for three seconds, and never for the time before it.
    assert told(drive(cruise(6.0), context=short), "tunnel") == "nyyyy??"
    late = replace(short, t_ns=short.t_ns + 2 * NS_PER_S)
    assert told(drive(cruise(6.0), context=late), "tunnel") == "??nyyyy"


def test_nobody_near_is_infinitely_far_while_a_list_is_delivered() -> None:
    around = Signals(
        at(0.0) + NS_PER_S * np.arange(3),
        {"nearest_vru_m": np.array([3.0, np.nan, 7.0])},
        NS_PER_S,
    )
    given = replace(drive(cruise(5.0)), around=around)
    assert told(given, "nearest_vru_m < 5") == "ynnn??"
    assert told(given, "nearest_vru_m > 5") == "nyyy??"


def test_a_scene_is_true_within_and_unknown_where_its_detector_was() -> None:
    rain = Detection((scene(1.0, 2.0), scene(6.0, 7.0)), (lost(3.0, 4.0),))
    given = replace(drive(cruise(9.0)), scenes={"rain": rain})
    assert told(given, "during rain") == "nyn?nnynnn"
    assert told(given, "within 1 s of rain") == "yyy??yyynn"
    assert told(given, "not within 1 s of rain") == "nnn??nnnyy"


def test_a_type_without_scenes_is_false_where_its_detector_could_tell() -> None:
    given = replace(drive(cruise(2.0)), scenes={"rain": Detection()})
    assert told(given, "during rain") == "nnn"


def test_columns_come_on_the_ticks_of_the_ego() -> None:
    given = drive(cruise(2.0), context=context_rows(1.0, sun_elevation_deg=np.array([5.0, 6.0])))
    values = numbers_of(given, find_column("sun_elevation_deg"))
    assert values[[0, 49, 50, 100]].tolist() == [5.0, 5.0, 6.0, 6.0]
    assert words_of(given, find_column("wiper_status")).tolist() == ["off"] * 101
    assert words_of(given, find_column("light")).tolist() == [None] * 101


def test_a_drive_without_ticks_has_no_truth() -> None:
    empty = replace(drive(cruise(1.0)), ego=Signals(np.empty(0, np.int64), {}, NS_PER_S))
    for text in ("ego_speed_mps > 1", "tunnel", "during rain", "wiper_status == 'off'"):
        assert truth(empty, parse(text, TYPES)).yes.size == 0


_TRUTHS = st.lists(st.sampled_from("yn?"), min_size=3, max_size=3).map(
    lambda marks: Truth(np.array([m == "y" for m in marks]), np.array([m == "n" for m in marks]))
)


@given(_TRUTHS, _TRUTHS)
def test_the_laws_of_de_morgan_hold_with_the_unknown_too(a: Truth, b: Truth) -> None:
    one, other = ~(a & b), ~a | ~b
    assert one.yes.tolist() == other.yes.tolist()
    assert one.no.tolist() == other.no.tolist()
    assert (~~a).yes.tolist() == a.yes.tolist()
    assert (a & a).known.tolist() == a.known.tolist()
    assert not ((a | b).yes & (a | b).no).any()

"""What queries mean, told in the normal form, which needs no context to be read."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from avdataops.ports.question_checks import MAX_RELATED
from avdataops.ports.question_forms import leaves, normal, written
from avdataops.ports.questions import Condition, OfType, Question, Related
from avdataops.wiring.scene_language import understood
from avdataops.wiring.scene_language.words import CLOSED, NUMBERS, TEXTS
from tests.conformance.question_strategies import QUESTIONS
from tests.unit.wiring.scene_language.vocabulary import START_NS, WORDS


def form(text: str) -> str:
    return written(understood(text, WORDS))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("cut_in", "type = cut_in"),
        ("any", "any"),
        ("none", "none"),
        # The first type is looked for, the others overlap it.
        ("cut_in & rain", "type = cut_in & with (type = rain)"),
        ("rain & cut_in", "type = rain & with (type = cut_in)"),
        ("cut_in and rain", "type = cut_in & with (type = rain)"),
        ("cut_in && ! rain", "type = cut_in & not with (type = rain)"),
        ("light = night & cut_in", "type = cut_in & light = night"),
        ("not rain & cut_in", "type = cut_in & not with (type = rain)"),
        ("cut_in | cut_out", "type in (cut_in, cut_out)"),
        ("(cut_in | cut_out) & rain", "type in (cut_in, cut_out) & with (type = rain)"),
        ("cut_in & rain | hard_brake", "type = hard_brake | (type = cut_in & with (type = rain))"),
        ("cut_in | ego_speed_mps > 30", "type = cut_in | ego_speed_mps > 30"),
        # Parentheses that name a type have a subject of their own.
        (
            "cut_in & (hard_brake & min_ax_mps2 < -4)",
            "type = cut_in & with (type = hard_brake & min_ax_mps2 < -4)",
        ),
        (
            "hard_brake & (rain | temperature_c < 0)",
            "type = hard_brake & (temperature_c < 0 | with (type = rain))",
        ),
        ("not rain", "not with (type = rain)"),
        ("not (rain & night)", "not with (type = rain & with (type = night))"),
        ("cut_in & cut_in", "type = cut_in & with (type = cut_in)"),
        # Parents and tags.
        ("following", "type in (close_following, following)"),
        ("type = following", "type = following"),
        ("MotionCutIn", "type = cut_in"),
        ("old_type", "type = old_type"),
        # Time between scenes.
        ("cut_in overlaps rain", "type = cut_in & overlaps (type = rain)"),
        ("cut_in during tunnel", "type = cut_in & during (type = tunnel)"),
        ("cut_in & not during tunnel", "type = cut_in & not during (type = tunnel)"),
        (
            "hard_brake within 5 s after cut_in",
            "type = hard_brake & within 5 s after (type = cut_in)",
        ),
        ("cut_in within 1.5 min of rain", "type = cut_in & within 90 s of (type = rain)"),
        ("cut_in before rain", "type = cut_in & before (type = rain)"),
        (
            "cut_in then hard_brake within 10 s",
            "type = cut_in & then (type = hard_brake) within 10 s",
        ),
        (
            "cut_in then hard_brake within 1 s then standstill",
            "type = cut_in & then (type = hard_brake & then (type = standstill)) within 1 s",
        ),
        (
            "cut_in then near_collision within 5 s by same actor",
            "type = cut_in & then (type = near_collision) within 5 s by same actor",
        ),
        (
            "cut_in same actor as near_collision",
            "type = cut_in & beside (type = near_collision) by same actor",
        ),
        (
            "cut_in during rain & not (before hard_brake)",
            "type = cut_in & during (type = rain) & not before (type = hard_brake)",
        ),
        # Attributes and units.
        ("ego_speed > 36 km/h", "ego_speed_mps > 10"),
        ("ego_speed_mps > 36km/h", "ego_speed_mps > 10"),
        ("ego_speed in 36..72 km/h", "ego_speed_mps <= 20 & ego_speed_mps >= 10"),
        ("ego_speed_mps in 5 ..", "ego_speed_mps >= 5"),
        ("min_ttc < 1500 ms", "min_ttc_s < 1.5"),
        ("min_ax <= -0.5 g", "min_ax_mps2 <= -4.903325"),
        ("min_ax <= -4 m/s^2", "min_ax_mps2 <= -4"),
        ("lat > 3.141592653589793 rad", "lat_deg > 180"),
        ("confidence >= 80 %", "confidence >= 0.8"),
        ("temperature >= 3 °C", "temperature_c >= 3"),
        ("truncated = true", "truncated = true"),
        ("severity == 'very high'", 'severity = "very high"'),
        ("severity in (high, moderate)", "severity = high | severity = moderate"),
        ("actor = 17", 'actor = "17"'),
        ("not (ego_speed_mps > 5)", "ego_speed_mps <= 5"),
        ("min_ttc_s is unknown", "not min_ttc_s is known"),
        ("vehicle = aar-07", "vehicle = aar-07"),
        ("measurement = m_12", "measurement = m_120000000000000000000000"),
        ("weather = rain & light = night", "light = night & weather = rain"),
        # Places.
        ("near junction", "junction_distance_m <= 50"),
        ("near school 0.2 km", "school_distance_m <= 200"),
        ("near(56.16, 10.2, 5 km)", "near(56.16, 10.2, 5000 m)"),
        ("near(56.16, 10.2, 500)", "near(56.16, 10.2, 500 m)"),
        ("inside(1 2, 3 4.5, -5 6)", "inside(1 2, 3 4.5, -5 6)"),
        ("on way 1234", "way_id = 1234"),
        ("on motorway", "road_class = motorway"),
        # Time.
        ("time in 2026-11-20", "time in 2026-11-20T00:00:00Z .. 2026-11-21T00:00:00Z"),
        ("time >= 2026-11-20T17:03", "time in 2026-11-20T17:03:00Z .."),
        ("time < 2026-11-20T17:03Z", "time in .. 2026-11-20T17:03:00Z"),
        (
            "time in 2026-11-20T17:03:04.000000001+01:00 .. 2026-11-21",
            "time in 2026-11-20T16:03:04.000000001Z .. 2026-11-21T00:00:00Z",
        ),
    ],
)
def test_a_query_means_this_and_its_normal_form_means_the_same(text: str, means: str) -> None:
    assert form(text) == means
    assert form(means) == means


def test_relative_times_count_from_the_measurement_that_is_named() -> None:
    stop = "2023-11-14T22:13:32.500Z"
    assert START_NS == 1_700_000_000 * 10**9
    expected = f"time in 2023-11-14T22:13:21Z .. {stop}"
    assert written(understood("time in +1s .. +12.5s", WORDS, "m_1")) == expected
    told = form("measurement = m_1 & time in +1s .. +12.5s")
    assert told == f"measurement = m_100000000000000000000000 & {expected}"


def is_sayable(question: Question) -> bool:
    """Say whether the language can say it: it has no NaN, and knows which words are numbers."""
    for leaf in leaves(normal(question)):
        if isinstance(leaf, OfType) and not all(map(WORDS.is_type, leaf.types)):
            return False
        if isinstance(leaf, Condition):
            is_text = isinstance(leaf.value, str)
            fitting = leaf.attribute not in (NUMBERS if is_text else TEXTS)
            closed = CLOSED.get(leaf.attribute)
            if not fitting or leaf.value != leaf.value or leaf.attribute == "type":
                return False
            if closed is not None and leaf.value not in closed:
                return False
    return True


ANYTHING = replace(WORDS, knows=lambda _: True, measurement=lambda text: text)


@settings(max_examples=300, deadline=None)
@given(question=QUESTIONS.filter(is_sayable))
def test_the_text_of_any_question_is_understood_as_that_question(question: Question) -> None:
    shaped = normal(question)
    assume(sum(isinstance(one, Related) for one in leaves(shaped)) <= MAX_RELATED)
    assert understood(written(shaped), ANYTHING) == shaped

"""What a report is taken to say, the same for every source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.enrichers.weather.codes import WMO_4677, WMO_4680, Phases
from avdataops.enrichers.weather.report import Report, Rules, falling, fog_of

RULES = Rules()
KINDS = st.sets(st.sampled_from(["liquid", "solid", "either", "fog", "other"]))
AMOUNTS = st.none() | st.floats(0.0, 100.0)
WARMTH = st.none() | st.floats(-40.0, 40.0)


@pytest.mark.parametrize(
    ("said", "rate", "warmth", "expected"),
    [
        ({"liquid"}, None, None, (True, False)),
        ({"solid"}, 5.0, 20.0, (False, True)),
        ({"liquid", "solid"}, None, None, (True, True)),
        ({"either"}, None, 2.1, (True, False)),
        ({"either"}, None, 2.0, (None, None)),
        ({"either"}, None, None, (None, None)),
        (set(), 0.1, 10.0, (True, False)),
        (set(), 0.1, None, (None, None)),
        (set(), 0.09, None, (False, False)),
        ({"fog"}, None, None, (False, False)),
        ({"other"}, None, None, (False, False)),
        (set(), None, 10.0, (None, None)),
    ],
)
def test_what_falls(
    said: set[str],
    rate: float | None,
    warmth: float | None,
    expected: tuple[bool | None, bool | None],
) -> None:
    assert falling(said, set(), rate, warmth, RULES) == expected


@pytest.mark.parametrize(
    ("doubted", "expected"),
    [({"liquid"}, (None, None)), ({"either"}, (None, None)), ({"fog", "other"}, (False, False))],
)
def test_doubted_precipitation_keeps_a_dry_word_from_denying(
    doubted: set[str], expected: tuple[bool | None, bool | None]
) -> None:
    assert falling({"other"}, doubted, 0.0, None, RULES) == expected


@given(KINDS, KINDS, AMOUNTS, WARMTH)
def test_rain_and_snow_are_known_together_or_not_at_all(
    said: set[str], doubted: set[str], rate: float | None, warmth: float | None
) -> None:
    rain, snow = falling(said, doubted, rate, warmth, RULES)
    assert (rain is None) == (snow is None)
    if "liquid" in said:
        assert rain is True
    if not said and rate is None:
        assert rain is None


@pytest.mark.parametrize(
    ("said", "doubted", "expected"),
    [
        ({"fog"}, set(), True),
        ({"fog", "liquid"}, {"fog"}, True),
        ({"liquid"}, set(), False),
        ({"liquid"}, {"fog"}, None),
        (set(), set(), None),
    ],
)
def test_fog(said: set[str], doubted: set[str], expected: bool | None) -> None:
    assert fog_of(said, doubted) is expected


def test_how_much_a_report_knows_is_counted_without_time_and_place() -> None:
    nothing = Report(1, 56.0, 10.0, "s", None, None, None, None, None, None, None)
    assert nothing.known == 0
    assert nothing._replace(rain=False, fog=True, temperature_c=0.0).known == 3


@pytest.mark.parametrize(
    ("table", "code", "kinds"),
    [
        (WMO_4677, 0, {"other"}),
        (WMO_4677, 40, {"other"}),
        (WMO_4677, 45, {"fog"}),
        (WMO_4677, 61, {"liquid"}),
        (WMO_4677, 68, {"liquid", "solid"}),
        (WMO_4677, 77, {"solid"}),
        (WMO_4677, 95, {"either"}),
        (WMO_4680, 20, {"other"}),
        (WMO_4680, 33, {"fog"}),
        (WMO_4680, 42, {"either"}),
        (WMO_4680, 67, {"liquid", "solid"}),
        (WMO_4680, 71, {"solid"}),
    ],
)
def test_codes(table: Phases, code: int, kinds: set[str]) -> None:
    assert table.kinds(code) == kinds

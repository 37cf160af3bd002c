"""Rain by each source, and which of them may speak of it."""

import numpy as np
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats, Pairs
from avdataops.signals.rainfall import RainLevels, rain_spans, rain_witnesses
from avdataops.testing.drives import clock, context_rows, cruise, drive, seconds

LEVELS = RainLevels(min_mmph=0.1, wiper_window_s=60.0, wiper_share=0.2, merge_ns=60 * NS_PER_S)
DURATION_S = 300.0


def between(start_s: float, stop_s: float, rate_hz: int = 1) -> Floats:
    t_s = clock(DURATION_S, rate_hz)
    return ((t_s >= start_s) & (t_s < stop_s)).astype(np.float64)


def under(*, wiping: Floats | None = None, sensor: Floats | None = None,
          **context: Floats | float) -> Drive:  # fmt: skip
    columns = cruise(DURATION_S)
    del columns["wiper_status"]
    if wiping is not None:
        columns["wiper_status"] = np.where(wiping > 0, "slow", "off").astype(object)
    if sensor is not None:
        columns["rain_intensity"] = sensor
    return drive(columns, context=context_rows(DURATION_S, **context) if context else None)


def spans(pairs: Pairs) -> list[tuple[float, float]]:
    return [(seconds(int(a)), seconds(int(b))) for a, b in pairs]


def says(given: Drive) -> dict[str, list[tuple[float, float]]]:
    return {one.name: spans(one.says) for one in rain_witnesses(given, LEVELS)}


def test_each_source_speaks_for_itself() -> None:
    given = under(
        wiping=between(50, 150, 50),
        sensor=between(60, 140, 50),
        precipitation_mmph=between(100, 200),
    )
    assert says(given) == {
        "provider": [(100.0, 200.0)],
        "rain_sensor": [(60.0, 140.0)],
        "wiper": [(50.0, 150.0)],
    }
    wet, known = rain_spans(rain_witnesses(given, LEVELS), LEVELS.merge_ns)
    assert spans(wet) == [(50.0, 200.0)]
    assert spans(known) == [(0.0, 300.0)]


def test_a_drive_without_sources_says_nothing() -> None:
    given = under()
    assert says(given) == {"provider": [], "rain_sensor": [], "wiper": []}
    wet, known = rain_spans(rain_witnesses(given, LEVELS), LEVELS.merge_ns)
    assert (wet.size, known.size) == (0, 0)


@pytest.mark.parametrize(
    ("rain", "snow", "wiper_speaks"), [(0.0, 1.0, False), (1.0, 1.0, True), (0.0, 0.0, True)]
)
def test_wipers_do_not_speak_of_rain_while_only_snow_falls(
    rain: float, snow: float, wiper_speaks: bool
) -> None:
    given = under(wiping=between(50, 150, 50), rain=rain, snow=snow)
    wiper = rain_witnesses(given, LEVELS)[2]
    assert bool(wiper.says.size) is wiper_speaks
    assert bool(wiper.known.size) is wiper_speaks


def test_the_providers_word_counts_before_its_amount() -> None:
    assert says(under(precipitation_mmph=2.0, rain=0.0))["provider"] == []
    assert says(under(precipitation_mmph=0.0, rain=1.0))["provider"] == [(0.0, 300.0)]


def test_pauses_are_the_same_rain_only_where_somebody_tells_of_them() -> None:
    amount = between(50, 100) + between(140, 200)
    wet, _ = rain_spans(rain_witnesses(under(precipitation_mmph=amount), LEVELS), LEVELS.merge_ns)
    assert spans(wet) == [(50.0, 200.0)]
    amount[100:140] = np.nan
    wet, _ = rain_spans(rain_witnesses(under(precipitation_mmph=amount), LEVELS), LEVELS.merge_ns)
    assert spans(wet) == [(50.0, 99.0), (140.0, 200.0)]

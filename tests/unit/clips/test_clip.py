"""The clock of a clip, what goes into it, and formats by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.clips import CLIP_FORMATS, clip_format
from avdataops.clips.clip import ClipClock
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError
from avdataops.model.location import Location, Zone
from avdataops.model.time import TimeRange
from avdataops.signals.clocks import ClockModel
from avdataops.wiring.scene_clips import measurement_clocks

T0 = 1_791_997_110_000_000_000
S = 1_000_000_000


def model(offset_ns: int, skew_ppm: float) -> ClockModel:
    return ClockModel(T0, offset_ns, skew_ppm, 0.0, 0.0, None, 2)


@given(st.integers(-60 * S, 60 * S), st.floats(-200, 200), st.integers(-3600 * S, 3600 * S))
def test_a_clock_leads_there_and_back(offset_ns: int, skew_ppm: float, since_ns: int) -> None:
    clock = ClipClock("mdf", model(offset_ns, skew_ppm))
    at = np.array([T0 + since_ns], dtype=np.int64)
    back = clock.from_reference(clock.to_reference(at))
    assert abs(int(back[0] - at[0])) <= 2


def test_the_reference_is_its_own_clock() -> None:
    span = TimeRange(T0, T0 + S)
    assert ClipClock("ros").span(span) == span
    assert ClipClock("mdf", model(3 * S, 0.0)).span(span) == TimeRange(T0 - 3 * S, T0 - 2 * S)


def artifact(kind: str) -> Artifact:
    return Artifact(
        id="art_0",
        kind=kind,
        measurement="m_0",
        name=kind,
        location=Location(Zone.DERIVED, f"{kind}/x.parquet"),
        bytes=1,
        sha256="0" * 64,
    )


class Rows:
    """Rows as a table gives them."""

    def __init__(self, *rows: dict[str, object]) -> None:
        self.rows = rows

    def to_pylist(self) -> list[dict[str, object]]:
        return list(self.rows)


def row(clock: str, method: str, **more: object) -> dict[str, object]:
    known = dict.fromkeys(
        ("stream", "refused", "t0_ns", "offset_ns", "skew_ppm", "sigma_ms", "points")
    )
    known |= dict.fromkeys(("residual_p50_ms", "residual_p95_ms"))
    return {**known, "clock": clock, "method": method, **more}


def test_clocks_that_were_tied_are_known_and_the_others_are_not() -> None:
    models = Rows(
        row("ros", "reference"),
        row("mdf", "speed", t0_ns=T0, offset_ns=-5, skew_ppm=1.5, points=3),
        row("tdms", "none", refused="speed: not on both clocks"),
        row("stamps", "as_stamped", stream="/imu", t0_ns=T0, offset_ns=7),
        row("ros", "gnss_time", stream="/gnss", t0_ns=T0, offset_ns=9),
    )
    quality = Rows(
        {"clock": "can", "offset_ms": 0.0, "drift_ppm": None, "t_ns": T0},
        {"clock": "late", "offset_ms": 2.0, "drift_ppm": 1.0, "t_ns": T0},
        {"clock": "tdms", "offset_ms": None, "drift_ppm": None, "t_ns": T0},
    )
    tables = {"clock_models": models, "sync_quality": quality}
    known = measurement_clocks(
        [artifact("clock_models"), artifact("sync_quality"), artifact("ego")],
        lambda one: tables[one.kind],
    )
    assert sorted(known) == ["can", "late", "mdf", "ros"]
    assert known["ros"].model is None
    assert known["can"].model is None
    assert known["mdf"].model == ClockModel(T0, -5, 1.5, 0.0, 0.0, None, 3)
    late = known["late"].to_reference(np.array([T0 - 2_000_000]))
    assert late.tolist() == [T0]


def test_a_format_is_known_by_its_name() -> None:
    assert clip_format("mcap") is CLIP_FORMATS["mcap"]
    with pytest.raises(InputError, match="did you mean 'mcap'") as caught:
        clip_format("mcp")
    assert "mcap" in str(caught.value.hint)

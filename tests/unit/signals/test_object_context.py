"""Who is around the ego: counts, nearest, most urgent, and ticks without anybody."""

import numpy as np
import pytest

from avdataops.signals.object_context import object_context
from avdataops.testing.drives import LANE_M, START_NS, at, cruise, drive, without_rows
from avdataops.testing.drives_traffic import (
    among,
    beside,
    lead,
    nearly_hit,
    school_run,
)

T_S = beside(20.0)


def test_vehicles_are_counted_within_each_radius() -> None:
    cars = (
        lead(np.full(T_S.size, 2.0), "near"),
        lead(np.full(T_S.size, 15.0), "mid", LANE_M),
        lead(np.full(T_S.size, 40.0), "far"),
        lead(np.full(T_S.size, 80.0), "gone"),
    )
    table = object_context(among(*cars, duration_s=20.0))
    first = table.slice(0, 1).to_pylist()[0]
    counts = [first[f"vehicles_{radius}m"] for radius in (10, 30, 50)]
    assert counts == [1, 2, 3]
    assert first["pedestrians_50m"] == first["bicycles_50m"] == 0
    assert first["nearest_vru_m"] is None
    assert first["min_thw_s"] == pytest.approx(2.0 / 15.0)


def test_ticks_are_a_period_apart_from_the_first() -> None:
    table = object_context(among(lead(np.full(T_S.size, 20.0)), duration_s=20.0))
    t = table["t_ns"].to_numpy()
    assert t[0] == START_NS
    assert np.unique(np.diff(t)).tolist() == [100_000_000]
    assert t[-1] == at(19.9)


def test_people_are_counted_and_the_nearest_is_told() -> None:
    rows = object_context(school_run()).to_pylist()
    nearest = min(row["nearest_vru_m"] for row in rows)
    assert max(row["pedestrians_10m"] for row in rows) == 3
    assert nearest == pytest.approx(np.hypot(0.0, 2.0), abs=0.15)
    assert all(row["vehicles_50m"] == 0 for row in rows)


def test_the_least_time_to_collision_is_that_of_the_approach() -> None:
    table = object_context(nearly_hit())
    ttc = table["min_ttc_s"].to_numpy()
    t_s = (table["t_ns"].to_numpy() - START_NS) / 1e9
    tick = int(np.searchsorted(t_s, 5.0))
    assert ttc[tick] == pytest.approx((100.0 - 75.0) / 15.0, abs=0.02)
    assert np.isinf(ttc[: int(np.searchsorted(t_s, 3.0))]).all()


def test_an_empty_list_counts_nobody_and_nothing_is_on_its_way() -> None:
    table = object_context(among(duration_s=20.0))
    assert table.num_rows == 200
    assert set(table["vehicles_50m"].to_pylist()) == {0}
    assert np.isinf(table["min_ttc_s"].to_numpy()).all()
    assert np.isinf(table["min_thw_s"].to_numpy()).all()


def test_without_a_list_there_are_no_rows() -> None:
    assert object_context(drive(cruise(20.0))).num_rows == 0


def test_a_gap_in_everything_has_no_rows() -> None:
    whole = among(lead(np.full(T_S.size, 20.0)), duration_s=20.0)
    t = object_context(without_rows(whole, 8.0, 11.0))["t_ns"].to_numpy()
    assert not ((t > at(8.2)) & (t < at(10.9))).any()
    assert (t < at(8.0)).any()
    assert (t > at(11.0)).any()


def test_one_listed_twice_within_a_tick_counts_once() -> None:
    whole = among(lead(np.full(T_S.size, 5.0)), duration_s=20.0)
    assert whole.objects is not None
    twice = {
        name: np.concatenate([column, column[:1]]) for name, column in whole.objects.columns.items()
    }
    t = np.concatenate([whole.objects.t_ns, whole.objects.t_ns[:1] + 1_000_000])
    order = np.argsort(t, kind="stable")
    listed = type(whole.objects)(
        t[order], {name: column[order] for name, column in twice.items()}, whole.objects.max_gap_ns
    )
    again = type(whole)(whole.measurement, whole.start_ns, whole.stop_ns, whole.ego, None, listed)
    assert object_context(again)["vehicles_30m"][0].as_py() == 1

"""Clock models and holding of values against exact truth.

Each figure is a dict with what was measured, its bar, and whether it was met.
"""

import numpy as np

from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.signals.align import hold_at, nearest_at
from avdataops.signals.clock_pieces import on_receiver, piecewise_clock, steps_of
from avdataops.signals.clocks import Refusal, apply, one_way_clock
from avdataops.signals.logger_clocks import logger_offset
from sample_data.grid.clocks import DELAYS, one_way, two_loggers

Figure = dict[str, object]
RUNS = 20
ONE_WAY_MS, FAST_MS, SLOW_P95_MS = 0.2, 2.0, 10.0
STEP_MS, STEP_WITHIN_S = 50.0, 1.0


def figures(seed: int, runs: int = RUNS) -> dict[str, Figure]:
    """Return every figure of the clocks."""
    return {
        **{f"one_way_{delay}": one_way_error(seed, delay, runs) for delay in DELAYS},
        **{f"clock_step_{delay}": step_error(seed, delay, runs) for delay in DELAYS},
        "logger_offset_100_hz_120_s": _offset(seed, 100.0, 120.0, runs, bar_ms=FAST_MS),
        "logger_offset_10_hz_600_s": _offset(seed, 10.0, 600.0, runs // 2, bar_ms=SLOW_P95_MS),
        "straight_drive_refused": straight_refused(seed, runs),
        "held_values": held_values(seed),
        "samples_used_twice": used_twice(seed),
    }


def one_way_error(seed: int, delay: str, runs: int) -> Figure:
    """Return the worst error over 300 s at 10 Hz, without the least delay that no one can know."""
    errors = []
    for run in range(runs):
        case = one_way(seed + run, delay, rate_hz=10.0, duration_s=300.0)
        model = one_way_clock(case.t_sensor, case.t_receive)
        if isinstance(model, Refusal):
            return {"refused": model.reason, "bar_ms": ONE_WAY_MS, "met": False}
        late = (apply(model, case.t_sensor) - case.t_true) / NS_PER_MS
        errors.append(float(np.abs(late).max()))
    return _judged(errors, ONE_WAY_MS)


def step_error(seed: int, delay: str, runs: int) -> Figure:
    """Return how late steps of 50 ms are told, and the worst error 1 s and more away from them."""
    errors, late_s, told = [], [], 0
    for run in range(runs):
        case = one_way(seed + run, delay, rate_hz=10.0, duration_s=300.0, step_ms=STEP_MS)
        found = piecewise_clock(case.t_sensor, case.t_receive)
        if isinstance(found, Refusal):
            continue
        steps = steps_of(found)
        told += len(steps) == 1
        late_s += [abs(at_ns - case.steps_at[0]) / NS_PER_S for at_ns, _ in steps]
        off_ms = (on_receiver(found, case.t_sensor, case.t_receive) - case.t_true) / NS_PER_MS
        settled = np.abs(case.t_true - case.steps_at[0]) > STEP_WITHIN_S * NS_PER_S
        errors.append(float(np.abs(off_ms[settled]).max()))
    judged = _judged(errors, ONE_WAY_MS)
    worst_s = max(late_s, default=np.inf)
    met = bool(judged["met"]) and told == runs and worst_s <= STEP_WITHIN_S
    return {**judged, "told_once": told, "worst_late_s": round(worst_s, 3), "met": met}


def _offset(seed: int, rate_hz: float, duration_s: float, runs: int, *, bar_ms: float) -> Figure:
    """Return how far the offset of two loggers is off, where it was not refused."""
    errors, refused = [], 0
    for run in range(runs):
        case = two_loggers(seed + run, rate_hz=rate_hz, duration_s=duration_s, straight=False)
        found = logger_offset(case.t_a, case.yaw_a, case.t_b, case.yaw_b)
        if isinstance(found, Refusal):
            refused += 1
        else:
            errors.append(abs(found.offset_ns - case.offset_ns) / NS_PER_MS)
    return {**_judged(errors, bar_ms), "refused": refused}


def straight_refused(seed: int, runs: int) -> Figure:
    """Return the share of straight drives of which no offset was told."""
    refused = 0
    for run in range(runs):
        case = two_loggers(seed + run, rate_hz=100.0, duration_s=120.0, straight=True)
        found = logger_offset(case.t_a, case.yaw_a, case.t_b, case.yaw_b)
        refused += isinstance(found, Refusal)
    return {"refused_share": refused / runs, "bar": 1.0, "met": refused == runs}


def held_values(seed: int) -> Figure:
    """Return how many held values came from the future, or are older than they may be."""
    rng = np.random.default_rng(seed)
    t = np.unique(rng.integers(0, 300 * NS_PER_S, 3000))
    ticks = np.arange(0, 300 * NS_PER_S, NS_PER_S // 50, dtype=np.int64)
    max_age_ns = NS_PER_S // 5
    held = hold_at(t, t.astype(np.float64), ticks, max_age_ns).x
    known = np.isfinite(held)
    age = ticks[known] - held[known]
    wrong = int(np.count_nonzero((age < 0) | (age > max_age_ns)))
    return {"held": int(known.sum()), "wrong": wrong, "bar": 0, "met": wrong == 0}


def used_twice(seed: int) -> Figure:
    """Return how many samples were given to two ticks of 10 Hz, of a jittery stream of 10 Hz."""
    rng = np.random.default_rng(seed)
    period_ns = NS_PER_S // 10
    ticks = np.arange(3000, dtype=np.int64) * period_ns
    late = np.round(rng.normal(0.0, 0.02, ticks.size) * NS_PER_S).astype(np.int64)
    t = np.unique(ticks + late)[rng.random(ticks.size) > 0.05]  # noqa: PLR2004 - one in twenty lost
    # Half a period, and not the instant in the middle that belongs to two ticks.
    row = nearest_at(t, ticks, period_ns // 2 - 1).row
    given = row[row >= 0]
    twice = int(given.size - np.unique(given).size)
    return {"given": int(given.size), "twice": twice, "bar": 0, "met": twice == 0}


def _judged(errors: list[float], bar_ms: float) -> Figure:
    if not errors:
        return {"bar_ms": bar_ms, "met": False}
    p95 = float(np.percentile(errors, 95))
    return {
        "median_ms": round(float(np.median(errors)), 4),
        "p95_ms": round(p95, 4),
        "runs": len(errors),
        "bar_ms": bar_ms,
        "met": p95 <= bar_ms,
    }

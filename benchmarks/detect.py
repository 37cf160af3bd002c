"""``./run bench detect``: all detectors over one hour of driving among thirty others.

An hour of 50 Hz ego signals and a 10 Hz object list of 30 tracks at a time, which is what scenes
are found in after synchronisation.  Prints the time of each detector, their sum and the peak
memory of the process; the bar is 10 s on two cores.
"""

import resource
import time

import numpy as np

from avdataops.detectors import DETECTORS
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import Other, clock, context_rows, cruise, drive, other

HOUR_S = 3600.0
AT_A_TIME = 30
OBJECT_HZ = 10
EGO_MPS = 15.0
BAR_S = 10.0


def one_hour(seed: int = 0) -> Drive:
    """Return the drive; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    t_s = clock(HOUR_S)
    columns = cruise(HOUR_S, EGO_MPS)
    columns["yaw_rate_radps"] = 0.02 * np.sin(t_s / 30.0)
    columns["accel_x_mps2"] = rng.normal(0.0, 0.3, t_s.size)
    others = tuple(one for place in range(AT_A_TIME) for one in _one_after_another(rng, place))
    sky = context_rows(HOUR_S, sun_elevation_deg=20.0, precipitation_mmph=0.0)
    return drive(columns, others, sky)


def _one_after_another(rng: np.random.Generator, place: int) -> list[Other]:
    """Return road users that are seen for 10 to 60 s each, one after the other."""
    seen: list[Other] = []
    start_s = 0.0
    while start_s < HOUR_S - 5.0:
        stop_s = min(start_s + float(rng.uniform(10.0, 60.0)), HOUR_S - 1.0)
        t_s = np.arange(round(start_s * OBJECT_HZ), round(stop_s * OBJECT_HZ)) / OBJECT_HZ
        along = rng.uniform(-60.0, 80.0) + rng.uniform(-6.0, 6.0) * (t_s - start_s)
        aside = np.full(t_s.size, 3.5 * rng.integers(-2, 3) + rng.normal(0.0, 0.1))
        seen.append(other(f"{place}.{len(seen)}", t_s, along, aside, EGO_MPS))
        start_s = stop_s
    return seen


def main(arguments: list[str]) -> int:
    """Time every detector once; exit 1 if together they miss the bar."""
    del arguments
    given = one_hour()
    rows = given.objects.t_ns.size if given.objects else 0
    print(f"one hour: {given.ego.t_ns.size} ego rows, {rows} object rows")
    before, whole_s = time.process_time(), 0.0
    for one in DETECTORS:
        begun = time.perf_counter()
        found = one.find(given, one.params()).found
        took_s = time.perf_counter() - begun
        whole_s += took_s
        print(f"  {one.name:<20} {took_s:6.2f} s {len(found):5d} scenes")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu_s = time.process_time() - before
    print(f"together {whole_s:.1f} s (cpu {cpu_s:.1f} s, bar {BAR_S:.0f} s), peak {peak_mb:.0f} MB")
    return 0 if whole_s <= BAR_S else 1

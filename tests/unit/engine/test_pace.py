"""The cap on a rate of bytes."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from avdataops.engine.pace import Pace, unhurried


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds


def paced(rate_bps: float) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(rate_bps, clock, clock.sleep), clock


def test_the_first_bytes_go_at_once_and_the_next_wait_for_them() -> None:
    pace, clock = paced(100.0)
    pace.take(50)
    assert clock.now_s == 100.0
    pace.take(50)
    assert clock.now_s == 100.5
    pace.take(1)
    assert clock.now_s == 101.0


def test_a_pause_is_not_saved_up() -> None:
    pace, clock = paced(100.0)
    pace.take(100)
    clock.now_s += 3600
    pace.take(100)
    assert clock.now_s == 3700.0
    pace.take(100)
    assert clock.now_s == 3701.0


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=50), st.floats(1, 1e6))
def test_no_more_than_the_rate_has_passed_at_any_time(sizes: list[int], rate_bps: float) -> None:
    pace, clock = paced(rate_bps)
    passed = 0
    for size in sizes:
        pace.take(size)
        # What passes now is on its way; all before it has had its time.
        assert passed <= rate_bps * (clock.now_s - 100.0) * (1 + 1e-9) + 1e-3
        passed += size


def test_threads_share_one_pace() -> None:
    slept: list[float] = []
    pace = Pace(1000.0, lambda: 0.0, slept.append)
    threads = [threading.Thread(target=pace.take, args=(100,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round(seconds, 6) for seconds in slept) == [n / 10 for n in range(1, 10)]


def test_without_a_cap_nothing_waits() -> None:
    unhurried(10**18)

"""Jobs beside what gives them: their order, their room and what they raise."""

from collections.abc import Callable
from functools import partial
from threading import Event, Lock

import numpy as np
import pytest

from avdataops.engine.encoding import Encoders

LONG_S = 10.0


def failing(text: str, after: Event | None = None) -> Callable[[], None]:
    def job() -> None:
        if after is not None:
            assert after.wait(LONG_S)
        raise OSError(text)

    return job


def give_and_fail(job: Callable[[], None], error: BaseException) -> None:
    with Encoders(2) as encoders:
        encoders.submit("a", job, 1)
        raise error


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_jobs_of_one_key_run_in_their_order_and_never_two_at_once(threads: int) -> None:
    chance = np.random.default_rng(4)
    ran: dict[int, list[int]] = {key: [] for key in range(4)}
    locks = {key: Lock() for key in ran}

    def job(key: int, number: int) -> None:
        assert locks[key].acquire(blocking=False)
        ran[key].append(number)
        locks[key].release()

    expected: dict[int, list[int]] = {key: [] for key in ran}
    with Encoders(threads, most_bytes=40) as encoders:
        for number in range(400):
            key = int(chance.integers(4))
            expected[key].append(number)
            encoders.submit(key, partial(job, key, number), 7)
    assert ran == expected


def test_jobs_of_different_keys_run_beside_each_other() -> None:
    one, other = Event(), Event()

    def meet(mine: Event, its: Event) -> None:
        mine.set()
        assert its.wait(LONG_S)

    with Encoders(2) as encoders:
        encoders.submit("one", lambda: meet(one, other), 1)
        encoders.submit("other", lambda: meet(other, one), 1)


def test_no_more_bytes_are_with_the_threads_than_may_be() -> None:
    with Encoders(2, most_bytes=100) as encoders:
        for number in range(200):
            encoders.submit(number % 5, lambda: None, 1 + number % 50)
    assert 50 < encoders.peak_bytes <= 100


def test_the_giver_waits_until_there_is_room() -> None:
    goes, began = Event(), Event()
    seen: list[str] = []

    def slow() -> None:
        began.set()
        assert goes.wait(LONG_S)
        seen.append("slow")

    with Encoders(2, most_bytes=10) as encoders:
        encoders.submit("a", slow, 8)
        assert began.wait(LONG_S)
        encoders.submit("b", goes.set, 2)
        encoders.submit("c", lambda: seen.append("large"), 9)
        assert seen[0] == "slow"
    assert seen == ["slow", "large"]


def test_a_job_larger_than_all_room_runs_alone() -> None:
    with Encoders(2, most_bytes=10) as encoders:
        encoders.submit("a", lambda: None, 3)
        encoders.submit("b", lambda: None, 1_000)
    assert encoders.peak_bytes == 1_000


def test_of_several_failures_the_first_given_is_told_whichever_came_first() -> None:
    failed = Event()

    def second() -> None:
        failed.set()
        raise OSError("second")

    encoders = Encoders(2)
    encoders.submit("a", failing("first", after=failed), 1)
    encoders.submit("b", second, 1)
    with pytest.raises(OSError, match="first"):
        encoders.wait()
    with pytest.raises(OSError, match="first"):
        encoders.submit("c", lambda: None, 1)


def test_what_was_given_behind_a_failure_does_not_run() -> None:
    ran: list[int] = []
    goes = Event()
    encoders = Encoders(1)
    encoders.submit("a", failing("full", after=goes), 1)
    encoders.submit("a", lambda: ran.append(1), 1)
    encoders.submit("b", lambda: ran.append(2), 1)
    goes.set()
    with pytest.raises(OSError, match="full"):
        encoders.wait()
    assert ran == []


def test_a_failed_job_comes_before_what_failed_later_in_its_giver() -> None:
    with pytest.raises(OSError, match="full"):
        give_and_fail(failing("full"), ValueError("later"))


def test_what_failed_in_the_giver_is_told_when_the_jobs_are_well() -> None:
    ran: list[int] = []
    with pytest.raises(ValueError, match="mine"):
        give_and_fail(lambda: ran.append(1), ValueError("mine"))
    assert ran == [1]


def test_an_interrupt_is_not_hidden_by_a_failed_job() -> None:
    with pytest.raises(KeyboardInterrupt):
        give_and_fail(failing("full"), KeyboardInterrupt())

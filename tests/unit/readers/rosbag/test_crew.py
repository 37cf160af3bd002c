"""Work ahead in threads, results in order."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from avdataops.readers.rosbag.crew import MAX_WORKERS, Crew, available_cores


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_the_order_of_the_work(workers: int) -> None:
    def slow(number: int) -> int:
        time.sleep(0.01 if number % 3 == 0 else 0)
        return number

    with Crew(workers) as crew:
        pieces = (partial(slow, number) for number in range(20))
        assert list(crew.ahead(pieces)) == list(range(20))


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_is_begun_than_one_piece_ahead_of_each_worker(workers: int) -> None:
    begun: list[int] = []

    def pieces() -> Iterator[Callable[[], int]]:
        for number in range(50):
            begun.append(number)
            yield partial(int, number)

    with Crew(workers) as crew:
        results = crew.ahead(pieces())
        for taken in range(10):
            assert next(results) == taken
            assert len(begun) <= taken + workers + 1


def test_without_workers_nothing_is_done_before_it_is_asked_for() -> None:
    done: list[int] = []
    with Crew(workers=0) as crew:
        later = crew.submit(partial(done.append, 1))
        assert done == []
        later.result()
    assert done == [1]


def test_what_fails_is_raised_where_its_result_is_taken() -> None:
    def fail() -> int:
        raise ValueError("broken")

    with Crew(2) as crew:
        pieces: list[Callable[[], int]] = [partial(int, 1), fail]
        results = crew.ahead(pieces)
        assert next(results) == 1
        with pytest.raises(ValueError, match="broken"):
            next(results)


def test_leaving_waits_for_what_has_begun_and_drops_the_rest() -> None:
    done: list[int] = []
    gate = threading.Event()

    def work(number: int) -> None:
        gate.wait(5)
        done.append(number)

    with Crew(1) as crew:
        for number in range(5):
            crew.submit(partial(work, number))
        time.sleep(0.05)
        gate.set()
    count = len(done)
    assert 1 <= count <= 5
    time.sleep(0.05)
    assert len(done) == count


def test_there_are_a_few_workers_at_most() -> None:
    assert available_cores() >= 1
    with Crew() as crew:
        assert 1 <= crew.workers <= MAX_WORKERS

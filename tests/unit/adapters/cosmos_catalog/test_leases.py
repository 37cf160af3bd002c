"""Leases: one holder at a time, renewed while alive, free some time after its death."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from avdataops.adapters.cosmos_catalog import CosmosLeases, open_cosmos_leases
from avdataops.adapters.cosmos_catalog.leases import HOLD_S
from avdataops.model.errors import Busy
from avdataops.ports.leases import Leases
from tests.doubles.cosmos.faults import Fault, Kind
from tests.doubles.cosmos.server import KEY, CosmosDouble

NAME = "m_0123456789abcdef"
Open = Callable[[float], CosmosLeases]


@pytest.fixture
def open_leases(cosmos: CosmosDouble, database: str) -> Iterator[Open]:
    opened: list[CosmosLeases] = []

    def again(hold_s: float) -> CosmosLeases:
        opened.append(open_cosmos_leases(cosmos.endpoint, database, key=KEY, hold_s=hold_s))
        return opened[-1]

    yield again
    for leases in opened:
        leases.close()


def documents(cosmos: CosmosDouble, database: str) -> int:
    return len(list(cosmos.service.container(database, "leases").alive(None, None)))


def test_what_is_held_cannot_be_held_by_another_until_it_is_left(open_leases: Open) -> None:
    mine: Leases = open_leases(HOLD_S)
    theirs = open_leases(HOLD_S)
    with mine.hold(NAME):
        with pytest.raises(Busy, match=NAME), theirs.hold(NAME):
            pytest.fail("two hold it")
        with theirs.hold("m_other"):
            pass
    with theirs.hold(NAME):
        pass


def test_a_lease_is_not_held_twice_by_one_process(open_leases: Open) -> None:
    leases = open_leases(HOLD_S)
    with leases.hold(NAME), pytest.raises(Busy), leases.hold(NAME):
        pytest.fail("held twice")


@pytest.mark.parametrize("name", ["a/b", "ü?#\\", "x" * 900])
def test_any_name_can_be_held(open_leases: Open, name: str) -> None:
    leases = open_leases(HOLD_S)
    with leases.hold(name), pytest.raises(Busy), leases.hold(name):
        pytest.fail("held twice")


def test_a_lease_is_given_back_when_the_work_fails(
    cosmos: CosmosDouble, database: str, open_leases: Open
) -> None:
    leases = open_leases(HOLD_S)
    with pytest.raises(ValueError, match="work"), leases.hold(NAME):
        raise ValueError("work")
    assert documents(cosmos, database) == 0


def test_of_many_that_come_at_once_one_holds(open_leases: Open) -> None:
    all_leases = [open_leases(HOLD_S) for _ in range(4)]
    start, looked = threading.Barrier(4), threading.Barrier(4)

    def try_it(leases: CosmosLeases) -> bool:
        start.wait()
        try:
            with leases.hold(NAME):
                looked.wait()
                return True
        except Busy:
            looked.wait()
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_it, all_leases)) == [False, False, False, True]


def _die(leases: CosmosLeases) -> None:
    """Take the lease and vanish, as a killed process does."""
    leases._take(NAME)


def test_the_lease_of_a_dead_holder_can_be_taken_after_its_time(
    cosmos: CosmosDouble, database: str, open_leases: Open
) -> None:
    _die(open_leases(60.0))
    leases = open_leases(60.0)
    cosmos.service.clock_offset_s = 55.0
    with pytest.raises(Busy), leases.hold(NAME):
        pytest.fail("it was alive a moment ago")
    cosmos.service.clock_offset_s = 63.0
    with leases.hold(NAME):
        assert documents(cosmos, database) == 1
    assert documents(cosmos, database) == 0


def test_of_many_that_wait_for_a_dead_holder_one_takes_over(
    cosmos: CosmosDouble, open_leases: Open
) -> None:
    _die(open_leases(60.0))
    cosmos.service.clock_offset_s = 100.0
    all_leases = [open_leases(60.0) for _ in range(4)]
    start, looked = threading.Barrier(4), threading.Barrier(4)

    def try_it(leases: CosmosLeases) -> bool:
        start.wait()
        try:
            with leases.hold(NAME):
                looked.wait()
                return True
        except Busy:
            looked.wait()
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_it, all_leases)) == [False, False, False, True]


def test_a_dead_lease_leaves_the_container_in_the_end(
    cosmos: CosmosDouble, database: str, open_leases: Open
) -> None:
    _die(open_leases(60.0))
    cosmos.service.clock_offset_s = 602.0
    assert documents(cosmos, database) == 0


def test_a_living_holder_renews_and_keeps_the_lease_beyond_its_time(
    cosmos: CosmosDouble, open_leases: Open
) -> None:
    mine, theirs = open_leases(0.3), open_leases(0.3)
    with mine.hold(NAME):
        cosmos.faults.clear()
        deadline = time.monotonic() + 5.0
        while cosmos.faults.operations.count("replace") < 3:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(Busy), theirs.hold(NAME):
            pytest.fail("it is alive")


def test_a_holder_that_lost_its_lease_says_so_and_leaves_the_new_one_alone(
    cosmos: CosmosDouble, database: str, open_leases: Open, caplog: pytest.LogCaptureFixture
) -> None:
    slow, quick = open_leases(600.0), open_leases(600.0)
    with slow.hold(NAME):
        cosmos.service.clock_offset_s = 700.0
        thief = quick.hold(NAME)
        thief.__enter__()
    assert "was lost to another process" in caplog.text
    assert documents(cosmos, database) == 1
    thief.__exit__(None, None, None)
    assert documents(cosmos, database) == 0


@pytest.mark.parametrize("operation", ["create", "delete"])
def test_a_lost_answer_does_not_lock_the_lease_for_ever(
    cosmos: CosmosDouble, database: str, open_leases: Open, operation: str
) -> None:
    leases = open_leases(HOLD_S)
    cosmos.faults.order(Fault(kind=Kind.CUT_AFTER, operation=operation, number=1))
    with leases.hold(NAME):
        assert documents(cosmos, database) == 1
    with leases.hold(NAME):
        pass
    assert documents(cosmos, database) == 0

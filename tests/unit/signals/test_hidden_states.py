"""The likeliest sequence of states against trying every sequence."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.arrays import Floats
from avdataops.signals.hidden_states import decode

INF = float("inf")


def model(seed: int, count: int, size: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (count, size)), rng.normal(0, 2, (count - 1, size, size))


def every_sequence(given_log: Floats, step: Floats) -> tuple[tuple[int, ...], Floats]:
    """The best sequence, and the probability of each state at each observation."""
    count, size = given_log.shape
    total = np.zeros((count, size))
    best: tuple[int, ...] = ()
    best_score = -INF
    for states in product(range(size), repeat=count):
        score = sum(given_log[row, state] for row, state in enumerate(states))
        score += sum(step[row, a, b] for row, (a, b) in enumerate(pairwise(states)))
        if score > best_score:
            best, best_score = states, score
        for row, state in enumerate(states):
            total[row, state] += np.exp(score)
    return best, total / total.sum(axis=1, keepdims=True)


@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 3))
def test_it_is_what_trying_every_sequence_finds(seed: int, count: int, size: int) -> None:
    log, step = model(seed, count, size)
    (found,) = decode(log, step)
    best, probability = every_sequence(log, step)
    assert tuple(found.state.tolist()) == best
    assert found.probability == pytest.approx(probability, abs=1e-9)


def test_an_impossible_step_is_not_taken_though_states_are_likely() -> None:
    log = np.array([[0.0, -1.0], [0.0, -9.0]])
    step = np.array([[[-INF, -INF], [0.0, -INF]]])
    (found,) = decode(log, step)
    assert found.state.tolist() == [1, 0]
    assert found.probability.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_where_no_state_can_follow_a_new_run_begins() -> None:
    log = np.zeros((4, 2))
    step = np.zeros((3, 2, 2))
    step[1] = -INF
    runs = list(decode(log, step))
    assert [(one.start, one.state.size) for one in runs] == [(0, 2), (2, 2)]
    assert runs[1].probability == pytest.approx(np.full((2, 2), 0.5))


def test_a_state_that_cannot_be_is_never_taken() -> None:
    log = np.array([[0.0, -INF], [0.0, -INF], [-INF, 0.0]])
    (found,) = decode(log, np.zeros((2, 2, 2)))
    assert found.state.tolist() == [0, 0, 1]


def test_a_single_observation_takes_the_likeliest_state() -> None:
    (found,) = decode(np.array([[-3.0, -1.0]]), np.empty((0, 2, 2)))
    assert found.state.tolist() == [1]
    assert found.probability.sum() == pytest.approx(1.0)


def test_no_observations_have_no_runs() -> None:
    assert list(decode(np.empty((0, 3)), np.empty((0, 3, 3)))) == []


def test_very_unlikely_observations_do_not_underflow() -> None:
    log = np.full((500, 2), -800.0)
    log[:, 1] -= 1.0
    (found,) = decode(log, np.full((499, 2, 2), -700.0))
    assert found.state.tolist() == [0] * 500
    assert np.isfinite(found.probability).all()
    assert found.probability[0, 0] == pytest.approx(1 / (1 + np.exp(-1.0)))

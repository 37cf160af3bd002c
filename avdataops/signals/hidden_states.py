"""The likeliest sequence of hidden states (Viterbi), and how likely each one is at each step.

Source: Rabiner, A Tutorial on Hidden Markov Models, 1989, with scaled forward-backward.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from avdataops.signals.arrays import Floats, Indices


class Decoded(NamedTuple):
    """A run of observations that states lead through."""

    start: int
    """First observation of the run."""
    state: Indices
    """The likeliest sequence."""
    probability: Floats
    """Of each state at each observation, given all of the run."""


def decode(log_given: Floats, log_step: Floats) -> Iterator[Decoded]:
    """Yield the runs of observations, cut where no state can follow.

    ``log_given`` (n, k) is how likely each observation is in each state, ``log_step`` (n - 1, k, k)
    each step from one state to another; -inf is impossible.  Each observation must be possible in
    some state.
    """
    count, size = log_given.shape
    start, columns = 0, np.arange(size)
    back = np.zeros((count, size), dtype=np.int64)
    score = log_given[0] if count else np.empty(0)
    for row in range(1, count):
        reached = score[:, None] + log_step[row - 1]
        best = reached.argmax(axis=0)
        following = reached[best, columns] + log_given[row]
        if following.max() == -np.inf:
            yield _run(start, row, score, back, (log_given, log_step))
            start, following = row, log_given[row]
        back[row] = best
        score = following
    if count:
        yield _run(start, count, score, back, (log_given, log_step))


def _run(
    start: int, stop: int, score: Floats, back: Indices, model: tuple[Floats, Floats]
) -> Decoded:
    state = np.empty(stop - start, dtype=np.int64)
    state[-1] = int(score.argmax())
    for row in range(stop - 1, start, -1):
        state[row - 1 - start] = back[row, state[row - start]]
    given, step = model[0][start:stop], model[1][start : stop - 1]
    return Decoded(start, state, _posterior(given, step))


def _posterior(log_given: Floats, log_step: Floats) -> Floats:
    # Scaled by the likeliest of each step, so that nothing likely underflows.
    given = np.exp(log_given - log_given.max(axis=1, keepdims=True))
    peak = log_step.max(axis=(1, 2), keepdims=True) if log_step.size else log_step
    step = np.exp(log_step - peak)
    forward, backward = np.empty_like(given), np.ones_like(given)
    forward[0] = given[0] / given[0].sum()
    for row in range(1, len(given)):
        reached = (forward[row - 1] @ step[row - 1]) * given[row]
        forward[row] = reached / max(reached.sum(), np.finfo(float).tiny)
    for row in range(len(given) - 1, 0, -1):
        reached = step[row - 1] @ (given[row] * backward[row])
        backward[row - 1] = reached / max(reached.sum(), np.finfo(float).tiny)
    both = forward * backward
    total = both.sum(axis=1, keepdims=True)
    return np.asarray(both / np.where(total > 0, total, 1.0))

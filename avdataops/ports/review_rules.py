"""What every catalog holds reviews to: rules that need no look at a database."""

import re
from collections.abc import Sequence
from dataclasses import replace

from avdataops.model.errors import InputError, Outdated, shown
from avdataops.model.review import Review, Verdict
from avdataops.model.scene import Scene

MAX_REVIEWS = 1_000
"""Entries in one history: nobody looks at a scene more often."""

MAX_COMMENT, MAX_NAME = 2_000, 200
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def next_review(
    scene: Scene, history: Sequence[Review], given: Review, expected: int | None
) -> Review:
    """Return the entry as it is to be added, or the one that the same request has added.

    Raises ``InputError`` for a review that cannot be and ``Outdated`` for another history.
    """
    for one in history:
        if given.request and one.request == given.request:
            return one
    if expected is not None and expected != len(history):
        raise Outdated(
            f"scene {shown(scene.id)} has {len(history)} reviews, not {expected}",
            hint="read them again, then decide",
        )
    _check(scene, given)
    if len(history) >= MAX_REVIEWS:
        raise InputError(f"scene {shown(scene.id)} has {MAX_REVIEWS} reviews; it takes no more")
    return replace(given, number=len(history) + 1)


def _check(scene: Scene, given: Review) -> None:
    changes = (given.t_start_ns, given.t_end_ns, given.type)
    changed = any(one is not None for one in changes)
    if given.verdict is Verdict.ADJUSTED and not changed:
        raise InputError("an adjusted scene needs another start, end or type")
    if given.verdict is not Verdict.ADJUSTED and changed:
        raise InputError(f"a review that says {given.verdict} changes neither time nor type")
    if given.type is not None and not _TYPE.fullmatch(given.type):
        raise InputError(f"{shown(given.type)} cannot be a scene type; they look like cut_in")
    if len(given.comment) > MAX_COMMENT:
        raise InputError(f"a comment has at most {MAX_COMMENT} characters")
    if not 0 < len(given.by) <= MAX_NAME:
        raise InputError("a review says who made it")
    start_ns = scene.t_start_ns if given.t_start_ns is None else given.t_start_ns
    end_ns = scene.t_end_ns if given.t_end_ns is None else given.t_end_ns
    if not -(2**63) <= start_ns <= end_ns < 2**63:
        raise InputError(f"the scene would end at {end_ns} ns, before it starts at {start_ns} ns")

"""What every catalog holds saved queries and datasets to: rules that need no look at a database."""

import re
from collections.abc import Sequence
from dataclasses import replace

from avdataops.model.dataset import Dataset, Frozen, frozen_dataset
from avdataops.model.documents import text_of
from avdataops.model.errors import Conflict, InputError, NotFound, Outdated, shown
from avdataops.model.saved_query import SavedQuery
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog_rules import nearest
from avdataops.ports.curation import REMEMBERED_S, Remembered

MAX_SCENES, MAX_ARTIFACTS = 100_000, 200_000
"""What one dataset may hold: its manifest is read whole to be compared."""

MAX_TEXT = 8_000
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_NAME = re.compile(NAME_PATTERN[1:-1])
_ID = re.compile(r"[a-z]{1,4}_[0-9a-f]{16,40}")


def check_name(name: str) -> str:
    """Return ``name`` if it can be that of a query or dataset, else raise ``InputError``."""
    if not _NAME.fullmatch(name) or _ID.fullmatch(name):
        raise InputError(
            f"{shown(name)} cannot be a name; use 1 to 64 of A-Z a-z 0-9 . _ - and not an id"
        )
    return name


def next_query(now: SavedQuery | None, given: SavedQuery, expected: int) -> SavedQuery:
    """Return the query as it is to be kept; raises ``Outdated`` and ``InputError``."""
    check_name(given.name)
    if not 0 < len(given.text) <= MAX_TEXT:
        raise InputError(f"a saved query has 1 to {MAX_TEXT} characters")
    _check_version(given.name, now, expected)
    kept = replace(given, version=expected + 1)
    text_of(kept)
    return kept


def check_drop(name: str, now: SavedQuery | None, known: Sequence[str], expected: int) -> None:
    """Raise ``NotFound`` or ``Outdated`` unless the query may be forgotten."""
    if now is None:
        raise no_such_name("saved query", name, known)
    _check_version(name, now, expected)


def _check_version(name: str, now: SavedQuery | None, expected: int) -> None:
    there = now.version if now else 0
    if there != expected:
        told = f"has version {there}, not {expected}" if there and expected else (
            "is there already" if there else "is not there any more"
        )  # fmt: skip
        raise Outdated(f"saved query {shown(name)} {told}", hint="read it again, then decide")


def next_remembered(kept: Remembered | None, given: Remembered) -> Remembered:
    """Return what is to be kept of a request under its key."""
    if kept is None or kept.at_ns < given.at_ns - REMEMBERED_S * NS_PER_S:
        return given
    if kept.answer is not None or kept.print != given.print:
        return kept
    return replace(kept, answer=given.answer)


def check_frozen(frozen: Frozen) -> None:
    """Raise ``InputError`` for a dataset that cannot be, or whose id is not that of its content."""
    dataset = frozen.dataset
    check_name(dataset.name)
    if not frozen.scenes:
        raise InputError("no scene matches; an empty dataset is none", hint="avdataops scenes find")
    if len(frozen.scenes) > MAX_SCENES or len(frozen.artifacts) > MAX_ARTIFACTS:
        raise InputError(
            f"a dataset holds at most {MAX_SCENES} scenes and {MAX_ARTIFACTS} artifacts,"
            f" not {len(frozen.scenes)} and {len(frozen.artifacts)}",
            hint="ask for fewer, or freeze several",
        )
    if len(dataset.text) > MAX_TEXT:
        raise InputError(f"the question of a dataset has at most {MAX_TEXT} characters")
    if frozen_dataset(dataset, frozen.scenes, frozen.artifacts) != frozen:
        raise InputError(f"dataset {shown(dataset.id)} is not what it says")
    text_of(dataset)


def same_dataset(known: Dataset, given: Dataset) -> Dataset:
    """Return what is kept under a name; raises ``Conflict`` if that is something else."""
    if known.id != given.id:
        raise Conflict(
            f"dataset {shown(given.name)} is frozen with other content ({known.id})",
            hint=f"take another name; compare: avdataops datasets diff {known.name} OTHER",
        )
    return known


def no_such_name(noun: str, wrong: str, known: Sequence[str]) -> NotFound:
    """Return the error for a name that is not there, with the nearest of some that are."""
    near = nearest(wrong[:100], known)
    told = f"; did you mean '{near}'?" if near else ""
    hints = {"dataset": "avdataops datasets list"}
    return NotFound(f"no {noun} {shown(wrong)}{told}", hint=hints.get(noun))

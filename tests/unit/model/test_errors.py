"""The tree of errors keeps its promises: codes, exit statuses, hints across processes."""

import copy
import json
import pickle

import pytest

from avdataops.model import errors
from avdataops.model.errors import (
    AvdataopsError,
    Busy,
    InputError,
    NotFound,
    TransientError,
    UnreadableFile,
    did_you_mean,
    error_classes,
    shown,
)

OWN = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, AvdataopsError)
]


def test_every_class_has_its_own_code() -> None:
    codes = [kind.code for kind in OWN]
    assert len(set(codes)) == len(codes) == 19
    assert {code: kind for code, kind in error_classes().items() if kind in OWN} == dict(
        zip(codes, OWN, strict=True)
    )


def test_codes_and_exit_statuses_stay_as_they_are() -> None:
    assert {kind.code: (kind.exit_status, kind.retryable) for kind in OWN} == {
        "error": (1, False),
        "input": (65, False),
        "query": (65, False),
        "unreadable_file": (65, False),
        "missing_stream": (65, False),
        "schema_mismatch": (65, False),
        "unsafe_name": (65, False),
        "hostile_input": (65, False),
        "over_limit": (65, False),
        "conflict": (65, False),
        "transient": (75, True),
        "storage_unavailable": (75, True),
        "catalog_unavailable": (75, True),
        "busy": (75, True),
        "config": (78, False),
        "permission_denied": (77, False),
        "outdated": (65, False),
        "not_found": (4, False),
        "nothing_to_do": (0, False),
    }


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = [line for line in (errors.__doc__ or "").splitlines() if line.startswith((" ", "Av"))]
    names = [line.split()[0] for line in drawn]
    assert sorted(names) == sorted(kind.__name__ for kind in OWN)
    parents: list[str] = []
    for line in drawn:
        depth = (len(line) - len(line.lstrip())) // 2
        del parents[depth:]
        kind = getattr(errors, line.split()[0])
        assert depth == 0 or kind.__mro__[1].__name__ == parents[-1]
        parents.append(kind.__name__)


@pytest.mark.parametrize("kind", OWN)
def test_errors_cross_process_boundaries_whole(kind: type[AvdataopsError]) -> None:
    error = kind("no stream '/imu'", hint="avdataops info a.mcap")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert type(other) is kind
        assert (other.message, other.hint, str(other)) == (
            "no stream '/imu'",
            "avdataops info a.mcap",
            "no stream '/imu'",
        )


def test_the_printed_body_is_json() -> None:
    body = Busy("locked", hint="wait").to_json()
    assert json.loads(json.dumps(body)) == {
        "code": "busy",
        "message": "locked",
        "hint": "wait",
        "retryable": True,
    }
    assert NotFound("x").to_json()["hint"] is None


def test_callers_may_catch_by_what_can_be_done() -> None:
    assert issubclass(UnreadableFile, InputError)
    assert issubclass(Busy, TransientError)
    assert not issubclass(NotFound, InputError)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("/imu/data", "; did you mean '/imu/data_raw'?"),
        ("/gnss/fix", ""),
        ("", ""),
    ],
)
def test_the_near_miss_is_told_if_there_is_one(wrong: str, told: str) -> None:
    assert did_you_mean(wrong, iter(["/imu/data_raw", "camera"])) == told


def test_nothing_known_is_no_near_miss() -> None:
    assert did_you_mean("a", []) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m_1", "'m_1'"),
        ("a\x1b[31m\n", r"'a\x1b[31m\n'"),
        ("ü", r"'\xfc'"),
        ("y" * 81, "'" + "y" * 80 + "...'"),
        ("y" * 80, "'" + "y" * 80 + "'"),
    ],
)
def test_shown_is_short_and_printable(text: str, expected: str) -> None:
    assert shown(text) == expected

"""Sessions of browsers: opened by a link once, held by a signed cookie."""

import pytest

from avdataops.api.access import Role
from avdataops.api.sessions import CODE_LASTS_S, LASTS_S, MAX_CODES, Sessions

WORKSPACE = "the token of a workspace, which nobody else knows"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(WORKSPACE, clock)


def opened(sessions: Sessions) -> str:
    cookie = sessions.open(sessions.new_code())
    assert cookie is not None
    return cookie


def test_a_code_opens_one_session_and_no_second(sessions: Sessions) -> None:
    code = sessions.new_code()
    assert sessions.open(code) is not None
    assert sessions.open(code) is None


def test_a_code_that_was_made_up_opens_nothing(sessions: Sessions) -> None:
    sessions.new_code()
    for code in ("", "x", sessions.new_code()[:-1], "\N{SNOWMAN}"):
        assert sessions.open(code) is None


def test_a_code_ends_after_its_time(sessions: Sessions, clock: Clock) -> None:
    code, other = sessions.new_code(), sessions.new_code()
    clock.now_s += CODE_LASTS_S - 1
    assert sessions.open(code) is not None
    clock.now_s += 1
    assert sessions.open(other) is None


def test_codes_that_nobody_opens_do_not_pile_up(sessions: Sessions) -> None:
    first = sessions.new_code()
    later = [sessions.new_code() for _ in range(MAX_CODES)]
    assert sessions.open(first) is None
    assert sessions.open(later[0]) is not None


def test_the_cookie_is_known_until_it_ends(sessions: Sessions, clock: Clock) -> None:
    cookie = opened(sessions)
    caller = sessions.caller(cookie)
    assert caller is not None
    assert (caller.subject, caller.role) == ("local", Role.ADMIN)
    clock.now_s += LASTS_S - 1
    assert sessions.caller(cookie) is not None
    clock.now_s += 1
    assert sessions.caller(cookie) is None


def test_a_session_outlives_a_restart_and_ends_with_the_token(clock: Clock) -> None:
    cookie = opened(Sessions(WORKSPACE, clock))
    assert Sessions(WORKSPACE, clock).caller(cookie) is not None
    assert Sessions("another token of the workspace", clock).caller(cookie) is None


def test_no_two_sessions_have_one_cookie(sessions: Sessions) -> None:
    assert opened(sessions) != opened(sessions)


def test_a_cookie_that_was_touched_is_not_known(sessions: Sessions) -> None:
    until, nonce, signature = opened(sessions).split(".")
    touched = [
        f"{int(until) + 1}.{nonce}.{signature}",
        f"{until}.{nonce[:-1]}{'0' if nonce[-1] != '0' else '1'}.{signature}",
        f"{until}.{nonce}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}",
        f"{until}.{nonce}",
        f"{until}.{nonce}.",
        "",
        "..",
        f"{until}.{nonce}.{signature}.{signature}",
        "9" * 100_000,
    ]
    assert [sessions.caller(one) for one in touched] == [None] * len(touched)


def test_neither_cookie_nor_code_tells_the_token(sessions: Sessions) -> None:
    told = sessions.new_code() + opened(sessions)
    assert WORKSPACE not in told
    assert WORKSPACE.encode().hex() not in told

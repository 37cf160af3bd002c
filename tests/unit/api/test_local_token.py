"""The token of a workspace."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from avdataops.api.access import Caller, Role
from avdataops.api.local_token import FILE_NAME, local_token
from avdataops.model.errors import ConfigError


def test_the_first_start_makes_a_token_that_only_its_owner_can_read(tmp_path: Path) -> None:
    made = local_token(tmp_path)
    assert made.made
    assert made.path == tmp_path / FILE_NAME
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert made.path.read_text(encoding="ascii") == f"{made.token}\n"
    assert len(made.token) >= 43
    assert list(tmp_path.iterdir()) == [made.path]


def test_the_mask_of_the_process_cannot_open_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        local_token(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_later_starts_keep_it(tmp_path: Path) -> None:
    made, again = local_token(tmp_path), local_token(tmp_path)
    assert (again.token, again.made) == (made.token, False)


def test_two_workspaces_have_two_tokens(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert local_token(tmp_path).token != local_token(tmp_path / "other").token


def test_many_starts_at_once_agree_on_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: local_token(tmp_path), range(40)))
    assert len({one.token for one in found}) == 1
    assert sum(one.made for one in found) == 1


def test_its_holder_may_do_everything_and_nobody_else_anything(tmp_path: Path) -> None:
    token = local_token(tmp_path)
    assert token.caller(token.token) == Caller("local", Role.ADMIN)
    for wrong in ("", token.token[:-1], f"{token.token} ", token.token.swapcase(), "é"):
        assert token.caller(wrong) is None


def test_it_does_not_show_itself(tmp_path: Path) -> None:
    token = local_token(tmp_path)
    assert token.token not in repr(token)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = local_token(tmp_path).path
    path.chmod(mode)
    with pytest.raises(ConfigError, match="can be read by others") as caught:
        local_token(tmp_path)
    assert caught.value.hint == "remove it; the next start makes a new one"


@pytest.mark.parametrize("content", [b"", b"short\n", b"x" * 257, "é".encode() * 40, b"\0" * 40])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="holds no token"):
        local_token(tmp_path)


def test_a_link_to_somewhere_else_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x" * 40, encoding="ascii")
    elsewhere.chmod(0o600)
    (tmp_path / FILE_NAME).symlink_to(elsewhere)
    with pytest.raises(ConfigError, match="cannot be read"):
        local_token(tmp_path)


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="cannot be read"):
        local_token(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_or_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ConfigError, match="is no file"):
        local_token(tmp_path)
    (tmp_path / FILE_NAME).rmdir()
    os.mkfifo(tmp_path / FILE_NAME, 0o600)
    with pytest.raises(ConfigError, match="is no file"):
        local_token(tmp_path)

"""The token of a workspace: random, in a file that only its owner can read."""

import hmac
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from avdataops.api.access import Caller, Role
from avdataops.model.errors import ConfigError

FILE_NAME = "api-token"
_BYTES = 32
_MIN_CHARS, _MAX_CHARS = 32, 256
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class LocalToken:
    """Takes the one token of a workspace, whose holder may do everything."""

    path: Path
    token: str = field(repr=False)
    made: bool = False
    """Whether it was made just now."""

    def caller(self, token: str) -> Caller | None:
        """Return the owner for the right token; wrong ones all take the same time."""
        if hmac.compare_digest(token.encode(), self.token.encode()):
            return Caller("local", Role.ADMIN)
        return None


def local_token(folder: Path) -> LocalToken:
    """Return the token of the workspace ``folder``, made if there is none.

    Raises ``ConfigError`` for a file that others can read, that somebody else owns, or that holds
    no token.
    """
    path = folder / FILE_NAME
    made = not os.path.lexists(path) and _write(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from error
    try:
        _check(path, os.fstat(descriptor))
        text = os.read(descriptor, _MAX_CHARS + 1).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    if not (_MIN_CHARS <= len(text) <= _MAX_CHARS and text.isascii() and text.isprintable()):
        raise _unusable(path, "holds no token")
    return LocalToken(path, text, made)


def _check(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise _unusable(path, "is no file")
    if facts.st_uid != os.geteuid() or facts.st_mode & _OTHERS:
        raise _unusable(path, "can be read by others")


def _write(path: Path) -> bool:
    """Put a token at ``path`` unless somebody else just did; it appears whole."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(_BYTES)}\n")
        with suppress(FileExistsError):
            os.link(new, path)
            return True
        return False
    finally:
        new.unlink()


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"the token file '{path}' {why}", hint="remove it; the next start makes a new one"
    )

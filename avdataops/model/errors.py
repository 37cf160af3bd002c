"""Every error the product raises on purpose, as one tree.

AvdataopsError
  InputError            what was given cannot be used; trying again will not help
    QueryError          a query is not understood; it is pointed at where
    UnreadableFile      not a known format, or too damaged to open
    MissingStream       a recording or measurement has no such stream
    SchemaMismatch      a table, manifest or document lacks its promised shape
    UnsafeName          a name that would leave its folder or hide a file
    HostileInput        a limit was passed that no honest file passes
    OverLimit           a task took more memory or processor time than one may have
    Conflict            the thing exists already with other content
    Outdated            the thing was changed since the writer had read it
  TransientError        trying again later may help
    StorageUnavailable
    CatalogUnavailable
    Busy                somebody else is working on the same measurement
  ConfigError           a setting is missing or wrong
  PermissionDenied      the storage or catalog refused this identity
  NotFound              no such measurement, artifact, run or scene
  NothingToDo           all that was asked for exists already

Each class has a ``code`` that stays the same in JSON, HTTP and logs, and the exit status that a
process ends with.  A message names the thing, the near miss and, as ``hint``, the next command.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar

_SHOWN = 80
"""Characters of somebody else's text that a message repeats: a line of a terminal."""


class AvdataopsError(Exception):
    """Base of the tree; never raised itself.

    >>> try:
    ...     lake.scene("scn_0")
    ... except av.AvdataopsError as error:
    ...     print(error.code, "-", error.hint)
    not_found - avdataops scenes find
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the hint when an error crosses a process boundary."""
        return (_rebuild, (type(self), self.message, self.hint))

    def to_json(self) -> dict[str, object]:
        """Return the body that the CLI and the API print for this error."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
        }


def _rebuild(kind: type[AvdataopsError], message: str, hint: str | None) -> AvdataopsError:
    return kind(message, hint=hint)


class InputError(AvdataopsError):
    """What was given cannot be used; trying again will not help."""

    code = "input"
    exit_status = 65


class QueryError(InputError):
    """A query is not understood; the message has the query and carets on lines of their own."""

    code = "query"


class UnreadableFile(InputError):
    """The file is of no known format, or too damaged to open."""

    code = "unreadable_file"


class MissingStream(InputError):
    """The recording or measurement has no such stream."""

    code = "missing_stream"


class SchemaMismatch(InputError):
    """A table, manifest or document lacks its promised shape."""

    code = "schema_mismatch"


class UnsafeName(InputError):
    """A name that would leave its folder or hide a file."""

    code = "unsafe_name"


class HostileInput(InputError):
    """A limit was passed that no honest file passes."""

    code = "hostile_input"


class OverLimit(InputError):
    """A task took more memory or processor time than the settings allow; it was ended."""

    code = "over_limit"


class Conflict(InputError):
    """The thing exists already, with other content."""

    code = "conflict"


class Outdated(InputError):
    """The thing was changed since the writer had read it."""

    code = "outdated"


class TransientError(AvdataopsError):
    """Trying again later may help."""

    code = "transient"
    exit_status = 75
    retryable = True


class StorageUnavailable(TransientError):
    """The storage did not answer, or answered with a temporary failure."""

    code = "storage_unavailable"


class CatalogUnavailable(TransientError):
    """The catalog did not answer, or answered with a temporary failure."""

    code = "catalog_unavailable"


class Busy(TransientError):
    """Somebody else is working on the same measurement."""

    code = "busy"


class ConfigError(AvdataopsError):
    """A setting is missing or wrong."""

    code = "config"
    exit_status = 78


class PermissionDenied(AvdataopsError):
    """The storage or the catalog refused this identity."""

    code = "permission_denied"
    exit_status = 77


class NotFound(AvdataopsError):
    """No such measurement, artifact, run or scene."""

    code = "not_found"
    exit_status = 4


class NothingToDo(AvdataopsError):
    """All that was asked for exists already."""

    code = "nothing_to_do"
    exit_status = 0


def error_classes() -> dict[str, type[AvdataopsError]]:
    """Return every class of the tree by its code; a private subclass speaks with its parent's."""
    found: dict[str, type[AvdataopsError]] = {}
    waiting: list[type[AvdataopsError]] = [AvdataopsError]
    while waiting:
        kind = waiting.pop(0)
        found.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    return found


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return `` ; did you mean 'x'?`` for the nearest known name, or nothing."""
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""


def shown(text: str) -> str:
    """Return ``text`` quoted, short and free of control characters."""
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")

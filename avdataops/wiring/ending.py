"""How a process is ended: by a signal, or by a machine that refuses.  Imports nothing heavy."""

import signal

from avdataops.model.errors import AvdataopsError, PermissionDenied, StorageUnavailable

TERMINATED = 143
"""Exit status after SIGTERM."""


class Terminated(BaseException):
    """SIGTERM: leave cleanly; the work so far is kept and a rerun goes on from there."""


def end_on_sigterm() -> None:
    """Let SIGTERM raise ``Terminated`` in the main thread, once: leaving is not interrupted."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: object) -> None:
    del frame
    signal.signal(number, signal.SIG_IGN)
    raise Terminated


def of_the_machine(error: OSError) -> AvdataopsError:
    """Return what a refusal of the operating system means to the user."""
    if isinstance(error, PermissionError):
        return PermissionDenied(f"this user may not read or write {error.filename}")
    return StorageUnavailable(
        f"the machine failed at {error.filename or 'a file'}: {error.strerror}"
    )

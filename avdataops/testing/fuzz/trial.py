"""Reads one changed recording in a process of its own, which may not take what it likes."""

import contextlib
import multiprocessing
import resource
import signal
import threading
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from avdataops.model.errors import InputError
from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording

_SPAWN = multiprocessing.get_context("spawn")
WALL_S = 30.0
"""For one recording of at most a megabyte; an honest one takes well under a second."""
MEMORY_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one recording."""

    rows: int = 0
    refused: str | None = None
    """Code of the typed error that refused it."""
    finding: str | None = None
    """What must not happen: another error, a hang, a crash, memory without bound."""


def read(data: bytes) -> Outcome:
    """Read everything in a recording; whatever is wrong must be a typed error or a problem."""
    rows = 0
    try:
        with open_recording(BytesFile("fuzzed", data)) as reader:
            for batch in reader.batches():
                batch.rows.validate(full=True)
                rows += batch.rows.num_rows
            reader.problems()
    except InputError as error:
        return Outcome(rows, refused=error.code)
    except Exception:  # noqa: BLE001 - this is what is looked for
        return Outcome(rows, finding=traceback.format_exc(limit=-6))
    return Outcome(rows)


class Trials:
    """A process that reads recordings one after the other; one that hangs or dies is replaced."""

    def __init__(self, wall_s: float = WALL_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._wall_s = wall_s
        self._memory_bytes = memory_bytes
        self._process: Any = None
        self._pipe: Connection[Any, Any] | None = None

    def read(self, data: bytes) -> Outcome:
        """Return what comes of a recording, also if it takes the process down."""
        pipe = self._pipe if self._pipe is not None else self._start()
        try:
            pipe.send_bytes(data)
            if pipe.poll(self._wall_s):
                found: Outcome = pipe.recv()
                return found
        except (EOFError, OSError):
            self._process.join(5)
            code = self._process.exitcode
            self.close()
            return Outcome(finding=f"the process ended with status {code}")
        self.close()
        return Outcome(finding=f"it took more than {self._wall_s:g} s")

    def _start(self) -> "Connection[Any, Any]":
        ours, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_serve, args=(theirs, self._memory_bytes), daemon=True
        )
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours

    def close(self) -> None:
        """End the process."""
        if self._pipe is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join()
            self._pipe = None


def _serve(pipe: "Connection[Any, Any]", memory_bytes: int) -> None:
    warnings.simplefilter("error")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Stacks of threads count as memory; the usual 8 MB each are more than readers need.
    threading.stack_size(1 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(read(pipe.recv_bytes()))

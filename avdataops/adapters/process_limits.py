"""Holds processes to limits: what they have taken so far, and what is too much."""

import math
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import Limits

LOOK_EVERY_S = 0.1
"""Memory can grow by a gigabyte between two looks, hardly by more: pages must be filled."""
_PAGE = resource.getpagesize()


@dataclass(frozen=True, slots=True)
class Excess:
    """Which limit a task has passed."""

    why: str
    by_itself: bool
    """True where another attempt would take as much; a wall clock also runs while others work."""


@dataclass(slots=True)
class Watch:
    """One task in a process, against its limits."""

    pid: int
    task: TaskSpec
    limits: Limits
    began: float = field(default_factory=time.monotonic)

    def excess(self) -> Excess | None:
        """Return the limit that the task has passed, if any."""
        most = self.limits.memory_bytes
        if most is not None and resident_bytes(self.pid) > most:
            return Excess(f"it took more than {most >> 20} MiB of memory", by_itself=True)
        _, wall_s = self.limits.times(self.task)
        if wall_s is not None and time.monotonic() - self.began > wall_s:
            return Excess(f"it ran for more than {wall_s:.0f} s", by_itself=False)
        return None


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 where the system does not tell, or it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def limit_cpu(cpu_s: float | None) -> None:
    """Let this process take ``cpu_s`` seconds from now on; more ends it with SIGXCPU.

    The system counts over the life of a process, which takes several tasks one after the other.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = resource.RLIM_INFINITY
    if cpu_s is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(used.ru_utime + used.ru_stime + cpu_s)
        soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))

"""Runs the ways of a case in fresh processes, turn by turn, so that all meet the same machine."""

import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.extract.case import OURS, Case, Way
from benchmarks.extract.environments import CACHE, NoEnvironmentError, python_for

ROOT = Path(__file__).parents[2]
_TIMEOUT_S = 1800


@dataclass(slots=True)
class Measured:
    """What one way took."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    imported_mb: float = 0.0
    out_mb: float = 0.0
    messages: int = 0

    @property
    def median_s(self) -> float:
        """Median wall time."""
        return statistics.median(self.seconds)

    @property
    def median_cpu_s(self) -> float:
        """Median time of all cores together; children of the process are not in it."""
        return statistics.median(self.cpu_seconds)

    def add(self, result: Mapping[str, Any]) -> None:
        """Take one run."""
        self.seconds.append(result["seconds"])
        self.cpu_seconds.append(result["cpu_seconds"])
        self.peak_mb = max(self.peak_mb, result["peak_mb"])
        self.imported_mb = max(self.imported_mb, result["imported_mb"])
        self.out_mb, self.messages = result["out_mb"], result["messages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All ways of one case."""

    case: Case
    size_mb: float
    ways: Mapping[str, Measured]
    absent: Mapping[str, str]
    """Way -> why it did not run."""
    equal_values: int | None
    """Values that were held against the first peer's; None if nothing was."""

    def ratio(self, way: str) -> float:
        """Return how many times as long as ours a way took."""
        return self.ways[way].median_s / self.ways[OURS].median_s


def recording_of(case: Case, share: float) -> Path:
    """Return the recording of a case, made once and kept in ``benchmarks/.cache``."""
    folder = CACHE / "extract" / f"{share:g}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.name.replace(' ', '_')}{case.suffix}"
    if not path.exists():
        coming = path.with_name(f"coming_{path.name}")
        coming.unlink(missing_ok=True)
        case.make(coming, share)
        for made in folder.glob(f"{coming.stem}*"):
            made.rename(made.with_name(made.name.removeprefix("coming_")))
    return path


def compare(case: Case, runs: int, share: float) -> Compared:
    """Time all ways of a case; raises ``ValueError`` if values differ from the peer's."""
    recording = recording_of(case, share)
    found: dict[str, Measured] = {}
    absent: dict[str, str] = {}
    equal: int | None = None
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        outs = {way.name: Path(scratch) / str(number) for number, way in enumerate(case.ways)}
        for _ in range(runs):
            for way in case.ways:
                if way.name in absent:
                    continue
                try:
                    result = run(way, recording, outs[way.name])
                except NoEnvironmentError as error:
                    absent[way.name] = str(error)
                else:
                    found.setdefault(way.name, Measured()).add(result)
        if case.check:
            module, _, name = case.check.partition(":")
            check = getattr(import_module(module), name)
            equal = check(outs[OURS], outs[case.ways[1].name])
    size_mb = recording.stat().st_size / 1e6
    return Compared(case=case, size_mb=size_mb, ways=found, absent=absent, equal_values=equal)


def run(way: Way, recording: Path, out: Path) -> dict[str, Any]:
    """Run one way once in a fresh process."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = [str(python_for(way.needs)), "-m", "benchmarks.extract.one"]
    command += [way.function, json.dumps(way.imports), str(recording), str(out)]
    done = subprocess.run(  # noqa: S603 - our own module
        command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=_TIMEOUT_S
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeError(f"{way.name} failed on {recording.name}: {last}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result

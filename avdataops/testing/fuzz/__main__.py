"""``./run fuzz [READER] --seconds N``: changes recordings until the time is over.

Prints what came of them, keeps what must not happen under ``--keep``, and returns 1 for it.
"""

import argparse
import hashlib
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from avdataops.testing.fuzz.corpus import READERS, Seed, by_reader
from avdataops.testing.fuzz.mutate import mutated
from avdataops.testing.fuzz.trial import Outcome, Trials

_SHOWN = 20


def trials(reader: str, seeds: list[Seed], seed: int) -> Iterator[tuple[Seed, bytes]]:
    """Yield changed recordings without end; the same seed gives the same ones."""
    rng = random.Random(f"{reader} {seed}")  # noqa: S311 - chance, not secrets
    while True:
        given = rng.choice(seeds)
        yield given, mutated(given.data, rng)


def main(arguments: list[str] | None = None) -> int:
    """Run until the time is over; 1 if anything happened that must not."""
    parser = argparse.ArgumentParser(prog="./run fuzz", description=__doc__)
    parser.add_argument("reader", nargs="?", choices=READERS, help="one format; default: all")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all formats together")
    parser.add_argument("--seed", type=int, default=1, help="another one changes other bytes")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="folder of finds")
    parser.add_argument("--data", type=Path, help="folder with real recordings to change too")
    given = parser.parse_args(arguments)
    readers = (given.reader,) if given.reader else READERS
    named = os.environ.get("AVDATAOPS_TEST_DATA")
    corpus = by_reader(readers, given.data or (Path(named) if named else None))
    found = 0
    for reader, seeds in corpus.items():
        found += _run(reader, seeds, given.seconds / len(corpus), given)
    return 1 if found else 0


def _run(reader: str, seeds: list[Seed], seconds: float, given: argparse.Namespace) -> int:
    counts: Counter[str] = Counter()
    found = 0
    process = Trials()
    process.read(seeds[0].data)  # The process has started before the time runs.
    until = time.monotonic() + seconds
    try:
        for seed, data in trials(reader, seeds, given.seed):
            outcome = process.read(data)
            counts[_in_short(outcome)] += 1
            if outcome.finding is not None:
                found += 1
                _keep(given.keep, reader, seed, data, outcome.finding)
            if time.monotonic() >= until:
                break
    finally:
        process.close()
    told = ", ".join(f"{count} {name}" for name, count in counts.most_common(_SHOWN))
    line = f"{reader:8} {len(seeds):3} recordings, {counts.total():6} changed: {told}\n"
    sys.stdout.write(line)
    sys.stdout.flush()
    return found


def _in_short(outcome: Outcome) -> str:
    if outcome.finding is not None:
        return "FINDINGS"
    if outcome.refused is not None:
        return outcome.refused
    return "read" if outcome.rows else "read as empty"


def _keep(folder: Path, reader: str, seed: Seed, data: bytes, finding: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{reader}-{hashlib.sha256(data).hexdigest()[:12]}"
    (folder / name).write_bytes(data)
    (folder / f"{name}.txt").write_text(f"{reader}, from {seed.name}\n\n{finding}\n")
    last = finding.strip().splitlines()[-1]
    sys.stderr.write(f"{reader}: {folder / name}, from {seed.name}: {last}\n")


if __name__ == "__main__":
    sys.exit(main())

"""Command ``python -m sample_data OUT``: writes a test drive and prints where it is."""

import argparse
import sys
from pathlib import Path

from avdataops.model.errors import AvdataopsError
from sample_data.drive import write_drive


def main(arguments: list[str] | None = None) -> int:
    """Write the drive that the arguments ask for and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_data", description="Write a synthetic test drive with its truth."
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write into")
    parser.add_argument("--seed", type=int, default=7, help="0 or more (default %(default)s)")
    parser.add_argument(
        "--duration",
        type=float,
        default=180.0,
        metavar="S",
        help="seconds, at least 20 (default %(default)s)",
    )
    chosen = parser.parse_args(arguments)
    try:
        made = write_drive(chosen.out, seed=chosen.seed, duration_s=chosen.duration)
    except AvdataopsError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_status
    sys.stdout.write(f"{made.drive}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``./run bench [NAME]``: run one benchmark, or list them."""

import sys

from benchmarks import detect, memory, scene_pages
from benchmarks.accuracy import command as accuracy
from benchmarks.commute import command as commute
from benchmarks.extract import command as extract

BENCHMARKS = {
    "accuracy": accuracy.main,
    "commute": commute.main,
    "detect": detect.main,
    "extract": extract.main,
    "memory": memory.main,
    "pages": scene_pages.main,
}


def main(arguments: list[str]) -> int:
    """Run the named benchmark."""
    if not arguments or arguments[0] not in BENCHMARKS:
        print(f"usage: ./run bench {'|'.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    return BENCHMARKS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``python -m tests.doubles.cosmos``: runs the double until its standard input ends."""

import json
import sys

from tests.doubles.cosmos.server import KEY, CosmosDouble


def main() -> int:
    """Print one JSON line with address and key, and serve."""
    with CosmosDouble() as double:
        sys.stdout.write(json.dumps({"endpoint": double.endpoint, "key": KEY}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())

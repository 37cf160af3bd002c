"""Starts the double as a process: ``python -m tests.doubles.batch --nodes 2 --slots 4``.

Prints one line of JSON with its endpoint, account and key, and ends on SIGTERM or SIGINT.
"""

import argparse
import json
import signal
import sys
import threading

from tests.doubles.batch.server import ACCOUNT, KEY, BatchDouble


def main() -> None:
    """Serve one account with one pool until told to end."""
    parser = argparse.ArgumentParser(description="A Batch account for tests.")
    parser.add_argument("--pool", default="execution")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--slots", type=int, default=8)
    given = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with BatchDouble() as double:
        double.add_pool(given.pool, nodes=given.nodes, slots=given.slots)
        facts = {"endpoint": double.endpoint, "account": ACCOUNT, "key": KEY, "pool": given.pool}
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        over.wait()


if __name__ == "__main__":
    main()

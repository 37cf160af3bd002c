"""``python -m avdataops``."""

import sys

from avdataops.cli import main

if __name__ == "__main__":
    sys.exit(main())

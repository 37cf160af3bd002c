"""The description of the API as text; ``python -m avdataops.api.describe`` writes it to stdout.

The one that is checked in is ``schemas/api/openapi.json``.
"""

import json
import sys

from avdataops.api.app import assembled


def description() -> str:
    """Return the OpenAPI document, indented, ending in a newline."""
    return f"{json.dumps(assembled().openapi(), indent=2, ensure_ascii=False)}\n"


if __name__ == "__main__":
    sys.stdout.write(description())

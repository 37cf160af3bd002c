"""Request units, roughly as the service charges them: enough to see what costs, not how much."""

import math

_KIB = 1024
_QUERY_BASE = 2.8
_QUERY_PER_ITEM = 0.3


def read_charge(size_bytes: int) -> float:
    """Return the charge of a point read: 1 for 1 KiB, about 10 for 100 KiB."""
    return 1.0 + math.floor(size_bytes / (10 * _KIB))


def write_charge(size_bytes: int) -> float:
    """Return the charge of a write: 5.5 for 1 KiB without indexes, growing with the size."""
    return round(5.5 + 2.0 * math.floor(size_bytes / _KIB), 2)


def query_charge(looked_at: int, returned: int) -> float:
    """Return the charge of one page of a query."""
    return round(_QUERY_BASE + _QUERY_PER_ITEM * returned + 0.01 * looked_at, 2)

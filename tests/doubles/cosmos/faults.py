"""Faults that a test orders: throttling, outage, connections cut before or after the work."""

import threading
from dataclasses import dataclass
from enum import StrEnum

WRITES = frozenset({"create", "upsert", "replace", "patch", "delete", "batch"})


class Kind(StrEnum):
    """What goes wrong."""

    THROTTLE = "throttle"
    """429 with a time to wait; nothing was done."""
    OUTAGE = "outage"
    """503; nothing was done."""
    FORBIDDEN = "forbidden"
    """403; nothing was done."""
    CUT_BEFORE = "cut before"
    """The connection ends without an answer; nothing was done."""
    CUT_AFTER = "cut after"
    """The connection ends without an answer; the work was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One order: which requests it strikes, and how."""

    kind: Kind
    operation: str | None = None
    """create, upsert, replace, read, patch, delete, batch, query or feed; "write" is any that
    writes, None is any."""
    number: int | None = None
    """The n-th request of that operation since the order, from 1; None is every one."""
    after: int = 0
    """How many requests of that operation pass first."""
    times: int = 1_000_000_000
    """How many requests it strikes."""
    retry_after_ms: int = 1


@dataclass(slots=True)
class _Order:
    fault: Fault
    seen: int = 0
    struck: int = 0

    def strikes(self, operation: str) -> bool:
        fault = self.fault
        names = {operation, None, "write" if operation in WRITES else None}
        if fault.operation not in names:
            return False
        self.seen += 1
        if fault.number not in {None, self.seen} or self.seen <= fault.after:
            return False
        if self.struck >= fault.times:
            return False
        self.struck += 1
        return True


class Faults:
    """The orders in force, and a count of all requests for documents."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._orders: list[_Order] = []
        self._operations: list[str] = []

    def order(self, fault: Fault) -> None:
        """Put a fault in force; its count starts now."""
        with self._turn:
            self._orders.append(_Order(fault))

    def clear(self) -> None:
        """Take back all orders and forget the requests seen."""
        with self._turn:
            self._orders.clear()
            self._operations.clear()

    @property
    def operations(self) -> list[str]:
        """Operations on documents since the last ``clear``, in order."""
        with self._turn:
            return list(self._operations)

    def strike(self, operation: str) -> Fault | None:
        """Count one request and return the fault that strikes it, if any."""
        with self._turn:
            self._operations.append(operation)
            hits = [order.fault for order in self._orders if order.strikes(operation)]
            return hits[0] if hits else None

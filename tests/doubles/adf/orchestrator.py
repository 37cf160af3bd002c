"""A stand-in for ``batch_tasks.orchestrate``: keeps the contract, does no work, fails on order.

It holds every request against the tables of ``pipelines/adf/README.md``, so a pipeline that hands
over too little, too much or something that is no string does not pass.
"""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.doubles.adf.commands import Finished

COMMAND = "python -m batch_tasks.orchestrate"
STEPS = (
    "validate",
    "extract",
    "downsample",
    "sync",
    "keyframes",
    "enrich",
    "detect_scenes",
    "full_rate",
)
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")
_ALWAYS = frozenset({"action", "settings", "pipelineRunId", "traceparent"})
REQUESTS: Mapping[str, frozenset[str]] = {
    "run": _ALWAYS | {"measurement", "first", "last", "params"},
    "quarantine": _ALWAYS | {"measurement", "code", "message", "fix"},
    "reconcile": _ALWAYS | {"limit", "older_than_minutes"},
    "rehydrate": _ALWAYS | {"measurement", "priority"},
    "labels": _ALWAYS | {"measurement", "direction", "format", "delivery", "exemption"},
}
"""Properties of ``extendedProperties`` by action."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do with the next request that fits."""

    exit_code: int = 0
    output: Mapping[str, Any] | None = None
    """Fields of outputs.json over the usual ones."""


def rejected(code: str, message: str, fix: str, state: str | None = "quarantined") -> Order:
    """Return the order to answer that the input can never succeed."""
    reason = {"code": code, "message": message, "fix": fix}
    return Order(output={"verdict": "rejected", "state": state, "reason": reason})


class FakeOrchestrator:
    """A ``StartCustom`` that remembers requests and follows orders."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.found: list[str] = []
        """Measurements that ``reconcile`` answers with."""
        self._orders: dict[tuple[str, str], list[Order]] = {}
        self._lock = threading.Lock()

    def order(self, what: str, measurement: str, *orders: Order) -> None:
        """Follow ``orders``, one per request, for a step or another action on a measurement."""
        self._orders.setdefault((what, measurement), []).extend(orders)

    def of(self, what: str, measurement: str = "") -> list[dict[str, str]]:
        """Return the requests for a step or another action."""
        with self._lock:
            return [
                one
                for one in self.requests
                if what in {one.get("first"), one["action"]}
                and measurement in {"", one.get("measurement")}
            ]

    def __call__(self, command: str, folder: Path, timeout_s: float) -> Finished:
        """Answer one request."""
        if command != COMMAND or timeout_s <= 0:
            raise AssertionError(f"unexpected command {command!r} for {timeout_s} s")
        activity = json.loads((folder / "activity.json").read_text(encoding="utf-8"))
        request = activity["typeProperties"]["extendedProperties"]
        check_request(request)
        order = self._take(request)
        if order.exit_code == 0:
            output = {**_usual(request, self.found), **(order.output or {})}
            (folder / "outputs.json").write_text(json.dumps(output), encoding="utf-8")
        return Finished(order.exit_code)

    def _take(self, request: dict[str, str]) -> Order:
        what = request.get("first", request["action"])
        with self._lock:
            self.requests.append(request)
            waiting = self._orders.get((what, request.get("measurement", "")), [])
            return waiting.pop(0) if waiting else Order()


def check_request(request: Mapping[str, Any]) -> None:
    """Raise ``AssertionError`` if a request is not as the contract says."""
    wanted = REQUESTS[request["action"]]
    problems = [
        *(f"'{name}' is missing" for name in sorted(wanted - request.keys())),
        *(f"'{name}' is unknown" for name in sorted(request.keys() - wanted)),
        *(f"'{name}' is no string" for name in request if not isinstance(request[name], str)),
        *(
            f"'{name}' is no JSON object"
            for name in ("settings", "params")
            if not isinstance(json.loads(request.get(name, "{}")), dict)
        ),
        *(
            f"there is no step '{request[name]}'"
            for name in ("first", "last")
            if request.get(name, STEPS[0]) not in STEPS
        ),
    ]
    if not _TRACEPARENT.fullmatch(request.get("traceparent", "")):
        problems.append(f"'{request.get('traceparent')}' is no trace context")
    if problems:
        raise AssertionError("; ".join(problems))


def _usual(request: Mapping[str, str], found: list[str]) -> dict[str, Any]:
    action = request["action"]
    answer: dict[str, Any] = {"schema_version": 1, "action": action, "verdict": "done"}
    answer["reason"] = None
    if action == "reconcile":
        return {**answer, "measurements": found[: int(request["limit"])]}
    answer["measurement"] = request["measurement"]
    if action == "run":
        is_last = request["last"] == STEPS[-1]
        counts = {"ran": 1, "already": 0, "failed": 0}
        state = "complete" if is_last else "pending"
        return {**answer, "state": state, "counts": counts, "runs": ["run_1"]}
    if action == "quarantine":
        return {**answer, "state": "quarantined"}
    if action == "labels":
        number = 1 if request["direction"] == "import" else None
        return {**answer, "package": "pkg_1", "delivery": number, "counts": {}, "runs": ["run_1"]}
    return {**answer, "waiting": 0, "ready": 3}

"""Runs one level of activities: dependencies, retries, and what the level comes to.

Sources: Microsoft Learn, "Errors and conditional execution" (pipeline outcome from its leaves),
"Pipelines and activities" (dependency conditions, activity policy).
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tests.doubles.adf.context import Context
from tests.doubles.adf.expressions import ExpressionError
from tests.doubles.adf.limits import seconds, too_large
from tests.doubles.adf.resources import Document, own_properties
from tests.doubles.adf.runs import ActivityFailed, ActivityRun, DriverError, Result, Status

MAX_PAYLOAD_BYTES = 896 << 10
_NOT_EVALUATED = "InvalidTemplate"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Policy:
    """Execution policy of one activity, expressions evaluated."""

    timeout_s: int
    retry: int
    interval_s: int
    secure_input: bool
    secure_output: bool


def policy_of(context: Context, activity: Document) -> Policy:
    """Return the policy with ADF's defaults: 12 hours, no retry, 30 s between."""
    given = context.resolve(activity.get("policy", {}))
    return Policy(
        seconds(given.get("timeout", "0.12:00:00")),
        int(given.get("retry", 0)),
        given.get("retryIntervalInSeconds", 30),
        given.get("secureInput", False),
        given.get("secureOutput", False),
    )


def spawn(work: Callable[[], _T]) -> "Future[_T]":
    """Run ``work`` in a thread of its own.  Not a pool: waiting parents would fill it."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it belongs to who waits
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def run_level(context: Context, activities: Sequence[Document]) -> Mapping[str, Result]:
    """Run activities that stand side by side, each as soon as its dependencies allow."""
    futures: dict[str, Future[Result]] = {}
    for activity in _in_order(activities):
        before = {d["activity"]: futures[d["activity"]] for d in activity.get("dependsOn", ())}
        futures[activity["name"]] = spawn(_when_ready(context, activity, before, futures))
    return {name: future.result() for name, future in futures.items()}


def _when_ready(
    context: Context,
    activity: Document,
    before: Mapping[str, "Future[Result]"],
    beside: Mapping[str, "Future[Result]"],
) -> Callable[[], Result]:
    def work() -> Result:
        done = {name: future.result() for name, future in before.items()}
        for wanted in activity.get("dependsOn", ()):
            if not _is_met(wanted["dependencyConditions"], done[wanted["activity"]].status):
                return _report(context, activity, Result(Status.SKIPPED))
        ended = {name: f.result() for name, f in list(beside.items()) if f.done()}
        return run_activity(replace(context, seen={**context.seen, **ended}), activity)

    return work


def _is_met(conditions: Sequence[str], status: Status) -> bool:
    is_completed = "Completed" in conditions and status is not Status.SKIPPED
    return is_completed or status.value in conditions


def _in_order(activities: Sequence[Document]) -> list[Document]:
    waiting, ordered, known = list(activities), [], set[str]()
    while waiting:
        ready = [a for a in waiting if {d["activity"] for d in a.get("dependsOn", ())} <= known]
        if not ready:
            raise DriverError(f"dependencies cannot be met: {[a['name'] for a in waiting]}")
        ordered += ready
        known |= {a["name"] for a in ready}
        waiting = [a for a in waiting if a["name"] not in known]
    return ordered


def run_activity(context: Context, activity: Document) -> Result:
    """Run one activity with its retries and report it."""
    handler = context.machinery.handlers.get(activity["type"])
    if handler is None or activity.get("state", "Active") != "Active":
        raise DriverError(f"'{activity['name']}': no {activity['type']} activity is known here")
    try:
        policy = policy_of(context, activity)
    except (ExpressionError, ValueError) as error:
        return _report(context, activity, _not_evaluated(error))
    attempts = 0
    while True:
        attempts += 1
        result = _attempt(handler, context, activity)
        is_final = result.status is Status.SUCCEEDED or result.code == _NOT_EVALUATED
        if is_final or attempts > policy.retry:
            return _report(context, activity, result, policy, attempts)
        context.machinery.seams.clock.sleep(policy.interval_s)


def _not_evaluated(error: Exception) -> Result:
    return Result(Status.FAILED, code=_NOT_EVALUATED, message=str(error))


def _attempt(handler: Any, context: Context, activity: Document) -> Result:
    try:
        return Result(Status.SUCCEEDED, handler(context, activity))
    except ExpressionError as error:
        return _not_evaluated(error)
    except ActivityFailed as error:
        return Result(Status.FAILED, error.output, error.code, error.message)


_HIDDEN = Policy(0, 0, 0, secure_input=True, secure_output=True)


def _report(
    context: Context,
    activity: Document,
    result: Result,
    policy: Policy = _HIDDEN,
    attempts: int = 0,
) -> Result:
    entry = ActivityRun(
        name=activity["name"],
        type=activity["type"],
        status=result.status,
        attempts=attempts,
        input=None if policy.secure_input else _input(context, activity),
        output=None if policy.secure_output else result.output,
        code=result.code,
        message=result.message,
        user_properties=_user_properties(context, activity) if attempts else {},
    )
    with context.run.lock:
        context.run.log.append(entry)
    return result


def _input(context: Context, activity: Document) -> Any:
    try:
        return context.resolve(own_properties(activity)["typeProperties"])
    except ExpressionError:
        return None


def _user_properties(context: Context, activity: Document) -> dict[str, Any]:
    given = activity.get("userProperties", ())
    try:
        return {one["name"]: context.resolve(one["value"]) for one in given}
    except ExpressionError as error:
        raise DriverError(f"user properties of '{activity['name']}': {error}") from error


def check_payload(value: Any) -> None:
    """Raise ``ActivityFailed`` if an activity would be handed more than the service carries."""
    if too_large(value, MAX_PAYLOAD_BYTES):
        raise ActivityFailed("PayloadTooLarge", "the payload of an activity is 896 KB at most")


def check_outcome(activities: Sequence[Document], results: Mapping[str, Result]) -> None:
    """Raise ``ActivityFailed`` if a level failed: some leaf did, or what a skipped leaf hung on.

    A leaf is an activity that no other one depends on.  A skipped one is judged by those before
    it, so a failure is forgiven only where nothing but its failure path hangs on it.
    """
    parents = {a["name"]: [d["activity"] for d in a.get("dependsOn", ())] for a in activities}
    leaves = parents.keys() - {name for named in parents.values() for name in named}
    judged = [(name != leaf, name) for leaf in leaves for name in _judged(leaf, parents, results)]
    for _, name in sorted(judged):  # a leaf that failed itself says more than what it hung on
        if results[name].status is Status.FAILED:
            message = f"Operation on target {name} failed: {results[name].message}"
            raise ActivityFailed(results[name].code, message)


def _judged(
    name: str, parents: Mapping[str, Sequence[str]], results: Mapping[str, Result]
) -> list[str]:
    if results[name].status is not Status.SKIPPED:
        return [name]
    return [one for parent in parents[name] for one in _judged(parent, parents, results)]

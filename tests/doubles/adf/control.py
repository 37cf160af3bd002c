"""Activities that steer: variables, waiting, choices, loops, other pipelines.

Sources: the Microsoft Learn page of each activity ("control-flow-..."); for loops whose inner
activities fail, "If an inner activity fails, the Until activity doesn't stop", and the common
experience that a ForEach goes through all its items and then fails.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tests.doubles.adf.context import Context, Handler
from tests.doubles.adf.levels import check_outcome, check_payload, run_level
from tests.doubles.adf.limits import MAX_BATCH_COUNT, seconds
from tests.doubles.adf.resources import Document
from tests.doubles.adf.runs import ActivityFailed, DriverError, Status

MAX_ITEMS = 100_000
_DEFAULT_BATCH_COUNT = 20
_VARIABLE_TYPES: Mapping[str, type] = {"String": str, "Bool": bool, "Array": list}


def _set_variable(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    if inside.get("setSystemVariable"):
        raise DriverError("pipeline return values are not known here")
    name, value = inside["variableName"], context.resolve(inside["value"])
    declared = _declared(context, name)
    if not isinstance(value, _VARIABLE_TYPES[declared]):
        raise ActivityFailed("BadRequest", f"variable '{name}' is {declared}, got {value!r}")
    with context.run.lock:
        context.run.variables[name] = value
    return {"name": name, "value": value}


def _append_variable(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    name, value = inside["variableName"], context.resolve(inside["value"])
    if _declared(context, name) != "Array":
        raise ActivityFailed("BadRequest", f"variable '{name}' is no array")
    with context.run.lock:
        context.run.variables[name] = [*context.run.variables[name], value]
    return {"name": name, "value": value}


def _declared(context: Context, name: str) -> str:
    document = context.machinery.factory.get("pipeline", context.run.pipeline)
    declared = document.get("variables", {})
    if name not in declared:
        raise ActivityFailed("BadRequest", f"variable '{name}' is not declared")
    return str(declared[name]["type"])


def _wait(context: Context, activity: Document) -> Any:
    duration_s = context.resolve(activity["typeProperties"]["waitTimeInSeconds"])
    if isinstance(duration_s, bool) or not isinstance(duration_s, int) or duration_s < 1:
        raise ActivityFailed("BadRequest", f"cannot wait {duration_s!r} seconds")
    context.machinery.seams.clock.sleep(duration_s)
    return {}


def _fail(context: Context, activity: Document) -> Any:
    inside = context.resolve(activity["typeProperties"])
    code, message = inside["errorCode"], inside["message"]
    if not (isinstance(code, str) and isinstance(message, str) and code and message):
        raise ActivityFailed("ErrorCodeNotString", "code and message of a Fail must be text")
    raise ActivityFailed(code, message)


def _branch(context: Context, activities: list[Document]) -> None:
    check_outcome(activities, run_level(context, activities))


def _if_condition(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    decided = context.resolve(inside["expression"])
    if not isinstance(decided, bool):
        raise ActivityFailed("InvalidTemplate", f"the condition came to {decided!r}, not a Bool")
    _branch(context, inside.get("ifTrueActivities" if decided else "ifFalseActivities", []))
    return {}


def _switch(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    value = context.resolve(inside["on"])
    cases = {case["value"]: case["activities"] for case in inside.get("cases", ())}
    _branch(context, cases.get(value, inside.get("defaultActivities", [])))
    return {}


def _until(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    clock = context.machinery.seams.clock
    end_s = clock.now_s() + seconds(context.resolve(inside.get("timeout", "0.12:00:00")))
    while True:
        results = run_level(context, inside["activities"])
        seen = replace(context, seen={**context.seen, **results})
        if seen.resolve(inside["expression"]) is True:
            check_outcome(inside["activities"], results)
            return {}
        if clock.now_s() >= end_s:
            raise ActivityFailed("Timeout", f"not true within {inside['timeout']}")


def _for_each(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    items = context.resolve(inside["items"])
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        raise ActivityFailed("InvalidTemplate", f"items must be an array of up to {MAX_ITEMS}")
    at_once = 1 if inside.get("isSequential") else inside.get("batchCount", _DEFAULT_BATCH_COUNT)
    if at_once > MAX_BATCH_COUNT:
        raise DriverError(f"batchCount {at_once}, at most {MAX_BATCH_COUNT}")

    def iterate(item: Any) -> ActivityFailed | None:
        try:
            _branch(replace(context, item=item), inside["activities"])
        except ActivityFailed as failure:
            return failure
        return None

    with ThreadPoolExecutor(at_once) as pool:
        failures = [failure for failure in pool.map(iterate, items) if failure]
    output = {"ItemsCount": len(items)}
    if failures:
        message = f"{len(failures)} of {len(items)} iterations failed; {failures[0].message}"
        raise ActivityFailed(failures[0].code, message, output)
    return output


def _execute_pipeline(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    name = inside["pipeline"]["referenceName"]
    parameters = context.resolve(inside.get("parameters", {}))
    check_payload(parameters)
    started = context.machinery.start(name, parameters, context.run.id)
    if not inside.get("waitOnCompletion", True):
        return {"pipelineName": name}
    run = started.result()
    output = {"pipelineName": name, "pipelineRunId": run.id}
    if run.status is not Status.SUCCEEDED:
        raise ActivityFailed(run.code, run.message, output)
    return output


HANDLERS: Mapping[str, Handler] = {
    "AppendVariable": _append_variable,
    "ExecutePipeline": _execute_pipeline,
    "Fail": _fail,
    "ForEach": _for_each,
    "IfCondition": _if_condition,
    "SetVariable": _set_variable,
    "Switch": _switch,
    "Until": _until,
    "Wait": _wait,
}

"""The rules of control flow, each on a pipeline of its own.

Where a rule comes from is said at the test; pages are those of Microsoft Learn.
"""

import threading
import time
from typing import Any

import pytest

from tests.doubles.adf.clock import FastClock
from tests.doubles.adf.events import blob_created
from tests.doubles.adf.runs import ActivityFailed, DriverError, PipelineRun, Status
from tests.unit.doubles.adf.conftest import (
    Activities,
    MakeDriver,
    activity,
    fail,
    pipeline,
    put,
    wait,
)

OK, BAD, SKIP = Status.SUCCEEDED, Status.FAILED, Status.SKIPPED


def run(make: MakeDriver, activities: Activities, **more: Any) -> PipelineRun:
    return make({"p": pipeline(activities, **more)}).run("p")


def statuses(found: PipelineRun) -> dict[str, Status]:
    return {one.name: one.status for one in found.activities}


@pytest.mark.parametrize(
    ("condition", "after_ok", "after_bad", "after_skip"),
    [
        ("Succeeded", OK, SKIP, SKIP),
        ("Failed", SKIP, OK, SKIP),
        ("Completed", OK, OK, SKIP),
        ("Skipped", SKIP, SKIP, OK),
    ],
)
def test_an_activity_runs_on_its_condition_only(
    make_driver: MakeDriver, condition: str, after_ok: Status, after_bad: Status, after_skip: Status
) -> None:
    """Source: "Pipelines and activities", dependency conditions."""
    found = run(
        make_driver,
        [
            wait("Good"),
            fail("Bad"),
            wait("Never", ("Good", "Failed")),
            wait("AfterGood", ("Good", condition)),
            wait("AfterBad", ("Bad", condition)),
            wait("AfterNever", ("Never", condition)),
        ],
    )
    seen = statuses(found)
    assert (seen["AfterGood"], seen["AfterBad"], seen["AfterNever"]) == (
        after_ok,
        after_bad,
        after_skip,
    )


def test_several_dependencies_must_all_hold(make_driver: MakeDriver) -> None:
    """Source: "Pipelines and activities": activities in dependsOn are joined by AND."""
    found = run(
        make_driver,
        [
            wait("A"),
            fail("B"),
            wait("Both", ("A", "Succeeded"), ("B", "Failed")),
            wait("Neither", ("A", "Succeeded"), ("B", "Succeeded")),
        ],
    )
    assert statuses(found)["Both"] is OK
    assert statuses(found)["Neither"] is SKIP


def test_conditions_on_one_activity_are_alternatives(make_driver: MakeDriver) -> None:
    last = wait("Last", ("Bad", "Succeeded"))
    last["dependsOn"][0]["dependencyConditions"].append("Failed")
    assert run(make_driver, [fail("Bad"), last]).status is OK


@pytest.mark.parametrize("first", [wait("First"), fail("First")], ids=["succeeds", "fails"])
def test_try_catch_succeeds_either_way(make_driver: MakeDriver, first: dict[str, Any]) -> None:
    """Source: "Errors and conditional execution", try catch block."""
    assert run(make_driver, [first, wait("Catch", ("First", "Failed"))]).status is OK


@pytest.mark.parametrize(
    ("first", "expected"), [(wait("First"), OK), (fail("First"), BAD)], ids=["succeeds", "fails"]
)
def test_do_if_else_shows_the_failure(
    make_driver: MakeDriver, first: dict[str, Any], expected: Status
) -> None:
    """Source: "Errors and conditional execution", do if else block."""
    found = run(
        make_driver,
        [first, wait("Then", ("First", "Succeeded")), wait("Else", ("First", "Failed"))],
    )
    assert found.status is expected


@pytest.mark.parametrize("first", [wait("First"), fail("First")], ids=["succeeds", "fails"])
def test_do_if_skip_else_hides_the_failure(make_driver: MakeDriver, first: dict[str, Any]) -> None:
    """Source: "Errors and conditional execution", do if skip else block."""
    found = run(
        make_driver,
        [
            first,
            wait("Then", ("First", "Succeeded")),
            wait("Else", ("First", "Failed")),
            wait("Dummy", ("Then", "Skipped")),
        ],
    )
    assert found.status is OK


def test_a_skipped_leaf_is_judged_by_what_it_hung_on_however_far(make_driver: MakeDriver) -> None:
    """Source: the same page: "if a leaf activity was skipped, we evaluate its parent"."""
    found = run(
        make_driver, [fail("A"), wait("B", ("A", "Succeeded")), wait("C", ("B", "Succeeded"))]
    )
    assert found.status is BAD
    assert found.message == "Operation on target A failed: A on order"
    assert found.code == "42"


def test_a_later_activity_sees_output_and_error_of_earlier_ones(make_driver: MakeDriver) -> None:
    found = run(
        make_driver,
        [
            put("v", "x", "First"),
            fail("Bad", ("First", "Succeeded")),
            put("w", "@activity('First').output.value", "Copy", ("First", "Succeeded")),
            put("e", "@activity('Bad').error.message", "Why", ("Bad", "Failed")),
        ],
        variables={name: {"type": "String"} for name in "vwe"},
    )
    assert found.status is OK
    assert found.outputs["Copy"]["value"] == "x"
    assert found.outputs["Why"]["value"] == "Bad on order"


def test_an_expression_that_cannot_be_evaluated_fails_the_activity(make_driver: MakeDriver) -> None:
    found = run(make_driver, [put("v", "@variables('w')")], variables={"v": {"type": "String"}})
    assert (found.status, found.code) == (BAD, "InvalidTemplate")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("String", "a", OK),
        ("String", 1, BAD),
        ("Bool", "@equals(1, 1)", OK),
        ("Bool", "true", BAD),
        ("Array", "@createArray(1)", OK),
        ("Array", "a", BAD),
    ],
)
def test_variables_keep_their_type(
    make_driver: MakeDriver, kind: str, value: object, expected: Status
) -> None:
    """Source: "Set Variable activity": String, Boolean, Array."""
    assert run(make_driver, [put("v", value)], variables={"v": {"type": kind}}).status is expected


def test_append_adds_to_an_array(make_driver: MakeDriver) -> None:
    """Source: "Append Variable activity"."""
    found = run(
        make_driver,
        [
            activity("AppendVariable", "One", variableName="v", value="a"),
            activity("AppendVariable", "Two", ("One", "Succeeded"), variableName="v", value="b"),
            put("w", "@join(variables('v'), '')", "Put", ("Two", "Succeeded")),
        ],
        variables={"v": {"type": "Array"}, "w": {"type": "String"}},
    )
    assert found.outputs["Put"]["value"] == "ab"


def test_waiting_costs_no_time(make_driver: MakeDriver, clock: FastClock) -> None:
    started = time.monotonic()
    long = activity("Wait", "Long", waitTimeInSeconds="@mul(24, 3600)")
    assert run(make_driver, [long]).status is OK
    assert time.monotonic() - started < 5
    assert clock.slept == [86_400]
    assert clock.now_s() >= 86_400
    assert clock.utc().day == 2


@pytest.mark.parametrize("seconds", [0, "1", 1.5, True])
def test_a_wait_needs_whole_seconds(make_driver: MakeDriver, seconds: object) -> None:
    assert run(make_driver, [activity("Wait", "W", waitTimeInSeconds=seconds)]).status is BAD


@pytest.mark.parametrize(("condition", "ran"), [("@equals(1, 1)", "Yes"), ("@equals(1, 2)", "No")])
def test_if_runs_one_branch(make_driver: MakeDriver, condition: str, ran: str) -> None:
    """Source: "If Condition activity"."""
    choice = activity(
        "IfCondition",
        "If",
        expression={"value": condition, "type": "Expression"},
        ifTrueActivities=[wait("Yes")],
        ifFalseActivities=[wait("No")],
    )
    assert statuses(run(make_driver, [choice])) == {ran: OK, "If": OK}


def test_if_without_that_branch_does_nothing(make_driver: MakeDriver) -> None:
    assert (
        run(make_driver, [activity("IfCondition", "If", expression="@equals(1, 2)")]).status is OK
    )


def test_if_fails_with_its_branch_and_on_anything_but_a_bool(make_driver: MakeDriver) -> None:
    choice = activity(
        "IfCondition", "If", expression="@equals(1, 1)", ifTrueActivities=[fail("In")]
    )
    found = run(make_driver, [choice])
    assert found.message == (
        "Operation on target If failed: Operation on target In failed: In on order"
    )
    assert run(make_driver, [activity("IfCondition", "If", expression="@string(1)")]).status is BAD


@pytest.mark.parametrize(("value", "ran"), [("a", "A"), ("b", "B"), ("c", "Other")])
def test_switch_runs_its_case_or_the_default(make_driver: MakeDriver, value: str, ran: str) -> None:
    """Source: "Switch activity"."""
    choice = activity(
        "Switch",
        "Switch",
        on=value,
        cases=[
            {"value": "a", "activities": [wait("A")]},
            {"value": "b", "activities": [wait("B")]},
        ],
        defaultActivities=[wait("Other")],
    )
    assert statuses(run(make_driver, [choice])) == {ran: OK, "Switch": OK}


def loop(items: object, *inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    return activity("ForEach", "Each", items=items, activities=list(inner), **more)


def test_for_each_runs_every_item_and_counts_them(make_driver: MakeDriver) -> None:
    """Source: "ForEach activity"; its output has ItemsCount."""
    add = activity("AppendVariable", "Add", variableName="v", value="@item().n")
    found = run(
        make_driver,
        [
            loop('@json(\'[{"n": 1}, {"n": 2}]\')', add, isSequential=True),
            put("w", "@string(variables('v'))", "Put", ("Each", "Succeeded")),
        ],
        variables={"v": {"type": "Array"}, "w": {"type": "String"}},
    )
    assert found.outputs["Each"] == {"ItemsCount": 2}
    assert found.outputs["Put"]["value"] == "[1,2]"


@pytest.mark.parametrize("is_sequential", [True, False])
def test_for_each_goes_through_all_items_and_then_fails(
    make_driver: MakeDriver, *, is_sequential: bool
) -> None:
    """ADF has no break: the other items run, and then the ForEach fails."""
    check = activity(
        "IfCondition", "If", expression="@equals(item(), 'b')", ifTrueActivities=[fail("In")]
    )
    each = loop("@createArray('a', 'b', 'c')", check, isSequential=is_sequential)
    found = run(make_driver, [each, wait("Catch", ("Each", "Failed"))])
    assert [one.status for one in found.activities if one.name == "If"].count(OK) == 2
    assert statuses(found)["Each"] is BAD
    assert statuses(found)["Catch"] is OK
    assert "1 of 3 iterations failed" in found.named("Each").message


def test_for_each_over_something_else_than_an_array_fails(make_driver: MakeDriver) -> None:
    assert run(make_driver, [loop("abc", wait("W"))]).status is BAD


class Crowd:
    """A command that counts how many of it run at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def sleep(self, _: float) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1

    def now_s(self) -> float:
        return 0.0


@pytest.mark.parametrize(
    ("more", "most"), [({"isSequential": True}, 1), ({"batchCount": 3}, 3), ({}, 12)]
)
def test_for_each_runs_at_most_batch_count_at_once(
    make_driver: MakeDriver, more: dict[str, Any], most: int
) -> None:
    """Source: "ForEach activity": batchCount 20 by default, 50 at most."""
    crowd = Crowd()
    driver = make_driver({"p": pipeline([loop("@range(0, 12)", wait("W"), **more)])}, clock=crowd)
    assert driver.run("p").status is OK
    assert 1 <= crowd.most <= most
    assert (crowd.most > 1) == (most > 1)


def test_more_than_fifty_at_once_is_refused(make_driver: MakeDriver) -> None:
    with pytest.raises(DriverError, match="batchCount 51"):
        run(make_driver, [loop("@range(0, 2)", wait("W"), batchCount=51)])


def until(expression: str, *inner: dict[str, Any], timeout: str = "0.01:00:00") -> dict[str, Any]:
    return activity(
        "Until", "Until", expression=expression, timeout=timeout, activities=list(inner)
    )


def test_until_repeats_and_sees_its_inner_activities(make_driver: MakeDriver) -> None:
    """Source: "Until activity": the expression is evaluated after the inner activities."""
    found = run(
        make_driver,
        [
            until(
                "@equals(length(activity('Copy').output.value), 3)",
                activity("AppendVariable", "Add", variableName="v", value="x"),
                put("w", "@variables('v')", "Copy", ("Add", "Succeeded")),
            )
        ],
        variables={"v": {"type": "Array"}, "w": {"type": "Array"}},
    )
    assert found.status is OK
    assert [one.name for one in found.activities].count("Add") == 3


def test_until_ends_with_a_failure_when_its_time_is_over(
    make_driver: MakeDriver, clock: FastClock
) -> None:
    pause = activity("Wait", "Pause", waitTimeInSeconds=600)
    found = run(make_driver, [until("@equals(1, 2)", pause, timeout="0.01:00:00")])
    assert (found.status, found.code) == (BAD, "Timeout")
    assert clock.slept == [600] * 6


def test_until_does_not_stop_for_a_failed_inner_activity(make_driver: MakeDriver) -> None:
    """Source: "Until activity": "If an inner activity fails, the Until activity doesn't stop"."""
    found = run(
        make_driver,
        [
            until(
                "@equals(length(variables('v')), 2)",
                fail("Bad"),
                activity("AppendVariable", "Add", ("Bad", "Failed"), variableName="v", value="x"),
            )
        ],
        variables={"v": {"type": "Array"}},
    )
    assert found.status is OK
    assert [one.name for one in found.activities].count("Bad") == 2


def call(name: str, *after: tuple[str, str], **inside: Any) -> dict[str, Any]:
    reference = {"referenceName": "child", "type": "PipelineReference"}
    return activity("ExecutePipeline", name, *after, pipeline=reference, **inside)


CHILD = pipeline(
    [
        activity(
            "IfCondition",
            "If",
            expression="@pipeline().parameters.bad",
            ifTrueActivities=[fail("In")],
        )
    ],
    parameters={"bad": {"type": "Bool"}, "n": {"type": "Int", "defaultValue": 7}},
)


def test_execute_pipeline_hands_over_parameters_and_waits(make_driver: MakeDriver) -> None:
    """Source: "Execute Pipeline activity"."""
    parent = pipeline([call("Call", waitOnCompletion=True, parameters={"bad": "@equals(1, 2)"})])
    driver = make_driver({"p": parent, "child": CHILD})
    found = driver.run("p")
    (child,) = driver.of("child")
    assert found.outputs["Call"] == {"pipelineName": "child", "pipelineRunId": child.id}
    assert child.parameters == {"bad": False, "n": 7}
    assert child.started_by == found.id


def test_a_failed_child_fails_its_parent_with_its_code(make_driver: MakeDriver) -> None:
    parent = pipeline([call("Call", waitOnCompletion=True, parameters={"bad": True})])
    found = make_driver({"p": parent, "child": CHILD}).run("p")
    assert (found.status, found.code) == (BAD, "42")
    assert found.message.endswith("In on order")


def test_a_child_that_is_not_waited_for_does_not_fail_its_parent(make_driver: MakeDriver) -> None:
    parent = pipeline([call("Call", waitOnCompletion=False, parameters={"bad": True})])
    driver = make_driver({"p": parent, "child": CHILD})
    assert driver.run("p").status is OK
    assert driver.of("child")[0].status is BAD


@pytest.mark.parametrize(
    "given", [{}, {"bad": True, "odd": 1}, {"bad": "yes"}, {"bad": True, "n": True}]
)
def test_parameters_must_be_those_declared_and_of_their_type(
    make_driver: MakeDriver, given: dict[str, Any]
) -> None:
    driver = make_driver({"child": CHILD, "p": pipeline([call("Call", parameters=given)])})
    assert driver.run("p").status is BAD
    with pytest.raises(ActivityFailed):
        driver.run("child", given)


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (3, 3), (None, 8)])
def test_concurrency_limits_the_runs_of_a_pipeline(
    make_driver: MakeDriver, limit: int | None, most: int
) -> None:
    crowd = Crowd()
    document = pipeline([wait("W")], **({"concurrency": limit} if limit else {}))
    driver = make_driver({"p": document}, clock=crowd)
    for _ in range(8):
        driver.start("p", {}, "")
    driver.wait()
    assert [one.status for one in driver.runs] == [OK] * 8
    assert 1 <= crowd.most <= most


TRIGGER = {
    "type": "BlobEventsTrigger",
    "typeProperties": {
        "blobPathBeginsWith": "/drives/blobs/",
        "blobPathEndsWith": "/manifest.json",
        "ignoreEmptyBlobs": True,
        "events": ["Microsoft.Storage.BlobCreated"],
    },
    "pipelines": [
        {
            "pipelineReference": {"referenceName": "p", "type": "PipelineReference"},
            "parameters": {"where": "@triggerBody().folderPath", "what": "@triggerBody().fileName"},
        }
    ],
}
LISTENER = pipeline(
    [wait("W")], parameters={"where": {"type": "String"}, "what": {"type": "String"}}
)


@pytest.mark.parametrize(
    ("event", "fires"),
    [
        (blob_created("m/manifest.json", 5), True),
        (blob_created("a/b/manifest.json", 5), True),
        (blob_created("m/manifest.json", 0), False),
        (blob_created("m/manifest.json.tmp", 5), False),
        (blob_created("m/manifest.json", 5, container="drives2"), False),
        (
            {**blob_created("m/manifest.json", 5), "eventType": "Microsoft.Storage.BlobDeleted"},
            False,
        ),
        (
            {**blob_created("m/manifest.json", 5), "eventType": "Microsoft.Storage.BlobRenamed"},
            False,
        ),
    ],
)
def test_a_storage_trigger_fires_on_its_filters(
    make_driver: MakeDriver, event: dict[str, Any], *, fires: bool
) -> None:
    """Source: "Create a trigger that runs a pipeline in response to a storage event"."""
    driver = make_driver({"p": LISTENER}, {"trigger": {"t": TRIGGER}})
    assert len(driver.deliver(event)) == fires


def test_the_folder_path_of_an_event_begins_with_the_container(make_driver: MakeDriver) -> None:
    driver = make_driver({"p": LISTENER}, {"trigger": {"t": TRIGGER}})
    (found,) = driver.deliver(blob_created("m/deep/manifest.json", 5))
    assert found.parameters == {"where": "drives/m/deep", "what": "manifest.json"}
    assert found.started_by == "t"


def test_the_same_event_twice_is_two_runs(make_driver: MakeDriver) -> None:
    """Source: Event Grid delivers at least once, and ADF does not compare ids."""
    event = blob_created("m/manifest.json", 5)
    driver = make_driver({"p": LISTENER}, {"trigger": {"t": TRIGGER}})
    first, second = driver.deliver(event, event)
    assert first.id != second.id


def test_an_event_is_lost_when_a_hundred_runs_are_queued(make_driver: MakeDriver) -> None:
    """Source: "Data Factory limits": 100 queued runs per pipeline."""
    listener = {**LISTENER, "concurrency": 1}
    driver = make_driver(
        {"p": listener}, {"trigger": {"t": TRIGGER}}, clock=FastClock(real_s_per_s=0.005)
    )
    runs = driver.deliver(*[blob_created(f"m{n}/manifest.json", 5) for n in range(150)])
    assert len(runs) + len(driver.refused) == 150
    assert 101 <= len(runs) < 150
    assert "100 runs are queued" in driver.refused[0]


def test_a_schedule_fires_when_told_and_other_triggers_do_not(make_driver: MakeDriver) -> None:
    reference = {"referenceName": "q", "type": "PipelineReference"}
    given = {"at": "@trigger().scheduledTime"}
    schedule = {
        "type": "ScheduleTrigger",
        "typeProperties": {},
        "pipelines": [{"pipelineReference": reference, "parameters": given}],
    }
    listener = pipeline([wait("W")], parameters={"at": {"type": "String"}})
    driver = make_driver({"p": LISTENER, "q": listener}, {"trigger": {"s": schedule, "t": TRIGGER}})
    (found,) = driver.tick("s")
    assert found.parameters["at"].startswith("2026-01-01T00:00")
    with pytest.raises(ValueError, match="is no schedule"):
        driver.tick("t")
    assert driver.deliver(blob_created("m/other.json", 5)) == []


def test_what_the_driver_does_not_know_it_refuses(make_driver: MakeDriver) -> None:
    with pytest.raises(DriverError, match="no Copy activity is known"):
        run(make_driver, [activity("Copy", "C")])
    with pytest.raises(DriverError, match="no Wait activity is known"):
        run(make_driver, [{**wait("W"), "state": "Inactive"}])
    with pytest.raises(DriverError, match="return values"):
        run(make_driver, [put("v", 1) | {"typeProperties": {"setSystemVariable": True}}])
    with pytest.raises(DriverError, match="dependencies cannot be met"):
        run(make_driver, [wait("A", ("B", "Succeeded")), wait("B", ("A", "Succeeded"))])
    with pytest.raises(KeyError, match="no pipeline 'q'"):
        make_driver({}).run("q")

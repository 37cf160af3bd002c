"""The pipelines of the product in the driver, with a stand-in for the orchestrator."""

import json
import re

from tests.doubles.adf.events import blob_created
from tests.doubles.adf.orchestrator import STEPS, Order, rejected
from tests.doubles.adf.runs import Status
from tests.pipelines_adf.conftest import SETTINGS, Cloud

M1, M2, M3 = "m_one", "m_two", "m_three"
BUSY = Order(exit_code=75)
DEFECT = Order(exit_code=1)


def steps_of(cloud: Cloud, measurement: str) -> list[str]:
    return [one["first"] for one in cloud.orchestrator.of("run", measurement)]


def test_a_drive_goes_through_all_steps_in_order(cloud: Cloud) -> None:
    run = cloud.driver.run("drive_to_scenes", {"measurement": M1})
    assert run.status is Status.SUCCEEDED, run.message
    assert steps_of(cloud, M1) == list(STEPS)
    assert all(one["first"] == one["last"] for one in cloud.orchestrator.requests)
    assert cloud.webhook.alerts == []


def test_every_request_carries_settings_and_one_trace(cloud: Cloud) -> None:
    run = cloud.driver.run("drive_to_scenes", {"measurement": M1})
    requests = cloud.orchestrator.requests
    assert {json.loads(one["settings"])["batch_endpoint"] for one in requests} == {
        SETTINGS["batch_endpoint"]
    }
    assert {one["traceparent"] for one in requests} == {
        f"00-{run.id.replace('-', '')}-{run.id.replace('-', '')[:16]}-01"
    }
    children = {one.id for one in cloud.driver.of("run_steps")}
    assert {one["pipelineRunId"] for one in requests} == children
    assert all(re.fullmatch(r"[0-9a-f-]{36}", one) for one in children)


def test_parameters_of_steps_reach_every_orchestrator_as_json(cloud: Cloud) -> None:
    params = {"sync": {"rate_hz": 20}, "extract": {"note": 'it\'s "quoted"'}}
    cloud.driver.run("drive_to_scenes", {"measurement": M1, "params": params})
    assert all(json.loads(one["params"]) == params for one in cloud.orchestrator.requests)


def test_orchestrators_run_on_their_own_pool_with_the_measurement_in_the_monitor(
    cloud: Cloud,
) -> None:
    cloud.driver.run("extract", {"measurement": M1})
    activity = cloud.driver.of("run_steps")[0].named("Orchestrate")
    assert activity.user_properties == {"measurement": M1, "first": "extract", "last": "extract"}
    assert activity.input["command"] == "python -m batch_tasks.orchestrate"
    assert activity.output["customOutput"]["verdict"] == "done"


def test_an_event_of_a_manifest_starts_the_drive(cloud: Cloud) -> None:
    cloud.land(M1)
    runs = cloud.driver.deliver(blob_created(f"{M1}/manifest.json", 2))
    assert [(run.pipeline, run.status) for run in runs] == [("landed", Status.SUCCEEDED)]
    assert runs[0].parameters == {"folderPath": f"drives/{M1}"}
    assert steps_of(cloud, M1) == list(STEPS)


def test_a_manifest_written_through_the_file_system_door_starts_it_once(cloud: Cloud) -> None:
    cloud.land(M1)
    path = f"{M1}/manifest.json"
    created = blob_created(path, 0, api="CreateFile")
    flushed = blob_created(path, 2, api="FlushWithClose")
    assert len(cloud.driver.deliver(created, flushed)) == 1
    assert steps_of(cloud, M1) == list(STEPS)


def test_other_files_and_containers_start_nothing(cloud: Cloud) -> None:
    cloud.land(M1)
    assert cloud.driver.deliver(blob_created(f"{M1}/drive.mf4", 10)) == []
    assert cloud.driver.deliver(blob_created(f"{M1}/not-manifest.json", 10)) == []
    assert cloud.driver.deliver(blob_created(f"{M1}/manifest.json", 10, container="other")) == []


def test_a_file_called_manifest_inside_an_unfinished_upload_starts_nothing(cloud: Cloud) -> None:
    (run,) = cloud.driver.deliver(blob_created(f"{M1}/bag/manifest.json", 10))
    assert run.status is Status.SUCCEEDED
    assert run.named("Manifest").output == {"exists": False}
    assert cloud.orchestrator.requests == []


def test_a_late_event_finds_the_manifest_gone_and_costs_no_batch_task(cloud: Cloud) -> None:
    (run,) = cloud.driver.deliver(blob_created(f"{M1}/manifest.json", 2))
    assert run.status is Status.SUCCEEDED
    assert cloud.orchestrator.requests == []


def test_the_same_event_twice_makes_two_runs_and_the_busy_one_comes_back(cloud: Cloud) -> None:
    cloud.land(M1)
    cloud.orchestrator.order("validate", M1, BUSY)
    event = blob_created(f"{M1}/manifest.json", 2)
    runs = cloud.driver.deliver(event, event)
    assert [run.status for run in runs] == [Status.SUCCEEDED] * 2
    assert runs[0].id != runs[1].id
    assert len(cloud.orchestrator.of("validate", M1)) == 3
    assert cloud.webhook.alerts == []
    assert 600 in cloud.clock.slept


def test_a_transient_failure_is_tried_again_ten_minutes_later(cloud: Cloud) -> None:
    cloud.orchestrator.order("extract", M1, BUSY, BUSY)
    run = cloud.driver.run("extract", {"measurement": M1})
    assert run.status is Status.SUCCEEDED
    assert cloud.driver.of("run_steps")[0].named("Orchestrate").attempts == 3
    assert cloud.clock.slept == [600, 600]
    assert cloud.webhook.alerts == []


def test_what_stays_busy_warns_and_fails_and_stops_the_drive(cloud: Cloud) -> None:
    cloud.orchestrator.order("extract", M1, *[BUSY] * 5)
    run = cloud.driver.run("drive_to_scenes", {"measurement": M1})
    assert run.status is Status.FAILED
    assert run.code == "temporary"
    assert steps_of(cloud, M1) == ["validate"] + ["extract"] * 5
    (alert,) = cloud.webhook.alerts
    assert (alert["severity"], alert["code"], alert["measurement"]) == ("warning", "temporary", M1)
    assert run.named("Downsample").status is Status.SKIPPED


def test_a_defect_is_told_as_an_error_with_the_run_that_failed(cloud: Cloud) -> None:
    cloud.orchestrator.order("sync", M1, *[DEFECT] * 5)
    run = cloud.driver.run("sync", {"measurement": M1})
    assert (run.status, run.code) == (Status.FAILED, "failed")
    (alert,) = cloud.webhook.alerts
    (failed,) = cloud.driver.of("run_steps")
    assert alert == {
        "measurement": M1,
        "severity": "error",
        "code": "failed",
        "message": "the command ended with exit code 1",
        "pipeline": "run_steps",
        "pipelineRunId": failed.id,
        "factory": "driver",
    }


def test_a_rejected_upload_is_set_aside_told_and_fails_the_run(cloud: Cloud) -> None:
    answer = rejected("bad_manifest", 'says "5" bytes', "upload it again", state=None)
    cloud.orchestrator.order("validate", M1, answer)
    cloud.land(M1)
    (run,) = cloud.driver.deliver(blob_created(f"{M1}/manifest.json", 2))
    assert (run.status, run.code) == (Status.FAILED, "rejected")
    assert 'says "5" bytes' in run.message
    (request,) = cloud.orchestrator.of("quarantine", M1)
    assert request["code"] == "bad_manifest"
    assert request["message"] == 'says "5" bytes'
    assert request["fix"] == "upload it again"
    (alert,) = cloud.webhook.alerts
    assert alert["code"] == "rejected: bad_manifest"
    assert alert["message"] == 'says "5" bytes Fix: upload it again'
    assert steps_of(cloud, M1) == ["validate"]


def test_a_rejected_upload_is_told_even_if_setting_it_aside_fails(cloud: Cloud) -> None:
    cloud.orchestrator.order("validate", M1, rejected("unreadable_file", "no format", "record it"))
    cloud.orchestrator.order("quarantine", M1, *[DEFECT] * 5)
    run = cloud.driver.run("ingest", {"measurement": M1})
    assert (run.status, run.code) == (Status.FAILED, "rejected")
    assert len(cloud.webhook.alerts) == 1


def test_a_rejection_is_not_tried_again(cloud: Cloud) -> None:
    cloud.orchestrator.order("extract", M1, rejected("hostile_input", "a bomb", "none"))
    cloud.driver.run("extract", {"measurement": M1})
    assert len(cloud.orchestrator.of("extract", M1)) == 1


def test_an_alert_survives_a_receiver_that_is_down_for_a_moment(cloud: Cloud) -> None:
    cloud.webhook.refuse = 3
    cloud.orchestrator.order("sync", M1, *[DEFECT] * 5)
    cloud.driver.run("sync", {"measurement": M1})
    assert len(cloud.webhook.alerts) == 1


def test_an_alert_that_cannot_be_sent_does_not_hide_the_failure(cloud: Cloud) -> None:
    cloud.webhook.refuse = 100
    cloud.orchestrator.order("sync", M1, *[DEFECT] * 5)
    run = cloud.driver.run("sync", {"measurement": M1})
    assert (run.status, run.code) == (Status.FAILED, "failed")
    assert run.message.endswith("the command ended with exit code 1")


def test_the_url_of_the_webhook_is_in_no_log(cloud: Cloud) -> None:
    cloud.orchestrator.order("sync", M1, *[DEFECT] * 5)
    cloud.driver.run("sync", {"measurement": M1})
    assert cloud.webhook.alerts
    assert "only-the-vault-tells" not in str(cloud.driver.runs)


def test_the_reconciler_starts_what_an_event_missed(cloud: Cloud) -> None:
    cloud.orchestrator.found = [M1, M2]
    (run,) = cloud.driver.tick("reconcile")
    assert run.status is Status.SUCCEEDED
    assert steps_of(cloud, M1) == steps_of(cloud, M2) == list(STEPS)
    (request,) = cloud.orchestrator.of("reconcile")
    assert (request["limit"], request["older_than_minutes"]) == ("100", "60")


def test_the_reconciler_finds_nothing_and_is_content(cloud: Cloud) -> None:
    (run,) = cloud.driver.tick("reconcile")
    assert run.status is Status.SUCCEEDED
    assert run.named("Each").output == {"ItemsCount": 0}


def test_the_reconciler_does_not_fail_with_the_drives_it_started(cloud: Cloud) -> None:
    cloud.orchestrator.found = [M1, M2]
    cloud.orchestrator.order("validate", M1, rejected("bad_manifest", "wrong", "right"))
    (run,) = cloud.driver.tick("reconcile")
    assert run.status is Status.SUCCEEDED
    drives = {one.parameters["measurement"]: one for one in cloud.driver.of("drive_to_scenes")}
    assert drives[M1].status is Status.FAILED
    assert drives[M2].status is Status.SUCCEEDED


def test_a_reconciler_that_cannot_look_tells_it(cloud: Cloud) -> None:
    cloud.orchestrator.order("reconcile", "", *[DEFECT] * 2)
    (run,) = cloud.driver.tick("reconcile")
    assert (run.status, run.code) == (Status.FAILED, "reconcile")
    assert [alert["code"] for alert in cloud.webhook.alerts] == ["reconcile"]
    assert cloud.orchestrator.of("run") == []


def test_reprocessing_goes_on_past_the_one_that_fails_and_then_fails(cloud: Cloud) -> None:
    cloud.orchestrator.order("sync", M2, *[DEFECT] * 5)
    run = cloud.driver.run(
        "reprocess", {"measurements": [M1, M2, M3], "first": "sync", "last": "enrich"}
    )
    assert run.status is Status.FAILED
    assert "1 of 3 iterations failed" in run.message
    asked = {(one["measurement"], one["first"], one["last"]) for one in cloud.orchestrator.requests}
    assert asked == {(m, "sync", "enrich") for m in (M1, M2, M3)}
    statuses = {r.parameters["measurement"]: r.status for r in cloud.driver.of("run_steps")}
    assert statuses == {M1: Status.SUCCEEDED, M2: Status.FAILED, M3: Status.SUCCEEDED}
    assert [alert["measurement"] for alert in cloud.webhook.alerts] == [M2]


def test_reprocessing_takes_parameters_along(cloud: Cloud) -> None:
    params = {"detect_scenes": {"only": ["cut_in"]}}
    run = cloud.driver.run(
        "reprocess", {"measurements": [M1], "first": "detect_scenes", "params": params}
    )
    assert run.status is Status.SUCCEEDED
    (request,) = cloud.orchestrator.requests
    assert json.loads(request["params"]) == params


DELIVERY = f"inbox/{M1}/back.json"


def test_a_package_is_sent_out_with_its_exemption(cloud: Cloud) -> None:
    asked = {"measurement": M1, "format": "coco", "exemption": "DPO 7"}
    run = cloud.driver.run("label_exchange", asked)
    assert run.status is Status.SUCCEEDED, run.message
    (request,) = cloud.orchestrator.of("labels", M1)
    given = {name: request[name] for name in ("direction", "format", "delivery", "exemption")}
    assert given == {"direction": "export", "format": "coco", "delivery": "", "exemption": "DPO 7"}


def test_a_delivery_in_the_inbox_is_taken_in(cloud: Cloud) -> None:
    (run,) = cloud.driver.deliver(blob_created(DELIVERY, 9, container="deliveries"))
    assert (run.pipeline, run.status) == ("delivered", Status.SUCCEEDED), run.message
    (request,) = cloud.orchestrator.of("labels", M1)
    assert (request["direction"], request["delivery"]) == ("import", f"deliveries/{DELIVERY}")
    assert request["exemption"] == ""


def test_what_was_received_and_what_is_no_json_starts_no_import(cloud: Cloud) -> None:
    other = (f"received/{M1}/back.json", f"inbox/{M1}/back.zip")
    for path in other:
        assert cloud.driver.deliver(blob_created(path, 9, container="deliveries")) == []
    assert cloud.driver.deliver(blob_created(DELIVERY, 9)) == []
    assert cloud.driver.deliver(blob_created(DELIVERY, 0, container="deliveries")) == []


def test_a_delivery_that_does_not_fit_is_told_and_nothing_is_set_aside(cloud: Cloud) -> None:
    answer = rejected("schema_mismatch", "class 'bycicle'", "mend the file", state=None)
    cloud.orchestrator.order("labels", M1, answer)
    (run,) = cloud.driver.deliver(blob_created(DELIVERY, 9, container="deliveries"))
    assert (run.status, run.code) == (Status.FAILED, "rejected")
    (alert,) = cloud.webhook.alerts
    assert (alert["severity"], alert["code"]) == ("warning", "rejected: schema_mismatch")
    assert alert["message"] == "class 'bycicle' Fix: mend the file"
    assert len(cloud.orchestrator.requests) == 1


def test_an_exchange_that_fails_is_tried_again_and_told(cloud: Cloud) -> None:
    cloud.orchestrator.order("labels", M1, BUSY, *[DEFECT] * 4)
    run = cloud.driver.run("label_exchange", {"measurement": M1})
    assert (run.status, run.code) == (Status.FAILED, "failed")
    assert len(cloud.orchestrator.of("labels", M1)) == 5
    (alert,) = cloud.webhook.alerts
    assert (alert["severity"], alert["pipeline"]) == ("error", "label_exchange")


def test_rehydration_waits_until_all_is_hot_and_then_reprocesses(cloud: Cloud) -> None:
    cold = [Order(output={"waiting": n, "ready": 3 - n}) for n in (3, 1)]
    cloud.orchestrator.order("rehydrate", M1, *cold)
    run = cloud.driver.run("rehydrate", {"measurement": M1, "priority": "High"})
    assert run.status is Status.SUCCEEDED, run.message
    assert [one["priority"] for one in cloud.orchestrator.of("rehydrate", M1)] == ["High"] * 3
    assert cloud.clock.slept == [1800, 1800, 1]
    (request,) = cloud.orchestrator.of("run", M1)
    assert (request["first"], request["last"]) == ("extract", "full_rate")


def test_rehydration_that_takes_more_than_three_days_is_given_up_and_told(cloud: Cloud) -> None:
    cold = [Order(output={"waiting": 1, "ready": 0})] * 40
    cloud.orchestrator.order("rehydrate", M1, *cold)
    run = cloud.driver.run("rehydrate", {"measurement": M1, "pollSeconds": 7_200})
    assert (run.status, run.code) == (Status.FAILED, "rehydrate")
    assert len(cloud.orchestrator.of("rehydrate", M1)) == 36
    assert [alert["code"] for alert in cloud.webhook.alerts] == ["rehydrate"]
    assert cloud.orchestrator.of("run", M1) == []


def test_rehydration_that_cannot_ask_gives_up_at_once(cloud: Cloud) -> None:
    cloud.orchestrator.order("rehydrate", M1, *[DEFECT] * 5)
    run = cloud.driver.run("rehydrate", {"measurement": M1})
    assert (run.status, run.code) == (Status.FAILED, "rehydrate")
    assert len(cloud.orchestrator.of("rehydrate", M1)) == 5
    assert len(cloud.webhook.alerts) == 1

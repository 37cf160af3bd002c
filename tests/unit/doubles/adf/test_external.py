"""Custom commands, HTTP and blobs, as the driver plays them."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.model.location import Location, Zone
from tests.doubles.adf.blobs import Blob, FolderBlobs, StorageBlobs
from tests.doubles.adf.commands import Finished, subprocess_commands
from tests.doubles.adf.context import Seams
from tests.doubles.adf.driver import Driver
from tests.doubles.adf.resources import Factory, load_factory
from tests.doubles.adf.runs import DriverError, PipelineRun, Status
from tests.doubles.adf.webhook import Webhook
from tests.unit.doubles.adf.conftest import MakeDriver, activity, fail, pipeline, put

STORAGE = {
    "type": "AzureBlobStorage",
    "parameters": {"endpoint": {"type": "String"}},
    "typeProperties": {"serviceEndpoint": "@{linkedService().endpoint}"},
}
POOL = {
    "type": "AzureBatch",
    "parameters": {"pool": {"type": "String", "defaultValue": "orchestrator"}},
    "typeProperties": {
        "accountName": "a",
        "batchUri": "u",
        "poolName": "@{linkedService().pool}",
        "linkedServiceName": {
            "referenceName": "storage",
            "type": "LinkedServiceReference",
            "parameters": {"endpoint": "e"},
        },
    },
}
DATASET = {
    "type": "Json",
    "parameters": {"folder": {"type": "String"}},
    "linkedServiceName": {
        "referenceName": "storage",
        "type": "LinkedServiceReference",
        "parameters": {"endpoint": "http://e"},
    },
    "typeProperties": {
        "location": {
            "type": "AzureBlobStorageLocation",
            "container": "drives",
            "folderPath": "@dataset().folder",
            "fileName": "manifest.json",
        }
    },
}
RESOURCES = {
    "linkedService": {"storage": STORAGE, "pool": POOL},
    "dataset": {"manifest": DATASET},
}


def custom(command: str, *, pool: str = "orchestrator", **more: Any) -> dict[str, Any]:
    service = {
        "referenceName": "pool",
        "type": "LinkedServiceReference",
        "parameters": {"pool": pool},
    }
    properties = more.pop("extendedProperties", {})
    inside = {"command": command, "extendedProperties": properties, **more.pop("inside", {})}
    return {**activity("Custom", "Run", **inside), "linkedServiceName": service, **more}


def run(make: MakeDriver, one: dict[str, Any], *more: dict[str, Any], **seams: Any) -> PipelineRun:
    variables = {"v": {"type": "String"}}
    return make({"p": pipeline([one, *more], variables=variables)}, RESOURCES, **seams).run("p")


def script(folder: Path, text: str) -> str:
    path = folder / "command.py"
    path.write_text(text)
    return f"python {path}"


def test_a_command_finds_its_files_in_a_folder_of_its_own(
    make_driver: MakeDriver, tmp_path: Path
) -> None:
    """Source: "Use custom activities": activity.json, linkedServices.json, datasets.json."""
    command = script(
        tmp_path,
        "import json, os, sys, avdataops\n"
        "asked = json.load(open('activity.json'))['typeProperties']['extendedProperties']\n"
        "files = sorted(os.listdir('.'))\n"
        "json.dump({'asked': asked, 'files': files}, open('outputs.json', 'w'))\n"
        "print('said'); print('logged', file=sys.stderr)\n",
    )
    references = {
        "datasets": [],
        "linkedServices": [{"referenceName": "storage", "parameters": {"endpoint": "x"}}],
    }
    found = run(
        make_driver,
        custom(
            command,
            extendedProperties={"measurement": "@concat('m', '_1')"},
            inside={"referenceObjects": references},
        ),
        put(
            "v",
            "@activity('Run').output.customOutput.asked.measurement",
            "Put",
            ("Run", "Succeeded"),
        ),
    )
    assert found.status is Status.SUCCEEDED, found.message
    output = found.outputs["Run"]
    assert output["exitcode"] == 0
    assert output["customOutput"] == {
        "asked": {"measurement": "m_1"},
        "files": ["activity.json", "datasets.json", "linkedServices.json"],
    }
    assert found.outputs["Put"]["value"] == "m_1"
    stdout, stderr = (Path(path) for path in output["outputs"])
    assert (stdout.read_text(), stderr.read_text()) == ("said\n", "logged\n")
    services = json.loads((stdout.parents[1] / "wd" / "linkedServices.json").read_text())
    assert services[0]["properties"]["typeProperties"] == {"serviceEndpoint": "x"}


def test_there_is_no_shell(make_driver: MakeDriver, tmp_path: Path) -> None:
    """Source: Batch: "commands do not run under a shell"."""
    command = script(
        tmp_path, "import json, sys; json.dump(sys.argv[1:], open('outputs.json', 'w'))"
    )
    found = run(make_driver, custom(f"{command} '$HOME' ';' ls"))
    assert found.outputs["Run"]["customOutput"] == ["$HOME", ";", "ls"]


def test_an_exit_code_fails_the_activity_and_shows(make_driver: MakeDriver) -> None:
    found = run(
        make_driver,
        custom("python -c 'raise SystemExit(75)'"),
        put("v", "@string(activity('Run').output.exitcode)", "Put", ("Run", "Failed")),
    )
    assert found.status is Status.SUCCEEDED
    assert found.named("Run").message == "the command ended with exit code 75"
    assert found.outputs["Put"]["value"] == "75"


def test_a_command_without_outputs_has_no_custom_output(make_driver: MakeDriver) -> None:
    found = run(make_driver, custom("python -c pass"))
    assert "customOutput" not in found.outputs["Run"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("open('outputs.json', 'w').write('{')", "BadOutput"),
        ("open('outputs.json', 'w').write('\"' + 'x' * 2**21 + '\"')", "OutputTooLarge"),
    ],
)
def test_bad_outputs_fail_the_activity(
    make_driver: MakeDriver, tmp_path: Path, text: str, code: str
) -> None:
    """Source: "Use custom activities": outputs.json up to 2 MB."""
    assert run(make_driver, custom(script(tmp_path, text))).code == code


def test_an_activity_cannot_be_handed_more_than_896_kb(make_driver: MakeDriver) -> None:
    """Source: "Data Factory limits", payload per activity run."""
    too_much = custom("python -c pass", extendedProperties={"long": "x" * (897 << 10)})
    assert run(make_driver, too_much).code == "PayloadTooLarge"


def test_a_batch_service_without_a_pool_fails_before_anything_runs(make_driver: MakeDriver) -> None:
    found = run(make_driver, custom("no-such-program", pool=""))
    assert "no poolName" in found.message


class Scripted:
    """A command that ends with the given codes, one after the other."""

    def __init__(self, *codes: int | None) -> None:
        self.codes = list(codes)
        self.timeouts: list[float] = []

    def __call__(self, command: str, folder: Path, timeout_s: float) -> Finished:
        assert command == "go"
        assert (folder / "activity.json").exists()
        self.timeouts.append(timeout_s)
        return Finished(self.codes.pop(0))


@pytest.mark.parametrize(
    ("codes", "retry", "status", "attempts"),
    [
        ([0], 3, Status.SUCCEEDED, 1),
        ([75, 75, 0], 3, Status.SUCCEEDED, 3),
        ([75, 75], 1, Status.FAILED, 2),
        ([1], 0, Status.FAILED, 1),
        ([None, 0], 1, Status.SUCCEEDED, 2),
    ],
)
def test_a_failed_activity_is_tried_again_after_its_interval(
    make_driver: MakeDriver, codes: list[int], retry: int, status: Status, attempts: int
) -> None:
    """Source: "Pipelines and activities", activity policy."""
    policy = {"retry": retry, "retryIntervalInSeconds": 90, "timeout": "0.00:10:00"}
    command = Scripted(*codes)
    found = run(make_driver, custom("go", policy=policy), start_custom=command)
    assert found.status is status
    assert found.named("Run").attempts == attempts
    assert command.timeouts == [600] * attempts


def test_retries_sleep_their_interval(make_driver: MakeDriver, clock: Any) -> None:
    policy = {"retry": 2, "retryIntervalInSeconds": 90}
    run(make_driver, custom("go", policy=policy), start_custom=Scripted(1, 1, 0))
    assert clock.slept == [90, 90]


def test_the_policy_may_be_computed_and_has_defaults(make_driver: MakeDriver) -> None:
    command = Scripted(0, 0)
    policy = {"timeout": {"value": "@concat('1.', '00:00:01')", "type": "Expression"}}
    run(make_driver, custom("go", policy=policy), start_custom=command)
    run(make_driver, custom("go"), start_custom=command)
    assert command.timeouts == [86_401, 43_200]


def test_a_policy_that_cannot_be_computed_fails_the_activity(make_driver: MakeDriver) -> None:
    for timeout in ("@item()", "tomorrow"):
        found = run(make_driver, custom("go", policy={"timeout": timeout}))
        assert (found.status, found.code) == (Status.FAILED, "InvalidTemplate")


def test_a_command_that_takes_too_long_is_ended(make_driver: MakeDriver, tmp_path: Path) -> None:
    command = script(tmp_path, "import time; time.sleep(60)")
    started = time.monotonic()
    found = run(make_driver, custom(command, policy={"timeout": "0.00:00:01"}))
    assert found.code == "Timeout"
    assert time.monotonic() - started < 30


def test_a_command_may_clean_up_when_its_time_is_over(tmp_path: Path) -> None:
    command = script(
        tmp_path,
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('cleaned'), sys.exit(143)))\n"
        "time.sleep(60)\n",
    )
    ended = subprocess_commands()(command, tmp_path, 1.0)
    assert ended == Finished(None, b"cleaned\n", b"")


def test_the_environment_of_a_command_is_ours_and_what_was_given(tmp_path: Path) -> None:
    start = subprocess_commands({"AVDATAOPS_TEST": "given"})
    command = "python -c \"import os, sys; print(os.environ['AVDATAOPS_TEST'], sys.executable)\""
    ended = start(command, tmp_path, 30.0)
    assert ended.stdout.decode().split() == ["given", sys.executable]


def test_secure_input_and_output_are_not_in_the_log_but_in_expressions(
    make_driver: MakeDriver, tmp_path: Path
) -> None:
    command = script(tmp_path, "open('outputs.json', 'w').write('\"hidden\"')")
    policy = {"secureInput": True, "secureOutput": True}
    found = run(
        make_driver,
        custom(command, policy=policy),
        put("v", "@activity('Run').output.customOutput", "Put", ("Run", "Succeeded")),
    )
    assert (found.named("Run").input, found.named("Run").output) == (None, None)
    assert found.outputs["Put"]["value"] == "hidden"


def test_user_properties_are_evaluated(make_driver: MakeDriver) -> None:
    properties = [{"name": "run", "value": "@pipeline().RunId"}]
    found = run(make_driver, custom("python -c pass", userProperties=properties))
    assert found.named("Run").user_properties == {"run": found.id}


def web(url: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    return activity("WebActivity", "Call", url=url, method=method, **more)


MSI = {"type": "MSI", "resource": "https://vault.azure.net"}


def test_a_web_activity_calls_with_the_identity_of_the_factory(make_driver: MakeDriver) -> None:
    with Webhook() as webhook:
        url = f"{webhook.url}/secrets/alert-webhook?api-version=7.4"
        found = run(make_driver, web(url, authentication=MSI))
        assert found.outputs["Call"]["value"].startswith(webhook.url)
        assert run(make_driver, web(url)).code == "401"
        assert run(make_driver, web(f"{webhook.url}/secrets/x", authentication=MSI)).code == "404"


def test_a_body_is_sent_as_json_with_its_expressions_evaluated(make_driver: MakeDriver) -> None:
    with Webhook() as webhook:
        _, secret = webhook.read_secret(
            "/secrets/alert-webhook?api-version=7.4", "Bearer token for https://vault.azure.net"
        )
        body = {"a": "@concat('say ', '\"', 'x')", "b": [1, None]}
        found = run(make_driver, web(secret["value"], "POST", body=body, headers={"X-A": "1"}))
        assert found.status is Status.SUCCEEDED
        assert webhook.alerts == [{"a": 'say "x', "b": [1, None]}]
        webhook.refuse = 1
        assert run(make_driver, web(secret["value"], "POST", body="{}")).code == "503"
        assert run(make_driver, web(f"{webhook.url}/other", "POST", body="{}")).code == "404"


class Answers(BaseHTTPRequestHandler):
    """Answers with what the path says."""

    def do_GET(self) -> None:
        content = {"/text": b"hello", "/list": b"[1]", "/none": b""}[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Stay silent."""


def test_answers_that_are_no_json_objects_are_wrapped(make_driver: MakeDriver) -> None:
    """Source: "Web activity": an answer that is no JSON object comes as Response."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        found = [
            run(make_driver, web(url + path)).outputs["Call"]
            for path in ("/text", "/list", "/none")
        ]
    finally:
        server.shutdown()
        server.server_close()
    assert found == [{"Response": "hello"}, {"Response": [1]}, {}]


def test_a_web_activity_that_reaches_nobody_fails(make_driver: MakeDriver) -> None:
    assert run(make_driver, web("http://127.0.0.1:9/")).code == "2108"


@pytest.mark.parametrize("url", ["https://example.org/", "file:///etc/passwd", "http://localhost/"])
def test_nothing_but_this_machine_is_called(make_driver: MakeDriver, url: str) -> None:
    with pytest.raises(DriverError, match=r"may only call 127\.0\.0\.1"):
        run(make_driver, web(url))


def test_an_unknown_way_to_sign_in_is_refused(make_driver: MakeDriver) -> None:
    with pytest.raises(DriverError, match="authentication Basic"):
        run(make_driver, web("http://127.0.0.1:9/", authentication={"type": "Basic"}))


def look(kind: str, folder: str, **more: Any) -> dict[str, Any]:
    reference = {
        "referenceName": "manifest",
        "type": "DatasetReference",
        "parameters": {"folder": folder},
    }
    return activity(kind, "Look", dataset=reference, **more)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    for name, content in (("m_1", '{"vehicle": "v"}'), ("m_2", "[1, 2, 3]"), ("m_3", "[]")):
        path = tmp_path / "blobs" / "drives" / name / "manifest.json"
        path.parent.mkdir(parents=True)
        path.write_text(content)
    return FolderBlobs(tmp_path / "blobs")


def test_metadata_of_a_blob_and_of_none(make_driver: MakeDriver, blobs: FolderBlobs) -> None:
    """Source: "Get Metadata activity": only exists does not fail for what is not there."""
    fields = ["exists", "size", "itemName"]
    found = run(make_driver, look("GetMetadata", "m_1", fieldList=fields), blobs=blobs)
    assert found.outputs["Look"] == {"exists": True, "size": 16, "itemName": "manifest.json"}
    found = run(make_driver, look("GetMetadata", "m_9", fieldList=fields), blobs=blobs)
    assert found.outputs["Look"] == {"exists": False}
    found = run(make_driver, look("GetMetadata", "m_9", fieldList=["size"]), blobs=blobs)
    assert found.code == "UserErrorFileNotFound"
    with pytest.raises(DriverError, match="'lastModified' is not known"):
        run(make_driver, look("GetMetadata", "m_1", fieldList=["lastModified"]), blobs=blobs)


@pytest.mark.parametrize(
    ("folder", "more", "expected"),
    [
        ("m_1", {}, {"firstRow": {"vehicle": "v"}}),
        ("m_2", {"firstRowOnly": True}, {"firstRow": 1}),
        ("m_2", {"firstRowOnly": False}, {"count": 3, "value": [1, 2, 3]}),
        ("m_3", {}, {}),
    ],
)
def test_a_lookup_reads_rows(
    make_driver: MakeDriver,
    blobs: FolderBlobs,
    folder: str,
    more: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    """Source: "Lookup activity"."""
    found = run(make_driver, look("Lookup", folder, **more), blobs=blobs)
    assert found.outputs["Look"] == expected


def test_a_lookup_of_nothing_fails(make_driver: MakeDriver, blobs: FolderBlobs) -> None:
    assert run(make_driver, look("Lookup", "m_9"), blobs=blobs).code == "UserErrorFileNotFound"


def test_without_blobs_looking_is_refused(make_driver: MakeDriver) -> None:
    with pytest.raises(DriverError, match="no blobs were given"):
        run(make_driver, look("GetMetadata", "m_1", fieldList=["exists"]))
    with pytest.raises(DriverError, match="no blobs were given"):
        run(make_driver, look("Lookup", "m_1"))


def test_blobs_may_lie_in_a_storage_of_the_product(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(Location(Zone.LANDING, "m_1/manifest.json"), [b"{}"])
    blobs = StorageBlobs(storage, {"http://e": Zone.LANDING})
    assert blobs.size(Blob("http://e", "drives", "m_1/manifest.json")) == 2
    assert blobs.size(Blob("http://e", "drives", "m_2/manifest.json")) is None
    assert blobs.read(Blob("http://e", "drives", "m_1/manifest.json")) == b"{}"
    with pytest.raises(FileNotFoundError):
        blobs.read(Blob("http://e", "drives", "m_2/manifest.json"))


def test_a_file_must_be_called_as_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    path = tmp_path / "pipeline" / "a.json"
    path.write_text(json.dumps({"name": "a", "properties": pipeline([fail("F")])}))
    assert list(load_factory(tmp_path).of("pipeline")) == ["a"]
    path.rename(path.with_name("b.json"))
    with pytest.raises(ValueError, match="holds 'a'"):
        load_factory(tmp_path)


def test_global_parameters_can_be_replaced_but_not_invented(tmp_path: Path) -> None:
    show = put("v", "@pipeline().globalParameters.region")
    document = pipeline([show], variables={"v": {"type": "String"}})
    factory = Factory({"pipeline": {"p": document}}, {"region": "north"})
    given = Driver(factory, {"region": "west"}, Seams(folder=tmp_path))
    assert given.run("p").outputs["Put"]["value"] == "west"
    assert Driver(factory, {}, Seams(folder=tmp_path)).run("p").outputs["Put"]["value"] == "north"
    with pytest.raises(ValueError, match="no global parameters"):
        Driver(factory, {"regoin": "west"}, Seams(folder=tmp_path))

"""Activities that reach out: custom commands, HTTP, and looks at blobs.

Sources: Microsoft Learn, "Use custom activities in a pipeline" (files in the working directory,
outputs.json up to 2 MB), "Web activity" (JSON answers up to 4 MB), "Get Metadata activity",
"Lookup activity".  What a failed custom activity shows in its output is our guess.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.doubles.adf.blobs import Blob
from tests.doubles.adf.context import Context, Handler
from tests.doubles.adf.levels import check_payload, policy_of
from tests.doubles.adf.resources import Document
from tests.doubles.adf.runs import ActivityFailed, DriverError

MAX_OUTPUTS_BYTES = 2 << 20
MAX_RESPONSE_BYTES = 4 << 20
MAX_LOOKUP_ROWS = 5_000
_MAX_REQUEST_S = 600


def _custom(context: Context, activity: Document) -> Any:
    inside = context.resolve(activity["typeProperties"])
    service = context.linked_service(activity["linkedServiceName"])
    if service["type"] != "AzureBatch":
        raise ActivityFailed("BadRequest", "a custom activity needs an AzureBatch linked service")
    _check_service(service)
    check_payload([inside, service])
    job = context.machinery.seams.folder / "adfjobs" / str(uuid.uuid4())
    work = job / "wd"
    work.mkdir(parents=True)
    documents = {
        "activity.json": {**activity, "typeProperties": inside},
        "linkedServices.json": _objects(context, inside, "linkedServices"),
        "datasets.json": _objects(context, inside, "datasets"),
    }
    for name, document in documents.items():
        (work / name).write_text(json.dumps(document), encoding="utf-8")
    timeout_s = policy_of(context, activity).timeout_s
    ended = context.machinery.seams.start_custom(inside["command"], work, timeout_s)
    output = {"exitcode": ended.exit_code, "outputs": _keep(job, ended.stdout, ended.stderr)}
    if ended.exit_code is None:
        raise ActivityFailed("Timeout", f"the command took longer than {timeout_s} s")
    if ended.exit_code != 0:
        raise ActivityFailed(
            "CommandFailed", f"the command ended with exit code {ended.exit_code}", output
        )
    return {**output, **_custom_output(work / "outputs.json")}


def _check_service(service: Document) -> None:
    inside = service["typeProperties"]
    for name in ("accountName", "batchUri", "poolName"):
        if not inside[name]:
            raise ActivityFailed("BadRequest", f"the Batch linked service has no {name}")


def _objects(context: Context, inside: Document, kind: str) -> list[Any]:
    references = inside.get("referenceObjects", {}).get(kind, [])
    find = context.linked_service if kind == "linkedServices" else context.dataset
    return [{"name": one["referenceName"], "properties": find(one)} for one in references]


def _keep(job: Path, stdout: bytes, stderr: bytes) -> list[str]:
    kept = job / "output"
    kept.mkdir()
    for name, content in (("stdout.txt", stdout), ("stderr.txt", stderr)):
        (kept / name).write_bytes(content)
    return [str(kept / "stdout.txt"), str(kept / "stderr.txt")]


def _custom_output(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    if path.stat().st_size > MAX_OUTPUTS_BYTES:
        raise ActivityFailed("OutputTooLarge", "outputs.json is larger than 2 MB")
    try:
        return {"customOutput": json.loads(path.read_bytes())}
    except ValueError as error:
        raise ActivityFailed("BadOutput", f"outputs.json is no JSON: {error}") from error


def _web(context: Context, activity: Document) -> Any:
    inside = context.resolve(activity["typeProperties"])
    url = urllib.parse.urlsplit(inside["url"])
    if url.scheme not in {"http", "https"} or url.hostname != "127.0.0.1":
        raise DriverError(f"'{activity['name']}' may only call 127.0.0.1, not {url.hostname}")
    check_payload(inside.get("body"))
    body = inside.get("body")
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    request = urllib.request.Request(  # noqa: S310 - scheme and host were checked above
        inside["url"],
        data=None if text is None else text.encode(),
        headers={**inside.get("headers", {}), **_authorization(context, inside)},
        method=inside["method"],
    )
    timeout_s = min(policy_of(context, activity).timeout_s, _MAX_REQUEST_S)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - as above
            return _json_answer(answer.read(MAX_RESPONSE_BYTES + 1))
    except urllib.error.HTTPError as error:
        raise ActivityFailed(str(error.code), f"the endpoint answered {error.code}") from error
    except OSError as error:
        raise ActivityFailed("2108", "the endpoint could not be reached") from error


def _authorization(context: Context, inside: Document) -> dict[str, str]:
    given = inside.get("authentication")
    if given is None:
        return {}
    if given["type"] not in {"MSI", "UserAssignedManagedIdentity"}:
        raise DriverError(f"authentication {given['type']} is not known here")
    return {"Authorization": f"Bearer {context.machinery.seams.token(given['resource'])}"}


def _json_answer(content: bytes) -> Any:
    if len(content) > MAX_RESPONSE_BYTES:
        raise ActivityFailed("ResponseTooLarge", "the answer is larger than 4 MB")
    if not content:
        return {}
    try:
        answer = json.loads(content)
    except ValueError:
        return {"Response": content.decode("utf-8", "replace")}
    return answer if isinstance(answer, dict) else {"Response": answer}


def _blob(context: Context, reference: Document) -> Blob:
    dataset = context.dataset(reference)
    service = context.linked_service(dataset["linkedServiceName"])
    location = dataset["typeProperties"]["location"]
    parts = [location.get("folderPath"), location.get("fileName")]
    name = "/".join(part.strip("/") for part in parts if part)
    return Blob(service["typeProperties"]["serviceEndpoint"], location["container"], name)


def _get_metadata(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    blob = _blob(context, inside["dataset"])
    size = context.machinery.seams.blobs.size(blob)
    fields = inside["fieldList"]
    known = {"exists": size is not None, "size": size, "itemType": "File"}
    known["itemName"] = blob.name.rsplit("/", 1)[-1]
    for name in fields:
        if name not in known:
            raise DriverError(f"GetMetadata of '{name}' is not known here")
    if size is None:
        if "exists" not in fields:
            raise ActivityFailed("UserErrorFileNotFound", f"there is no {blob.name}")
        return {"exists": False}
    return {name: known[name] for name in fields}


def _lookup(context: Context, activity: Document) -> Any:
    inside = activity["typeProperties"]
    blob = _blob(context, inside["dataset"])
    try:
        content = context.machinery.seams.blobs.read(blob)
    except FileNotFoundError as error:
        raise ActivityFailed("UserErrorFileNotFound", f"there is no {blob.name}") from error
    if len(content) > MAX_RESPONSE_BYTES:
        raise ActivityFailed("2110", "a lookup gives 4 MB at most")
    document = json.loads(content)
    rows = document if isinstance(document, list) else [document]
    if inside.get("firstRowOnly", True):
        return {"firstRow": rows[0]} if rows else {}
    return {"count": min(len(rows), MAX_LOOKUP_ROWS), "value": rows[:MAX_LOOKUP_ROWS]}


HANDLERS: Mapping[str, Handler] = {
    "Custom": _custom,
    "GetMetadata": _get_metadata,
    "Lookup": _lookup,
    "WebActivity": _web,
}

"""Events of storage as Event Grid sends them, and which trigger wants which.

Sources: Microsoft Learn, "Azure Blob Storage as an Event Grid source" and "Create a trigger that
runs a pipeline in response to a storage event".  The subscription belongs to one account, so the
``scope`` of a trigger plays no part here.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from tests.doubles.adf.resources import Document

Event = Mapping[str, Any]
_CONTAINERS = "/blobServices/default/containers"


def blob_created(
    path: str, content_length: int, *, container: str = "drives", api: str = "PutBlob"
) -> Event:
    """Return the event of a blob that was created at ``path`` in ``container``.

    ``api`` is the call that made it: ``PutBlob``, ``PutBlockList``, ``CopyBlob``, or, through the
    dfs endpoint, ``CreateFile`` (length 0) and then ``FlushWithClose``.
    """
    return {
        "topic": "/subscriptions/0/resourceGroups/none/providers/Microsoft.Storage/"
        "storageAccounts/landing",
        "subject": f"{_CONTAINERS}/{container}/blobs/{path}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": "2026-01-01T00:00:00.0000000Z",
        "id": str(uuid.uuid4()),
        "data": {
            "api": api,
            "clientRequestId": str(uuid.uuid4()),
            "requestId": str(uuid.uuid4()),
            "eTag": "0x8D4BCC2E4835CD0",
            "contentType": "application/json",
            "contentLength": content_length,
            "blobType": "BlockBlob",
            "url": f"https://landing.invalid/{container}/{path}",
            "sequencer": "00000000000004420000000000028963",
        },
        "dataVersion": "",
        "metadataVersion": "1",
    }


def is_wanted(trigger: Document, event: Event) -> bool:
    """Say whether a trigger fires for ``event``."""
    if trigger["type"] != "BlobEventsTrigger":
        return False
    filters = trigger["typeProperties"]
    path = str(event["subject"]).removeprefix(_CONTAINERS)
    return bool(
        event["eventType"] in filters["events"]
        and path.startswith(filters.get("blobPathBeginsWith", ""))
        and path.endswith(filters.get("blobPathEndsWith", ""))
        and not (filters.get("ignoreEmptyBlobs", True) and event["data"]["contentLength"] == 0)
    )


def trigger_body(event: Event) -> dict[str, str]:
    """Return what ``triggerBody()`` gives: ``folderPath`` begins with the container."""
    container, _, blob = str(event["subject"]).removeprefix(f"{_CONTAINERS}/").partition("/blobs/")
    folder, _, name = f"{container}/{blob}".rpartition("/")
    return {"folderPath": folder, "fileName": name}

"""Limits of the service that a file can break, and things that must not be in a file at all.

Sources: Microsoft Learn, "Data Factory limits" (azure-subscription-service-limits), "Nested
activities in Data Factory and Synapse" and the pages of the activities.  Where two numbers are
given (activities per pipeline were 40, then 80, then 120) the one that every factory has is used.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.doubles.adf.expressions import expressions
from tests.doubles.adf.resources import Document, Factory, all_activities, branches

MAX_ACTIVITIES = 80
MAX_PARAMETERS = 50
MAX_EXPRESSION = 8_192
MAX_BATCH_COUNT = 50
MAX_PIPELINE_BYTES = 200_000
MAX_NAME = 55
MAX_USER_PROPERTIES = 5
RETRY_INTERVAL_S = range(30, 86_401)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TIMEOUT = re.compile(r"(?:(?P<days>\d+)\.)?(?P<h>\d\d):(?P<m>[0-5]\d):(?P<s>[0-5]\d)")
_LOOPS = {"ForEach", "Until"}
_CHOICES = {"IfCondition", "Switch"}
_WEEK_S = 7 * 86_400

_FORBIDDEN: Mapping[str, re.Pattern[str]] = {
    "a key": re.compile(r"AccountKey=|SharedAccessKey|accessKey|[A-Za-z0-9+/]{86}=="),
    "a signature": re.compile(r"[?&]sig="),
    "a secret": re.compile(r"SecureString|encryptedCredential|[Pp]assword\""),
    "a host of somebody's account": re.compile(
        r"[\w-]+\.(?:blob|dfs|batch|vault|documents)\.[\w.]*azure\.(?:com|net)|core\.windows\.net"
    ),
    "an id of somebody's subscription": re.compile(
        r"(?!0{8}-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
    ),
}


def seconds(timeout: str) -> int:
    """Return a time span ``[D.]HH:MM:SS`` in seconds; raises ``ValueError``."""
    found = _TIMEOUT.fullmatch(timeout)
    if not found:
        raise ValueError(f"'{timeout}' is not a time span like 0.12:00:00")
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def broken_limits(factory: Factory) -> list[str]:
    """Return every limit that a pipeline of ``factory`` breaks."""
    return [
        f"pipeline '{name}': {problem}"
        for name, pipeline in factory.of("pipeline").items()
        for problem in _pipeline(pipeline)
    ]


def _pipeline(pipeline: Document) -> Iterator[str]:
    activities = list(all_activities(pipeline["activities"]))
    if len(activities) > MAX_ACTIVITIES:
        yield f"{len(activities)} activities, at most {MAX_ACTIVITIES}"
    for group in ("parameters", "variables"):
        if len(pipeline.get(group, {})) > MAX_PARAMETERS:
            yield f"{len(pipeline[group])} {group}, at most {MAX_PARAMETERS}"
    if len(json.dumps(pipeline)) > MAX_PIPELINE_BYTES:
        yield f"more than {MAX_PIPELINE_BYTES} bytes of JSON"
    for text in expressions(pipeline):
        if len(text) > MAX_EXPRESSION:
            yield f"an expression of {len(text)} characters, at most {MAX_EXPRESSION}"
    for activity in activities:
        for problem in (*_activity(activity), *_nesting(activity)):
            yield f"'{activity['name']}': {problem}"


def _activity(activity: Document) -> Iterator[str]:
    name, inside = activity["name"], activity["typeProperties"]
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        yield f"not a name (letters, digits, _; at most {MAX_NAME})"
    if not 1 <= inside.get("batchCount", 20) <= MAX_BATCH_COUNT:
        yield f"batchCount {inside['batchCount']}, at most {MAX_BATCH_COUNT}"
    if len(activity.get("userProperties", ())) > MAX_USER_PROPERTIES:
        yield f"more than {MAX_USER_PROPERTIES} user properties"
    policy = activity.get("policy", {})
    if policy.get("retryIntervalInSeconds", 30) not in RETRY_INTERVAL_S:
        yield f"retry interval {policy['retryIntervalInSeconds']} s, 30 to 86400"
    for timeout in (policy.get("timeout"), inside.get("timeout")):
        if isinstance(timeout, str) and seconds(timeout) > _WEEK_S:
            yield f"timeout {timeout}, at most 7 days"


def _nesting(activity: Document) -> Iterator[str]:
    """One level of loops, one level of choices, and a loop never inside a choice."""
    for inner in (one for level in branches(activity).values() for one in level):
        is_loop_in = inner["type"] in _LOOPS
        is_choice_in_choice = inner["type"] in _CHOICES and activity["type"] in _CHOICES
        if is_loop_in or is_choice_in_choice:
            yield f"{inner['type']} inside {activity['type']}; call a pipeline instead"


def forbidden_content(text: str) -> list[str]:
    """Return what in a file's ``text`` belongs to one account or must be secret."""
    return [what for what, pattern in _FORBIDDEN.items() if pattern.search(text)]


def too_large(output: Any, limit_bytes: int) -> bool:
    """Say whether ``output`` as JSON is larger than the service carries."""
    return len(json.dumps(output).encode()) > limit_bytes

"""The signature of a request by an account key."""

import base64
import hashlib
import hmac
import urllib.parse
from collections.abc import Mapping

from tests.doubles.cosmos.refusals import Refused


def check_signature(key: str, method: str, path: str, headers: Mapping[str, str]) -> None:
    """Raise ``Refused`` (401) unless the request was signed with ``key``.

    Signed are the verb, the type of the resource, its name and the date, each on a line: the
    resource is the last name on the path, or for a list the parent that holds it.
    """
    given = urllib.parse.unquote(headers.get("authorization", ""))
    if not hmac.compare_digest(given, _token(key, method, path, headers.get("x-ms-date", ""))):
        raise Refused(401, "The input authorization token can't serve the request.")


def _token(key: str, method: str, path: str, date: str) -> str:
    parts = [part for part in path.split("/") if part]
    is_list = len(parts) % 2 == 1
    resource_type = parts[-1] if is_list else (parts[-2] if parts else "")
    resource = "/".join(parts[:-1] if is_list else parts)
    text = f"{method.lower()}\n{resource_type}\n{resource}\n{date.lower()}\n\n"
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return f"type=master&ver=1.0&sig={base64.b64encode(digest).decode()}"

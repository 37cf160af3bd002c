"""What goes over the wire besides bodies: signatures, errors, filters, selections, times."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

Document = dict[str, Any]
_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_COMPARISON = re.compile(r"(?P<name>[A-Za-z]+) (?P<operator>eq|ne) '(?P<value>[^']*)'")
_START = re.compile(r"startswith\((?P<name>[A-Za-z]+), ?'(?P<value>[^']*)'\)")
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


@dataclass(slots=True)
class Refusal(Exception):
    """An answer that is an error, as the service words it."""

    status: int
    code: str
    message: str
    details: Sequence[str] = field(default=())
    retry_after_s: float | None = None

    def body(self) -> Document:
        return {
            "code": self.code,
            "message": {"lang": "en-us", "value": self.message},
            "values": [{"key": "Reason", "value": detail} for detail in self.details],
        }


def check_signature(
    method: str, url: tuple[str, str], headers: Mapping[str, str], account: tuple[str, str]
) -> None:
    """Refuse a request whose SharedKey signature is not by the key of ``account`` (name, key)."""
    expected = f"SharedKey {account[0]}:{signature(method, url, headers, account)}"
    if not hmac.compare_digest(expected, headers.get("authorization", "")):
        raise Refusal(401, "AuthenticationFailed", "The signature is not right.")


def signature(
    method: str, url: tuple[str, str], headers: Mapping[str, str], account: tuple[str, str]
) -> str:
    """Return the signature of a request to ``url`` (path, query); header names in lower case."""
    path, query = url
    signed = dict(headers)
    if method in {"GET", "HEAD"}:
        signed.pop("content-length", None)
    else:
        signed.setdefault("content-length", "0")
    lines = [method, *(signed.get(name, "") for name in _SIGNED_HEADERS)]
    lines += [f"{name}:{signed[name]}" for name in sorted(signed) if name.startswith("ocp-")]
    resource = f"/{account[0]}{path}"
    for name, values in sorted(parse_qs(query).items()):
        resource += f"\n{name}:{values[0]}"
    digest = hmac.new(
        base64.b64decode(account[1]), "\n".join([*lines, resource]).encode(), hashlib.sha256
    )
    return base64.b64encode(digest.digest()).decode()


def matcher(text: str | None, allowed: Sequence[str]) -> Callable[[Document], bool]:
    """Return what says whether a document passes the filter ``text``; refuses what it cannot do.

    Understood: ``x eq 'v'``, ``x ne 'v'``, ``startswith(x,'v')``, joined by ``and``.
    """
    tests = [_clause(part, allowed) for part in text.split(" and ")] if text else []
    return lambda document: all(test(document) for test in tests)


def _clause(text: str, allowed: Sequence[str]) -> Callable[[Document], bool]:
    compared, begins = _COMPARISON.fullmatch(text), _START.fullmatch(text)
    found = compared or begins
    if found is None or found["name"] not in allowed:
        raise Refusal(400, "InvalidQueryParameterValue", f"this double has no filter {text!r}")
    name, value = found["name"], found["value"]
    if compared is None:
        return lambda document: str(document.get(name, "")).startswith(value)
    wanted = compared["operator"] == "eq"
    return lambda document: (document.get(name) == value) is wanted


def selector(text: str | None, known: Collection[str]) -> Callable[[Document], Document]:
    """Return what takes the properties that ``text`` selects; refuses any not ``known``."""
    if text is None:
        return lambda document: document
    names = text.split(",")
    wrong = [name for name in names if name not in known]
    if wrong:
        raise Refusal(400, "InvalidQueryParameterValue", f"there is no property {wrong[0]!r}")
    return lambda document: {name: document[name] for name in names if name in document}


def now() -> str:
    """Return the time as the service writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds(duration: str) -> float:
    """Return the seconds of an ISO 8601 duration of days and smaller units."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise Refusal(400, "InvalidPropertyValue", f"{duration!r} is not a duration")
    given = {name: float(value) for name, value in found.groupdict().items() if value}
    return timedelta(**given).total_seconds()

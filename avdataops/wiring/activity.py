"""What a custom activity of Data Factory is given, and what it gives back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avdataops.model.errors import ConfigError, did_you_mean

OUTPUT_LIMIT_BYTES = 800_000
"""Data Factory takes 2 MB, but hands no more than 896 KB to another activity."""
ACTIONS = ("run", "quarantine", "reconcile", "rehydrate", "labels")
_TEXTS = (
    "action",
    "pipelineRunId",
    "traceparent",
    "measurement",
    "first",
    "last",
    "code",
    "message",
    "fix",
    "limit",
    "older_than_minutes",
    "priority",
    "direction",
    "format",
    "delivery",
    "exemption",
)
_DOCUMENTS = ("settings", "params")


@dataclass(frozen=True, slots=True)
class Activity:
    """The extended properties of an activity; what is empty there is absent here."""

    texts: Mapping[str, str]
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """What is asked for."""
        return self.needed("action")

    def text(self, name: str) -> str | None:
        """Return a property, or None."""
        return self.texts.get(name)

    def needed(self, name: str) -> str:
        """Return a property; raises ``ConfigError`` without it."""
        if name not in self.texts:
            raise ConfigError(f"the activity has no extended property '{name}'")
        return self.texts[name]

    def number(self, name: str, default: int) -> int:
        """Return a property that is a whole number, 0 or more; raises ``ConfigError``."""
        text = self.texts.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()):
            raise ConfigError(f"extended property '{name}' is no whole number: '{text[:40]}'")
        return int(text)


def read_activity(folder: Path) -> Activity:
    """Return the activity in the working directory that Data Factory has prepared."""
    try:
        text = (folder / "activity.json").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"activity.json cannot be read in the working directory: {error}",
            hint="Data Factory writes it for a custom activity",
        ) from error
    return parse_activity(text)


def parse_activity(text: str) -> Activity:
    """Return what ``activity.json`` holds; raises ``ConfigError`` naming what is wrong with it."""
    try:
        given = json.loads(text)["typeProperties"]["extendedProperties"]
        pairs = {str(name): _plain(value) for name, value in given.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"activity.json has no typeProperties.extendedProperties: {error}") from (
            error
        )
    known = (*_TEXTS, *_DOCUMENTS)
    for name in pairs:
        if name not in known:
            raise ConfigError(f"unknown extended property '{name}'{did_you_mean(name, known)}")
    texts = {name: value for name, value in pairs.items() if name in _TEXTS and value}
    documents = {name: _document(name, pairs[name]) for name in _DOCUMENTS if pairs.get(name)}
    activity = Activity(texts, documents)
    if activity.action not in ACTIONS:
        raise ConfigError(
            f"unknown action '{activity.action}'{did_you_mean(activity.action, ACTIONS)}"
        )
    return activity


def _plain(value: object) -> str:
    # Data Factory hands secure strings over as {"type": "SecureString", "value": ...}.
    if isinstance(value, dict):
        value = value["value"]
    if not isinstance(value, str):
        raise TypeError(f"a value is not a string: {value!r}")
    return value


def _document(name: str, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"extended property '{name}' is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"extended property '{name}' is not a JSON object")
    return document


def without_empty(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``document`` without empty texts and objects, at any depth."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        kept = without_empty(value) if isinstance(value, Mapping) else value
        if kept not in ("", {}, None):
            found[name] = kept
    return found


def write_outputs(folder: Path, document: Mapping[str, object]) -> None:
    """Write ``outputs.json``, whole or not at all; raises ``ConfigError`` above its limit."""
    data = json.dumps(document).encode()
    if len(data) > OUTPUT_LIMIT_BYTES:
        raise ConfigError(
            f"outputs.json would have {len(data)} bytes, more than {OUTPUT_LIMIT_BYTES}"
        )
    fresh = folder / "outputs.json.new"
    fresh.write_bytes(data)
    fresh.replace(folder / "outputs.json")

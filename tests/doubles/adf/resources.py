"""The resources of one factory, as they lie in a folder of ADF's Git layout."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Document = Mapping[str, Any]

REFERENCES: Mapping[str, str] = {
    "PipelineReference": "pipeline",
    "DatasetReference": "dataset",
    "LinkedServiceReference": "linkedService",
    "CredentialReference": "credential",
    "IntegrationRuntimeReference": "integrationRuntime",
    "ManagedVirtualNetworkReference": "managedVirtualNetwork",
}
"""Folder of what each type of reference names."""


@dataclass(frozen=True, slots=True)
class Factory:
    """Properties of every resource, by folder and name."""

    resources: Mapping[str, Mapping[str, Document]]
    global_parameters: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> Mapping[str, Document]:
        """Return the resources of one folder by name."""
        return self.resources.get(kind, {})

    def get(self, kind: str, name: str) -> Document:
        """Return one resource; raises ``KeyError`` that says what is missing."""
        try:
            return self.of(kind)[name]
        except KeyError:
            raise KeyError(f"the factory has no {kind} '{name}'") from None


def load_factory(folder: Path) -> Factory:
    """Read every resource in ``folder``; raises ``ValueError`` for a file with another name."""
    found: dict[str, dict[str, Document]] = {}
    for path in sorted(folder.glob("*/*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["name"] != path.stem:
            raise ValueError(f"{path} holds '{document['name']}'")
        found.setdefault(path.parent.name, {})[path.stem] = document["properties"]
    declared = found.get("globalParameters", {}).get("default", {})
    return Factory(found, {name: given["value"] for name, given in declared.items()})


def branches(activity: Document) -> Mapping[str, list[Document]]:
    """Return the lists of activities inside one activity, by where they stand."""
    inside = activity.get("typeProperties", {})
    found = {
        name: inside[name]
        for name in ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")
        if name in inside
    }
    for case in inside.get("cases", ()):
        found[f"case {case['value']}"] = case["activities"]
    return found


def own_properties(activity: Document) -> Document:
    """Return an activity without the activities inside it."""
    inside = dict(activity.get("typeProperties", {}))
    for name in ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities"):
        inside.pop(name, None)
    if "cases" in inside:
        inside["cases"] = [case["value"] for case in inside["cases"]]
    return {**activity, "typeProperties": inside}


def all_activities(activities: list[Document]) -> Iterator[Document]:
    """Yield every activity of a list, outer ones first, at any depth."""
    for activity in activities:
        yield activity
        for inner in branches(activity).values():
            yield from all_activities(inner)

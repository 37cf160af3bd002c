"""The orchestrator's action on labels: a package out, a delivery in."""

from typing import Any

from avdataops.model.errors import ConfigError, InputError, did_you_mean
from avdataops.wiring.activity import Activity
from avdataops.wiring.label_exchange import (
    Exchanged,
    Watch,
    export_labels,
    import_labels,
    read_inbox,
)
from avdataops.wiring.workspace import Workspace

_DIRECTIONS = ("export", "import")


def exchange_labels(workspace: Workspace, activity: Activity, watch: Watch) -> dict[str, object]:
    """Export or import labels of one measurement and tell what became of it.

    A delivery that does not fit is an answer, not an error: no other attempt can mend it.
    """
    measurement, direction = activity.needed("measurement"), activity.needed("direction")
    if direction not in _DIRECTIONS:
        raise ConfigError(
            f"extended property 'direction' is export or import, not '{direction[:40]}'"
            f"{did_you_mean(direction, _DIRECTIONS)}"
        )
    if direction == "export":
        return _told(measurement, _export(workspace, activity, measurement, watch))
    try:
        name, data = read_inbox(workspace.storage, measurement, activity.needed("delivery"))
        return _told(measurement, import_labels(workspace, measurement, (name, data)))
    except InputError as error:
        fix = error.hint or "deliver the file again"
        reason = {"code": error.code, "message": error.message, "fix": fix}
        return _answer(measurement, "rejected", reason)


def _export(workspace: Workspace, activity: Activity, measurement: str, watch: Watch) -> Exchanged:
    wanted = activity.text("format")
    params: dict[str, object] = {"exemption": activity.text("exemption") or ""}
    if wanted is not None:
        params["formats"] = tuple(name.strip() for name in wanted.split(","))
    return export_labels(workspace, measurement, params, watch)


def _told(measurement: str, done: Exchanged) -> dict[str, object]:
    facts: Any = done.record.facts
    counts = facts.get("counts")
    if counts is None:
        changes = {word: one["count"] for word, one in facts["changes"].items()}
        counts = {"labels": facts["labels"], **changes}
    answer = _answer(measurement, "done" if done.fresh else "nothing to do", None)
    return {
        **answer,
        "package": done.package,
        "delivery": facts.get("delivery"),
        "counts": counts,
        "runs": [done.record.run],
    }


def _answer(measurement: str, verdict: str, reason: dict[str, str] | None) -> dict[str, object]:
    return {
        "measurement": measurement,
        "verdict": verdict,
        "reason": reason,
        "package": None,
        "delivery": None,
        "counts": {},
        "runs": [],
    }

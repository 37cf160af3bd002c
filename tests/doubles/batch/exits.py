"""What follows from the way a task ended: retries, dependencies, actions on the job."""

from dataclasses import dataclass

from tests.doubles.batch.wire import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How one attempt of a task ended."""

    exit_code: int | None
    failure: Document | None
    """``failureInfo``; None means success."""
    condition: str = "exit"
    """``exit``, ``preProcessingError``, ``fileUploadError`` or ``terminated``."""


def failure(code: str, message: str, category: str = "usererror") -> Document:
    """Return a ``failureInfo``."""
    return {"category": category, "code": code, "message": message}


def exited(code: int) -> End:
    """Return the end of a process with this exit code."""
    if code == 0:
        return End(exit_code=0, failure=None)
    message = "The task exited with an exit code representing a failure"
    return End(exit_code=code, failure=failure("FailureExitCode", message))


def options(body: Document, end: End) -> Document:
    """Return the ``exitOptions`` that apply to an end."""
    conditions = body.get("exitConditions", {})
    if end.condition in {"exit", "fileUploadError"}:
        for one in conditions.get("exitCodes", ()):
            if one["code"] == end.exit_code:
                return dict(one["exitOptions"])
        for one in conditions.get("exitCodeRanges", ()):
            if one["start"] <= (end.exit_code or 0) <= one["end"]:
                return dict(one["exitOptions"])
    if end.failure is None:
        return {}
    return dict(conditions.get(end.condition) or conditions.get("default") or {})


def satisfies(body: Document, end: End) -> bool:
    """Say whether tasks that depend on this one may run."""
    default = "satisfy" if end.failure is None else "block"
    return bool(options(body, end).get("dependencyAction", default) == "satisfy")

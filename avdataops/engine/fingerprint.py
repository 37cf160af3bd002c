"""The identity of a piece of work: the same work has the same id everywhere."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from avdataops.model.documents import from_document
from avdataops.model.errors import ConfigError, SchemaMismatch, did_you_mean
from avdataops.model.ids import fingerprint
from avdataops.model.run import TaskInput
from avdataops.ports.step import Step


def task_fingerprint(
    step: Step, measurement: str, params: dict[str, object], inputs: Iterable[TaskInput]
) -> str:
    """Return the id of a task: step, version, parameters and what it reads, in any order."""
    return fingerprint(
        {
            "step": step.name,
            "version": step.version,
            "measurement": measurement,
            "params": params,
            "inputs": sorted([given.role, given.artifact.id] for given in inputs),
        }
    )


def complete_params(step: Step, given: dict[str, Any]) -> dict[str, object]:
    """Return all parameters of ``step`` with ``given`` over the defaults, checked.

    Raises ``ConfigError`` that names the unknown or ill-typed parameter.
    """
    defaults: dict[str, object] = asdict(step.params())
    for name in given:
        if name not in defaults:
            raise ConfigError(
                f"step '{step.name}' has no parameter '{name}'{did_you_mean(name, defaults)}",
                hint=f"it has: {', '.join(sorted(defaults)) or 'none'}",
            )
    try:
        params: dict[str, object] = asdict(from_document(step.params, defaults | given))
    except SchemaMismatch as error:
        raise ConfigError(f"parameters of step '{step.name}': {error.message}") from error
    return params

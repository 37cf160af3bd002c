"""The identity of a piece of work: the same work has the same id everywhere."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from avdataops.model.documents import from_document
from avdataops.model.errors import ConfigError, SchemaMismatch, did_you_mean
from avdataops.model.ids import canonical_json, fingerprint
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
    try:
        params: dict[str, object] = asdict(from_document(step.params, defaults | given))
        canonical_json(params)
    except (SchemaMismatch, ValueError) as error:
        raise ConfigError(f"parameters of step '{step.name}': {error}") from error
    _refuse_unknown(step.name, "", given, params)
    return params


def _refuse_unknown(
    step: str, inside: str, given: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    for name, value in given.items():
        if name not in known:
            raise ConfigError(
                f"step '{step}' has no parameter '{inside}{name}'{did_you_mean(name, known)}",
                hint=f"it has: {', '.join(f'{inside}{one}' for one in sorted(known)) or 'none'}",
            )
        if isinstance(value, Mapping) and isinstance(known[name], Mapping):
            _refuse_unknown(step, f"{inside}{name}.", value, known[name])

"""Pictures of a measurement freed of faces and plates, by weights that the user brings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from avdataops.engine.beside import run_all_beside
from avdataops.model.errors import ConfigError
from avdataops.model.run import RunRecord
from avdataops.steps.anonymise import ANONYMISE
from avdataops.wiring.label_exchange import Watch
from avdataops.wiring.workspace import Workspace

ROLE = "anonymiser"


@dataclass(frozen=True, slots=True)
class Anonymised:
    """What became of the cameras of a measurement."""

    records: tuple[RunRecord, ...]
    fresh: bool
    """False: all was made before."""


def anonymise(
    workspace: Workspace,
    measurement: str,
    weights: Path | None,
    params: Mapping[str, object],
    watch: Watch,
) -> Anonymised:
    """Run the step on every camera; the same weights over the same pictures run once.

    Parameters of the settings count unless ``params`` says otherwise.  Raises ``ConfigError``
    where neither ``weights`` nor the setting names any.
    """
    path = weights or workspace.settings.anonymiser
    if path is None:
        raise ConfigError(
            "no weights are named that see faces and plates",
            hint="add --weights FILE.onnx, or set AVDATAOPS_ANONYMISER",
        )
    facts = workspace.catalog.measurement(measurement)
    wanted = {**workspace.settings.params.get(ANONYMISE.name, {}), **params}
    with workspace.leases.hold(measurement), workspace.machinery(watch) as machinery:
        reference = workspace.reference(ROLE, path)
        workspace.catalog.reference([reference])
        records, fresh = run_all_beside(machinery, facts, ANONYMISE, wanted, [reference])
    return Anonymised(tuple(sorted(records, key=lambda record: record.part)), fresh)

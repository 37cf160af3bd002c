"""Reads stored files back and compares them with what the catalog promises."""

from dataclasses import dataclass

from avdataops.engine.publish import digest
from avdataops.model.errors import NotFound
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not as promised."""

    artifact: str
    problem: str


def verify_measurement(
    storage: Storage, catalog: CatalogReader, measurement: str
) -> tuple[int, tuple[Finding, ...]]:
    """Return how many files were read back, and what is wrong with any of them.

    Uploaded files are left out once landing was cleared: their raw copies stand for them.
    """
    findings: list[Finding] = []
    checked = 0
    catalog.measurement(measurement)
    for artifact in catalog.artifacts(measurement):
        if artifact.kind == "upload":
            continue
        checked += 1
        try:
            file = storage.open(artifact.location)
        except NotFound:
            findings.append(Finding(artifact.id, f"{artifact.location} is missing"))
            continue
        if file.size != artifact.bytes:
            problem = f"{artifact.location} has {file.size} bytes, not {artifact.bytes}"
            findings.append(Finding(artifact.id, problem))
        elif digest(file) != artifact.sha256:
            findings.append(Finding(artifact.id, f"{artifact.location} has other content"))
    return checked, tuple(findings)

"""Which pictures may leave: those painted over or cleared by a person, or with an exemption."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from avdataops.model.documents import from_json
from avdataops.model.errors import SchemaMismatch
from avdataops.model.pii import Clearance, PiiStatus, worst
from avdataops.model.stream import Problem
from avdataops.ports.step import InputFile
from avdataops.ports.storage import read_all
from avdataops.signals.label_frames import Shot

_MAX_FILE_BYTES = 64 << 20


@dataclass(slots=True)
class Gate:
    """Decides picture by picture, and counts."""

    exemption: str
    only_cleared: bool
    clearance: Clearance | None
    clearance_file: str = ""
    cleared: frozenset[str] = frozenset()
    left: Counter[PiiStatus] = field(default_factory=Counter)
    stayed: Counter[PiiStatus] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)
    """Hashes of the clearance that were met."""

    def status(self, shot: Shot) -> PiiStatus:
        """Return how far a picture is free of persons."""
        if shot.sha256 in self.cleared:
            self.used.add(shot.sha256)
            return "cleared"
        return "anonymised" if shot.source_sha256 is not None else "raw"

    def passes(self, status: PiiStatus) -> bool:
        """Say whether a picture of this status may leave, and count it."""
        enough = status == "cleared" or (status == "anonymised" and not self.only_cleared)
        leaves = enough or bool(self.exemption)
        (self.left if leaves else self.stayed)[status] += 1
        return leaves

    @property
    def whole(self) -> PiiStatus:
        """The worst status of what left; of what stayed where nothing did."""
        return worst(set(self.left) or set(self.stayed))

    def facts(self) -> dict[str, object]:
        """Return the counts for lineage."""
        return {
            "left": {str(name): many for name, many in sorted(self.left.items())},
            "stayed": {str(name): many for name, many in sorted(self.stayed.items())},
            "cleared_by": self.clearance.by if self.clearance else None,
        }

    def problems(self) -> list[Problem]:
        """Return what stayed and why, and clearances of what is not in the package."""
        found = []
        for status, many in sorted(self.stayed.items()):
            text = f"{many} pictures stay: their pii_status is {status}, nobody exempts it"
            found.append(Problem(code="pii", message=text))
        idle = len(self.cleared) - len(self.used)
        if idle:
            text = f"{self.clearance_file}: {idle} of the cleared pictures are not in this package"
            found.append(Problem(code="idle_clearance", message=text))
        return found


def gate(files: Sequence[InputFile], exemption: str, *, only_cleared: bool) -> Gate:
    """Return the gate of one package; raises ``SchemaMismatch`` for a clearance that is none."""
    if not files:
        return Gate(exemption, only_cleared, None)
    name = files[0].artifact.name
    try:
        clearance = from_json(Clearance, read_all(files[0].file, _MAX_FILE_BYTES))
    except SchemaMismatch as error:
        raise SchemaMismatch(f"{name}: {error.message}") from error
    return Gate(exemption, only_cleared, clearance, name, frozenset(clearance.pictures))

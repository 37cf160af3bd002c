"""What left for labelling: the manifest of one package."""

from dataclasses import dataclass
from typing import Literal

from avdataops.model.labels import Frame, Picture
from avdataops.model.pii import PiiStatus
from avdataops.model.rig import Sweep

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """One file of a package, its manifest left out."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table that the package was made from."""

    id: str
    kind: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """The words that labels of the package may use."""

    ontology: str
    """Fingerprint of the scene types and what they mean."""
    openlabel: str
    """Version of ASAM OpenLABEL that tags are taken from."""
    scene_types: tuple[str, ...]
    object_classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPackage:
    """What was sent, so that labels which come back can be held against exactly that."""

    schema_version: Literal[1] = 1
    package: str
    measurement: str
    vehicle: str
    pii_status: PiiStatus = "raw"
    """The worst of the pictures that left, or of all if none did; each picture has its own."""
    exemption: str | None = None
    """Why pictures leave all the same; None: they stayed."""
    taxonomy: Taxonomy
    scenes: tuple[str, ...]
    frames: tuple[Frame, ...]
    pictures: tuple[Picture, ...]
    """Each with the SHA-256 of its bytes, whether or not they left."""
    sweeps: tuple[Sweep, ...] = ()
    """Each with the SHA-256 of its file."""
    made_from: tuple[Source, ...]
    files: tuple[PackageFile, ...]

"""A frozen dataset: which scenes, with what content, over which stored bytes.  Never changed."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from avdataops.model.artifact import Artifact
from avdataops.model.documents import to_json
from avdataops.model.ids import canonical_json
from avdataops.model.scene import Scene, Surroundings

_DIGITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What is told of a frozen dataset without its scenes."""

    id: str
    """Fingerprint of the question's normal form, the scenes and the artifacts."""
    name: str
    """Of this dataset alone; one dataset may have several names."""
    by: str
    at_ns: int
    """When it was frozen under this name: the time of the catalog that it shows."""
    text: str
    """The question as it was asked."""
    query: str
    """Its normal form."""
    scenes: int
    artifacts: int
    measurements: int
    vehicles: tuple[str, ...]
    types: dict[str, int]
    """Number of scenes by type."""
    detectors: dict[str, tuple[int, ...]]
    """Versions by detector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A dataset with all that it holds."""

    dataset: Dataset
    scenes: tuple[Scene, ...]
    """By start and id."""
    artifacts: tuple[Artifact, ...]
    """By id: the tables behind the scenes, and what is to be read around them."""


def dataset_id(query: str, scenes: Iterable[Scene], artifacts: Iterable[Artifact]) -> str:
    """Return the id that follows from the content, line by line: nothing is held twice."""
    digest = hashlib.sha256(canonical_json(["dataset", 1, query]).encode())
    for scene in scenes:
        digest.update(f"\n{to_json(scene)}".encode())
    for artifact in artifacts:
        digest.update(f"\n{canonical_json([artifact.id, artifact.sha256])}".encode())
    return f"ds_{digest.hexdigest()[:_DIGITS]}"


def frozen_dataset(
    label: Dataset, scenes: Iterable[Scene], artifacts: Iterable[Artifact]
) -> Frozen:
    """Return a dataset of this content; of ``label`` count name, maker, time and question."""
    held = tuple(sorted(scenes, key=lambda one: (one.t_start_ns, one.id)))
    stored = tuple(sorted({one.id: one for one in artifacts}.values(), key=lambda one: one.id))
    types: dict[str, int] = {}
    versions: dict[str, set[int]] = {}
    for scene in held:
        types[scene.type] = types.get(scene.type, 0) + 1
        versions.setdefault(scene.detector, set()).add(scene.detector_version)
    dataset = Dataset(
        id=dataset_id(label.query, held, stored),
        name=label.name,
        by=label.by,
        at_ns=label.at_ns,
        text=label.text,
        query=label.query,
        scenes=len(held),
        artifacts=len(stored),
        measurements=len({one.measurement for one in held}),
        vehicles=tuple(sorted({one.vehicle for one in held})),
        types=dict(sorted(types.items())),
        detectors={name: tuple(sorted(found)) for name, found in sorted(versions.items())},
    )
    return Frozen(dataset=dataset, scenes=held, artifacts=stored)


def exact_scene(text: str) -> Scene:
    """Return the scene that canonical JSON of one describes.

    Not by way of the checked reading of facts: that would turn whole numbers into floats.
    """
    facts = json.loads(text)
    facts["surroundings"] = Surroundings(**facts.get("surroundings", {}))
    return Scene(**facts)

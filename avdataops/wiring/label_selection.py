"""Several packages at once: of a selection of scenes over drives, or one for each scene."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avdataops.model.errors import Conflict, InputError
from avdataops.model.ids import canonical_json
from avdataops.model.label_package import MANIFEST
from avdataops.model.scene import Scene
from avdataops.wiring.label_exchange import Exchanged, export_labels, save_package
from avdataops.wiring.scene_questions import Asking, SceneWords
from avdataops.wiring.workspace import Workspace

SELECTION = "selection.json"
MAX_SCENES = 2000
"""More is no selection for people to label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which scenes, and how they leave."""

    scenes: tuple[Scene, ...]
    params: Mapping[str, object]
    """Of the export step, scenes left out."""
    each: bool = False
    """A package for each scene, not for each measurement."""
    given: Mapping[str, Path] = field(default_factory=dict)
    """Files of the user by role."""
    source: str | None = None
    """What the selection comes from: the id of a dataset."""


def scenes_of(
    workspace: Workspace, ids: Sequence[str], words: SceneWords | None
) -> tuple[Scene, ...]:
    """Return the scenes of these ids, and those that a question asks for.

    Raises ``NotFound`` for an id of no scene, ``InputError`` where nothing is chosen or too much,
    and for a question that cannot be understood.
    """
    found = [workspace.catalog.scene(one) for one in ids]
    if words is not None:
        query = Asking(workspace.catalog, workspace.settings.rules).query(words)
        found += workspace.catalog.scenes(query, limit=MAX_SCENES + 1)
    once = tuple({one.id: one for one in found}.values())
    if not once:
        raise InputError("no scene is chosen", hint="avdataops scenes find")
    if len(once) > MAX_SCENES:
        raise InputError(
            f"more than {MAX_SCENES} scenes are chosen", hint="ask for fewer; scenes count tells"
        )
    return once


def export_selection(
    workspace: Workspace, wanted: Wanted, folder: Path
) -> tuple[dict[str, object], list[Exchanged]]:
    """Make the packages below ``folder`` and a list of them with the hash of each manifest.

    Returns what was written and the runs behind it.
    Raises ``Conflict`` where the folder holds another selection.
    """
    packages = []
    exchanged: list[tuple[str, Exchanged]] = []
    for name, measurement, ids in _parts(wanted):
        params = {**wanted.params, "scene_types": (), "scene_ids": ids}
        made = export_labels(workspace, measurement, params, lambda _: None, wanted.given)
        exchanged.append((name, made))
        packages.append({"folder": name, "measurement": measurement, "scenes": list(ids)})
    for row, (_, made) in zip(packages, exchanged, strict=True):
        row |= {"package": made.package, "manifest_sha256": _manifest_sha256(made)}
    document = {"schema_version": 1, "source": wanted.source, "packages": packages}
    data = canonical_json(document).encode()
    _keep_others(folder / SELECTION, data)
    files = sum(save_package(workspace.storage, made, folder / name) for name, made in exchanged)
    (folder / SELECTION).write_bytes(data)
    runs = [one for _, one in exchanged]
    told = {"files": files + 1, "nothing_to_do": not any(one.fresh for one in runs)}
    return {**document, **told}, runs


def _parts(wanted: Wanted) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Yield folder, measurement and scenes of each package, in a fixed order."""
    ordered = sorted(wanted.scenes, key=lambda one: (one.measurement, one.t_start_ns, one.id))
    if wanted.each:
        return [(one.id, one.measurement, (one.id,)) for one in ordered]
    by_measurement: dict[str, list[str]] = {}
    for one in ordered:
        by_measurement.setdefault(one.measurement, []).append(one.id)
    return [(name, name, tuple(ids)) for name, ids in by_measurement.items()]


def _manifest_sha256(made: Exchanged) -> str:
    return next(one.sha256 for one in made.record.made if one.name.endswith(f"/{MANIFEST}"))


def _keep_others(path: Path, data: bytes) -> None:
    if (
        path.exists()
        and hashlib.sha256(path.read_bytes()).digest() != hashlib.sha256(data).digest()
    ):
        there = json.loads(path.read_bytes()).get("source")
        raise Conflict(
            f"'{path}' lists another selection{f' ({there})' if there else ''}",
            hint="name a folder that is new or empty",
        )

"""``avdataops upload``."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from avdataops.cli.opening import with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.cli.progress import TransferProgress
from avdataops.engine.driver_notes import NOTES, read_notes
from avdataops.engine.intake import HashCache, hash_sources, make_manifest, scan
from avdataops.engine.intake import upload as upload_files
from avdataops.model.errors import InputError
from avdataops.model.ids import check_vehicle, fingerprint
from avdataops.model.measurement import Manifest, Role
from avdataops.wiring.workspace import Workspace

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--vehicle", required=True, help="Name of the vehicle that drove.")
@click.option(
    "--driver-notes", type=_FILE, help="JSON or YAML: driver_id, route, weather, remarks."
)
@click.option("--dbc", type=_FILE, multiple=True, help="DBC of a CAN bus; can be repeated.")
@click.option("--dry-run", is_flag=True, help="Show what would be uploaded; hash nothing.")
@with_sink("table", "json")
@with_workspace
def upload(workspace: Workspace, sink: Sink, **options: Any) -> None:
    """Upload the recordings in FOLDER as one measurement, verified and resumable."""
    asked = _Asked(**options)
    check_vehicle(asked.vehicle)
    found = scan(asked.folder, asked.dbc, asked.driver_notes)
    total = sum(source.bytes for source in found.sources)
    for name in found.ignored:
        say(f"left out: {name} (no recording, DBC, driver notes or metadata.yaml)")
    if asked.dry_run:
        rows = [{"name": s.name, "bytes": s.bytes, "role": s.role} for s in found.sources]
        text = "\n".join(f"{row['role']:10} {row['bytes']:>14,}  {row['name']}" for row in rows)
        text += f"\nwould upload {len(rows)} files, {total:,} bytes"
        sink.document({"dry_run": True, "files": rows, "bytes": total}, text)
        return
    key = fingerprint([str(asked.folder.resolve()), asked.vehicle])
    cache = HashCache(workspace.root / "uploads" / f"{key}.json")
    notes_file = next((s.path for s in found.sources if s.name == NOTES), None)
    notes = read_notes(notes_file) if notes_file else None
    try:
        with TransferProgress(total) as progress:
            files = hash_sources(found.sources, cache, progress, os.cpu_count() or 1)
            manifest = make_manifest(asked.vehicle, files, notes)
            paths = {source.name: source.path for source in found.sources}
            with workspace.locked(manifest.measurement):
                fresh = upload_files(
                    workspace.storage, workspace.catalog, manifest, paths, progress
                )
    except InputError:
        # A hash may be what was wrong: the next try takes nothing from memory.
        cache.drop()
        raise
    cache.drop()
    _tell(workspace, manifest, fresh, sink)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    folder: Path
    vehicle: str
    driver_notes: Path | None
    dbc: tuple[Path, ...]
    dry_run: bool


def _tell(
    workspace: Workspace,
    manifest: Manifest,
    fresh: bool,
    sink: Sink,
) -> None:
    state = workspace.catalog.measurement(manifest.measurement).state
    recordings = [
        {"name": file.name, "bytes": file.bytes, "sha256": file.sha256}
        for file in manifest.files
        if file.role is Role.RECORDING
    ]
    document = {
        "measurement": manifest.measurement,
        "state": state,
        "uploaded": fresh,
        "recordings": recordings,
    }
    size = sum(file.bytes for file in manifest.files)
    what = "uploaded" if fresh else "nothing to do: it was uploaded before, as"
    text = (
        f"{what} {manifest.measurement}  ({len(recordings)} recordings, "
        f"{len(manifest.files)} files, {size:,} bytes, {state})"
    )
    sink.document(document, text)
    if fresh:
        say(f"next: avdataops run {manifest.measurement}")

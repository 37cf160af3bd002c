"""``avdataops upload``."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from avdataops.cli.opening import with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.cli.progress import TransferProgress
from avdataops.engine.brought import find_brought, hash_brought, notes_brought, take_in_brought
from avdataops.engine.driver_notes import NOTES, read_notes
from avdataops.engine.intake import HashCache, Scan, hash_sources, make_manifest, scan
from avdataops.engine.pace import Pace, unhurried
from avdataops.engine.sending import take_in_landed
from avdataops.engine.sending import upload as upload_files
from avdataops.model.errors import InputError
from avdataops.model.ids import check_vehicle, fingerprint
from avdataops.model.measurement import Manifest, Role
from avdataops.ports.lineage_views import printable
from avdataops.wiring.workspace import Workspace

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RATE = re.compile(r"(\d+(?:\.\d+)?)([KMG]?)", re.IGNORECASE)
_TIMES = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}


class Rate(click.ParamType[float]):
    """Bytes per second: 800K, 50M, 1.5G; powers of 1000."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return bytes per second."""
        parts = _RATE.fullmatch(str(value))
        rate_bps = float(parts[1]) * _TIMES[parts[2].upper()] if parts else 0.0
        if rate_bps < 1:
            self.fail(f"'{value}' is no rate (bytes per second, as 800K, 50M or 1G)", param, ctx)
        return rate_bps


def _unless_landed(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    # Options that were given are processed before an argument that was not.
    if value is None and ctx.params.get("landed") is None:
        raise click.MissingParameter(ctx=ctx, param=param, param_hint="'FOLDER'")
    return value


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False, callback=_unless_landed)
@click.option("--vehicle", required=True, help="Name of the vehicle that drove.")
@click.option(
    "--driver-notes", type=_FILE, help="JSON or YAML: driver_id, route, weather, remarks."
)
@click.option("--dbc", type=_FILE, multiple=True, help="DBC of a CAN bus; can be repeated.")
@click.option("--dry-run", is_flag=True, help="Show what would be uploaded; hash nothing.")
@click.option("--limit-rate", type=Rate(), help="At most so many bytes per second: 50M.")
@click.option(
    "--manifest-only", is_flag=True, help="FOLDER was brought into landing by other means."
)
@click.option("--landed", metavar="FOLDER", help="Take this folder of the landing zone instead.")
@with_sink("table", "json")
@with_workspace
def upload(workspace: Workspace, sink: Sink, **options: Any) -> None:
    r"""Upload the recordings in FOLDER as one measurement, verified and resumable.

    For large fleets the bytes may come by AzCopy, a Data Box or a leased line instead:

    \b
    --manifest-only FOLDER  FOLDER is still at hand.  Hashes it here, finds every file with its
                            size in landing/MEASUREMENT, and writes the manifest.  Run it first
                            without having copied anything: it says which MEASUREMENT it will be.
    --landed FOLDER         FOLDER is a folder of the landing zone, and nothing else is at hand.
                            Hashes the stored bytes, copies them to landing/MEASUREMENT unless they
                            lie there, and writes the manifest.  All bytes come through this
                            machine: run it close to the storage.  The originals stay.

    The step validate reads every stored byte again either way.
    """
    asked = _Asked(**options)
    check_vehicle(asked.vehicle)
    take = Pace(asked.limit_rate).take if asked.limit_rate else unhurried
    if asked.landed is not None or asked.folder is None:
        _upload_landed(workspace, asked, asked.landed or "", take, sink)
        return
    found = scan(asked.folder, asked.dbc, asked.driver_notes)
    _say_left_out(found.ignored)
    if asked.dry_run:
        _show(found, sink)
        return
    key = fingerprint([str(asked.folder.resolve()), asked.vehicle])
    cache = HashCache(workspace.root / "uploads" / f"{key}.json")
    try:
        manifest, fresh = _upload_folder(workspace, asked, found, cache, take)
    except InputError:
        # A hash may be what was wrong: the next try takes nothing from memory.
        if not asked.manifest_only:
            cache.drop()
        raise
    cache.drop()
    _tell(workspace, manifest, fresh, sink)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    folder: Path | None
    vehicle: str
    driver_notes: Path | None
    dbc: tuple[Path, ...]
    dry_run: bool
    limit_rate: float | None
    manifest_only: bool
    landed: str | None

    def __post_init__(self) -> None:
        if self.landed is not None and (
            self.folder or self.manifest_only or self.dbc or self.driver_notes
        ):
            raise click.UsageError(
                "--landed takes all files from the landing zone: no FOLDER, --manifest-only, "
                "--dbc or --driver-notes beside it"
            )


def _upload_folder(
    workspace: Workspace,
    asked: _Asked,
    found: Scan,
    cache: HashCache,
    take: Callable[[int], None],
) -> tuple[Manifest, bool]:
    storage, catalog = workspace.storage, workspace.catalog
    notes_file = next((s.path for s in found.sources if s.name == NOTES), None)
    notes = read_notes(notes_file) if notes_file else None
    with TransferProgress(sum(source.bytes for source in found.sources)) as progress:
        files = hash_sources(found.sources, cache, progress, os.cpu_count() or 1)
        manifest = make_manifest(asked.vehicle, files, notes)
        with workspace.leases.hold(manifest.measurement):
            if asked.manifest_only:
                return manifest, take_in_landed(storage, catalog, manifest)
            paths = {source.name: source.path for source in found.sources}
            return manifest, upload_files(storage, catalog, manifest, paths, progress, take)


def _upload_landed(
    workspace: Workspace, asked: _Asked, folder: str, take: Callable[[int], None], sink: Sink
) -> None:
    storage, catalog = workspace.storage, workspace.catalog
    brought, ignored = find_brought(storage, folder)
    _say_left_out(ignored)
    if asked.dry_run:
        _show_files([{"name": b.name, "bytes": b.bytes, "role": b.role} for b in brought], sink)
        return
    with TransferProgress(sum(one.bytes for one in brought)) as progress:
        files = hash_brought(storage, brought, progress)
        manifest = make_manifest(asked.vehicle, files, notes_brought(storage, brought))
        with workspace.leases.hold(manifest.measurement):
            fresh = take_in_brought(storage, catalog, manifest, brought, progress, take)
    _tell(workspace, manifest, fresh, sink)
    if folder.strip("/") != manifest.measurement:
        say(f"the originals stay in landing/{printable(folder)}; remove them once it is complete")


def _say_left_out(names: Sequence[str]) -> None:
    for name in names:
        say(f"left out: {printable(name)} (no recording, DBC, driver notes or metadata.yaml)")


def _show(found: Scan, sink: Sink) -> None:
    _show_files([{"name": s.name, "bytes": s.bytes, "role": s.role} for s in found.sources], sink)


def _show_files(rows: Sequence[dict[str, Any]], sink: Sink) -> None:
    total = sum(row["bytes"] for row in rows)
    text = "\n".join(
        f"{row['role']:10} {row['bytes']:>14,}  {printable(row['name'])}" for row in rows
    )
    text += f"\nwould upload {len(rows)} files, {total:,} bytes"
    sink.document({"dry_run": True, "files": rows, "bytes": total}, text)


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

"""``avdataops doctor``: is this machine ready?"""

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from avdataops.cli.output import Sink, with_sink
from avdataops.model.errors import AvdataopsError
from avdataops.settings import load_settings
from avdataops.tables.kinds import kinds
from avdataops.wiring.checkup import check_cloud
from avdataops.wiring.workspace import open_workspace

_PACKAGES = (
    "asammdf",
    "rosbags",
    "mcap",
    "cantools",
    "apsw",
    "pyarrow",
    "numpy",
    "scipy",
    "osmium",
)
LOW_SPACE_BYTES = 5 << 30


@click.command()
@with_sink("table", "json")
def doctor(sink: Sink) -> int:
    """Check libraries, schemas, settings, workspace and space, and Azure where it is set."""
    checks = [_python(), *(_package(name) for name in _PACKAGES), _schemas(), *_workspace()]
    lines = [f"{'ok  ' if good else 'BAD '} {name}: {told}" for name, good, told in checks]
    document = {name: {"ok": good, "found": told} for name, good, told in checks}
    sink.document(document, "\n".join(lines))
    return 0 if all(good for _, good, _ in checks) else 78


def _python() -> tuple[str, bool, str]:
    found = sys.version.split(maxsplit=1)[0]
    return "python", sys.version_info >= (3, 11), found


def _package(name: str) -> tuple[str, bool, str]:
    try:
        return name, True, version(name)
    except PackageNotFoundError:
        return name, False, "not installed; run ./run setup"


def _schemas() -> tuple[str, bool, str]:
    try:
        return "schemas", True, f"{len(kinds())} kinds"
    except AvdataopsError as error:
        return "schemas", False, error.message


def _workspace() -> list[tuple[str, bool, str]]:
    try:
        settings = load_settings(workspace=click.get_current_context().find_root().obj)
    except AvdataopsError as error:
        return [("settings", False, f"{error.message}; {error.hint}")]
    cloud = [(one.name, one.good, one.told) for one in check_cloud(settings)]
    if not all(good for _, good, _ in cloud):
        return cloud
    try:
        with open_workspace(settings) as opened:
            waiting = len(opened.catalog.measurements(limit=10_000))
    except (AvdataopsError, OSError) as error:
        return [*cloud, ("workspace", False, str(error))]
    told = f"{settings.workspace}, {waiting} measurements"
    return [*cloud, ("workspace", True, told), _space(settings.workspace)]


def _space(folder: Path) -> tuple[str, bool, str]:
    there = next((one for one in (folder, *folder.resolve().parents) if one.exists()), Path("/"))
    free = shutil.disk_usage(there).free
    return "space", free > LOW_SPACE_BYTES, f"{free / 1e9:.1f} GB free"

"""Options that every command over a workspace shares."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from avdataops.settings import load_settings
from avdataops.wiring.workspace import Workspace, expand_id, open_workspace


def with_workspace(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--workspace`` and give the command the opened workspace as its first argument."""

    @click.option(
        "--workspace",
        "workspace_folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the local zones and the catalog (AVDATAOPS_WORKSPACE).",
    )
    @wraps(command)
    def opened(workspace_folder: Path | None, **options: Any) -> Any:
        root = click.get_current_context().find_root()
        with open_workspace(load_settings(workspace=workspace_folder or root.obj)) as workspace:
            return command(workspace, **options)

    return opened


def measurement_id_of(workspace: Workspace, text: str) -> str:
    """Return the id that ``text`` begins, if there is exactly one; else ``text`` itself."""
    if len(text) >= len("m_") + 24:
        return text
    known = workspace.catalog.measurements(limit=10_000)
    return expand_id(text, [found.id for found in known])

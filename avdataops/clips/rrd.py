"""Clips as Rerun recordings: the MCAP clip, turned by Rerun's own command.

Rerun is an optional extra of half a gigabyte, so it is looked for and not imported.  It is run
without analytics.  It gives its chunks random names: of all formats this one has other bytes
every time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from avdataops.clips.clip import Clip, Outcome, Written
from avdataops.clips.mcap import write_mcap
from avdataops.model.errors import ConfigError

EXTRA = "pip install 'avdataops[rerun]'"
_TOO_LONG_S = 1800
_SHOWN = 300


def find_rerun() -> Path:
    """Return Rerun's command; raises ``ConfigError`` naming the extra that brings it."""
    beside = shutil.which("rerun", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("rerun")
    if found is None:
        raise ConfigError("Rerun is not installed, an optional extra", hint=EXTRA)
    return Path(found)


@contextmanager
def without_analytics() -> Iterator[Mapping[str, str]]:
    """Give an environment in which Rerun sends nothing, whatever the person's own settings."""
    with tempfile.TemporaryDirectory(prefix="rerun-") as folder:
        settings = Path(folder) / "rerun" / "analytics.json"
        settings.parent.mkdir()
        # All that Rerun itself writes there: with a field missing it would take its default, yes.
        said = {
            "analytics_enabled": False,
            "analytics_id": "",
            "metadata": {},
            "config_file_path": str(settings),
            "data_dir_path": str(settings.parent / "events"),
        }
        settings.write_text(json.dumps(said), encoding="utf-8")
        yield {**os.environ, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}


def write_rrd(clip: Clip, folder: Path) -> Outcome:
    """Write ``<scene>.rrd``; raises ``ConfigError`` without Rerun."""
    rerun = find_rerun()
    made = write_mcap(clip, folder)
    (source,) = made.files
    path = source.path.with_suffix(".rrd")
    given = ["mcap", "convert", str(source.path), "-o", str(path)]
    names = ["--application-id", "avdataops", "--recording-id", clip.scene.id]
    with without_analytics() as environment:
        done = subprocess.run(  # noqa: S603 - a command that was looked for, and our own files
            [str(rerun), *given, *names],
            env=dict(environment),
            capture_output=True,
            timeout=_TOO_LONG_S,
            check=False,
        )
    if done.returncode or not path.is_file():
        said = done.stderr.decode("utf-8", "replace").strip()[-_SHOWN:]
        raise ConfigError(f"Rerun could not turn the clip: {said}", hint=EXTRA)
    source.path.unlink()
    facts = Written(path=path, facts=dict(source.facts))
    return Outcome(files=(facts,), used=made.used, caveats=made.caveats)

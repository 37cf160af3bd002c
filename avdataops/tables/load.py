"""Finds and reads the data files under ``schemas/``: beside the package, or inside the wheel."""

import functools
import json
from pathlib import Path
from typing import Any

from avdataops.model.errors import ConfigError

_INSIDE = Path(__file__).parents[1] / "schemas"
_BESIDE = Path(__file__).parents[2] / "schemas"


def schemas_folder() -> Path:
    """Return the folder of the schemas; raises ``ConfigError`` if the installation lost it."""
    for folder in (_INSIDE, _BESIDE):
        if (folder / "tables").is_dir():
            return folder
    raise ConfigError("the schemas folder is missing from this installation", hint="reinstall")


@functools.cache
def load_json(name: str) -> Any:
    """Return the parsed ``schemas/<name>``; shared, so do not change it."""
    return json.loads((schemas_folder() / name).read_text(encoding="utf-8"))

"""Rule files of own scene types, from the settings into the parameters of a step."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from avdataops.detectors import scene_types
from avdataops.detectors.rules import rule_detectors
from avdataops.model.errors import ConfigError
from avdataops.ports.detecting import Detector

RULES_STEP = "detect_scenes"


def rule_documents(patterns: Iterable[Path]) -> dict[str, str]:
    """Return file name -> text of all rule files, checked, in order of their names.

    The documents themselves become a parameter of the step, so that a changed rule is another
    task.  Only the last part of a pattern has wildcards.  Raises ``ConfigError`` for a pattern
    without files, two files of one name, text that is not UTF-8, and what is wrong in a rule.
    """
    found: dict[str, str] = {}
    for path in sorted(_files(patterns), key=lambda one: one.name):
        if path.name in found:
            raise ConfigError(f"setting 'rules': there are two files of the name '{path.name}'")
        found[path.name] = _text(path)
    rule_detectors(found, scene_types())
    return found


def configured_rules(patterns: Iterable[Path]) -> tuple[Detector, ...]:
    """Return the detectors that the rule files define."""
    return rule_detectors(rule_documents(patterns), scene_types())


def _files(patterns: Iterable[Path]) -> Iterator[Path]:
    for pattern in patterns:
        files = [path for path in pattern.parent.glob(pattern.name) if path.is_file()]
        if not files:
            raise ConfigError(f"setting 'rules': no file is named '{pattern}'")
        yield from files


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"setting 'rules': '{path}' is not UTF-8") from error

"""Topic classes: which container of the raw zone a stream belongs to."""

import functools
import re

from avdataops.tables.load import load_json


@functools.cache
def _rules() -> tuple[tuple[str, re.Pattern[str] | None, re.Pattern[str] | None], ...]:
    return tuple(
        (rule["class"], _pattern(rule.get("type")), _pattern(rule.get("name")))
        for rule in load_json("topic_classes.json")["rules"]
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text, re.IGNORECASE) if text else None


def topic_class(name: str, message_type: str) -> str:
    """Return the class of a stream by ``schemas/topic_classes.json``; ``other`` if no rule fits."""
    for found, by_type, by_name in _rules():
        type_fits = by_type is None or by_type.fullmatch(message_type)
        name_fits = by_name is None or by_name.fullmatch(name)
        if type_fits and name_fits:
            return found
    return "other"

"""Units of well-known message fields, from ``schemas/ros_units.json``."""

import functools
from collections.abc import Mapping, Sequence
from typing import cast

from avdataops.tables.load import load_json


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return cast("Mapping[str, Mapping[str, str]]", load_json("ros_units.json")["types"])


def field_unit(trail: Sequence[tuple[str, str]]) -> str | None:
    """Return the unit of the field at the end of ``trail``, or None.

    ``trail`` lists (message type, field name) from the outermost type to the field.  The
    outermost type that names the field, or a part of the message around it, decides.
    """
    for start, (type_name, _) in enumerate(trail):
        known = _table().get(type_name)
        if not known:
            continue
        names = [name for _, name in trail[start:]]
        for stop in range(len(names), 0, -1):
            unit = known.get(".".join(names[:stop]))
            if unit:
                return unit
    return None

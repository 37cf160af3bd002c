"""Message types that hold object lists, and where their fields are (``schemas/signals.json``)."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from avdataops.tables.load import load_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectList:
    """How one message type writes an object list: a child stream, its classes a grandchild."""

    type: re.Pattern[str]
    list: str
    """Name of the list in the message; the child stream is ``<stream>.<list>``."""
    frame: re.Pattern[str]
    """Column of the message that names its coordinate frame."""
    ego_frames: frozenset[str]
    """Frames that are the vehicle's own."""
    columns: Mapping[str, re.Pattern[str]]
    """Column of the kind ``objects``, or part of the quaternion (qx ... qw), -> its pattern."""
    class_list: str
    label: re.Pattern[str]
    probability: re.Pattern[str]
    class_names: Mapping[int, str]
    """Label -> class; other labels are unknown."""

    def child(self, stream: str) -> str:
        """Return the stream of the objects."""
        return f"{stream}.{self.list}"

    def classes(self, stream: str) -> str:
        """Return the stream of the objects' classes."""
        return f"{self.child(stream)}.{self.class_list}"


def object_list(message_type: str) -> ObjectList | None:
    """Return how a message type writes its object list, None if it is not known to hold one."""
    return next((rule for rule in _rules() if rule.type.fullmatch(message_type)), None)


@functools.cache
def _rules() -> tuple[ObjectList, ...]:
    return tuple(
        ObjectList(
            type=_pattern(facts["type"]),
            list=facts["list"],
            frame=_pattern(facts["frame"]),
            ego_frames=frozenset(facts["ego_frames"]),
            columns={name: _pattern(text) for name, text in facts["columns"].items()},
            class_list=facts["classes"]["list"],
            label=_pattern(facts["classes"]["label"]),
            probability=_pattern(facts["classes"]["probability"]),
            class_names={int(n): name for n, name in facts["classes"]["names"].items()},
        )
        for facts in load_json("signals.json")["objects"]
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)

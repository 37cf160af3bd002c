"""What OpenStreetMap tags of ways and nodes state, and nothing that they do not."""

import re
from typing import Any

import pyarrow as pa

DRIVABLE = {
    "motorway": "carriageway",
    "motorway_link": "ramp",
    "trunk": "carriageway",
    "trunk_link": "ramp",
    "primary": "carriageway",
    "primary_link": "ramp",
    "secondary": "carriageway",
    "secondary_link": "ramp",
    "tertiary": "carriageway",
    "tertiary_link": "ramp",
    "unclassified": "carriageway",
    "residential": "carriageway",
    "living_street": "shared with people on foot, but cars may use it",
    "road": "class not surveyed yet",
    "service": "car parks, yards and drives: driven on, but no leg of a junction",
}
"""Values of ``highway`` that are matched, and why.  Not ``track``, ``path`` and the like: they
often run beside a road, and a drive on them is rarer than the wrong match would be; not
``construction`` and ``proposed``: nobody can drive there."""

NO_LEG = frozenset({"service"})
_ONEWAY_BY_NATURE = frozenset({"motorway", "motorway_link"})
_FORWARD, _BACKWARD = frozenset({"yes", "true", "1"}), frozenset({"-1", "reverse"})
_TUNNELS = frozenset({"yes", "building_passage"})
_MPS_PER_UNIT = {"": 1 / 3.6, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6, "mph": 0.44704}
_SPEED = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?) ?(km/h|kmh|kph|mph|)")
_LANES = re.compile(r"[0-9]{1,2}")
_LAYER = re.compile(r"-?[0-9]")
_LIT = {"yes": True, "24/7": True, "automatic": True, "no": False}
ATTRIBUTES = pa.schema(
    {
        "way_id": pa.int64(),
        "road_class": pa.string(),
        "speed_limit_mps": pa.float64(),
        "lanes": pa.int64(),
        "oneway": pa.bool_(),
        "tunnel": pa.bool_(),
        "bridge": pa.bool_(),
        "roundabout": pa.bool_(),
        "surface": pa.string(),
        "lit": pa.bool_(),
        "layer": pa.int64(),
    }
)
MARKS = {
    ("highway", "crossing"): "crossing",
    ("highway", "traffic_signals"): "traffic_signal",
    ("highway", "stop"): "stop_sign",
    ("railway", "level_crossing"): "level_crossing",
}
"""Tag of a node of a way -> what is there."""
SCHOOLS = frozenset({"school", "kindergarten"})
"""Values of ``amenity``."""


def is_drivable(tags: dict[str, str]) -> bool:
    """Say whether a way is a road that is matched."""
    return tags.get("highway") in DRIVABLE and tags.get("area") != "yes"


def attributes_of(way_id: int, tags: dict[str, str]) -> tuple[Any, ...]:
    """Return a row of ``ATTRIBUTES``; null where no tag states it.

    No tag for tunnel, bridge or roundabout means that there is none: that is how they are mapped.
    """
    return (
        way_id,
        tags["highway"],
        speed_limit_mps(tags.get("maxspeed", "")),
        int(tags["lanes"]) if _LANES.fullmatch(tags.get("lanes", "")) else None,
        oneway(tags) != 0,
        tags.get("tunnel") in _TUNNELS,
        tags.get("bridge", "no") != "no",
        tags.get("junction") == "roundabout",
        tags.get("surface"),
        _LIT.get(tags.get("lit", "")),
        int(tags["layer"]) if _LAYER.fullmatch(tags.get("layer", "")) else None,
    )


def speed_limit_mps(text: str) -> float | None:
    """Return the limit that ``maxspeed`` states as one number, by default in km/h, else None.

    ``none``, ``walk``, ``signals``, ``DE:urban`` and lists state no number, and none is guessed.
    """
    stated = _SPEED.fullmatch(text.strip())
    return float(stated[1]) * _MPS_PER_UNIT[stated[2]] if stated else None


def oneway(tags: dict[str, str]) -> int:
    """Return 1 for one way along the nodes, -1 against them, 0 for both directions."""
    stated = tags.get("oneway")
    if stated is None:
        implied = tags.get("junction") == "roundabout" or tags["highway"] in _ONEWAY_BY_NATURE
        return int(implied)
    return (stated in _FORWARD) - (stated in _BACKWARD)

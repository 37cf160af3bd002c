"""Column names: snake_case, unique, and with the unit at the end."""

import re
from collections.abc import Iterable

RESERVED = ("t_ns", "ts", "row", "element", "parent_element", "publish_ns")
"""Columns that tables have beside what the recording states."""

_UNIT_SUFFIX = {
    "m": "m",
    "m/s": "mps",
    "m/s2": "mps2",
    "rad": "rad",
    "rad/s": "radps",
    "deg": "deg",
    "s": "s",
    "ns": "ns",
    "Hz": "hz",
    "degC": "c",
    "K": "k",
    "lx": "lx",
    "Pa": "pa",
    "T": "t",
    "N": "n",
    "Nm": "nm",
    "V": "v",
    "A": "a",
}


def snake_case(text: str) -> str:
    """Return ``text`` as ``[a-z0-9_]+``: ``WheelSpeed.FL [km/h]`` gives ``wheel_speed_fl_km_h``."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not name:
        return "x"
    return f"x_{name}" if name[0].isdigit() else name


def with_unit(name: str, unit: str | None) -> str:
    """Return ``name`` with the suffix of a known SI unit, once."""
    suffix = _UNIT_SUFFIX.get(unit or "")
    if suffix is None or name == suffix or name.endswith(f"_{suffix}"):
        return name
    return f"{name}_{suffix}"


class UniqueNames:
    """Hands out names that differ even where letter case does not count: ``x``, ``x_2``, …."""

    def __init__(self, taken: Iterable[str] = (), joint: str = "_") -> None:
        self._taken = {name.casefold() for name in taken}
        self._joint = joint

    def claim(self, name: str) -> str:
        """Return ``name``, or ``name`` with the first free number from 2 on."""
        free, number = name, 2
        while free.casefold() in self._taken:
            free = f"{name}{self._joint}{number}"
            number += 1
        self._taken.add(free.casefold())
        return free

"""Datasets in parts that share no drive, or no place: what a model has seen is not its test."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avdataops.model.errors import InputError, did_you_mean, shown
from avdataops.model.scene import Scene

GROUPS = ("drive", "place")
CELL_M = 500.0
M_PER_DEG = 111_195.0
"""Of latitude, on a sphere of 6371.009 km."""

_MIN_CELL_M, _MAX_CELL_M = 10.0, 1_000_000.0
_MAX_PARTS = 20
_ROUNDING = 1e-6
"""Of shares as people type them."""

_PART = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRow:
    """One scene, and where it belongs."""

    scene: str
    measurement: str
    group: str
    """What is never in two parts: a drive, or a cell of places."""
    part: str


def parse_parts(text: str) -> dict[str, float]:
    """Return the shares of ``train=0.8,val=0.1,test=0.1``; raises ``InputError``."""
    parts: dict[str, float] = {}
    for piece in text.split(","):
        name, found, share = piece.strip().partition("=")
        try:
            value = float(share)
        except ValueError:
            value = math.nan
        if not found or name in parts or math.isnan(value):
            raise InputError(
                f"{shown(piece)} is no part of its own; write as train=0.8,val=0.1,test=0.1"
            )
        parts[name] = value
    return check_parts(parts)


def check_parts(parts: Mapping[str, float]) -> dict[str, float]:
    """Return the shares by name if they sum up to 1; raises ``InputError``."""
    for name, share in parts.items():
        if not _PART.fullmatch(name) or not 0.0 < share <= 1.0:
            raise InputError(f"{shown(f'{name}={share:g}')} is no part; a share is in 0..1")
    total = math.fsum(parts.values())
    if abs(total - 1.0) > _ROUNDING or len(parts) > _MAX_PARTS:
        raise InputError(f"the shares of {len(parts)} parts sum up to {total:g}, not to 1")
    return dict(parts)


def split(
    scenes: Sequence[Scene], by: str, parts: Mapping[str, float], seed: int, cell_m: float = CELL_M
) -> list[SplitRow]:
    """Return the part of each scene; the same arguments give the same parts.

    Groups come in an order that only the seed and their names decide; each goes to the part that
    has least of its share so far.  A scene without a place belongs to a group of its drive.
    Raises ``InputError`` for fewer groups than parts.
    """
    if by not in GROUPS:
        raise InputError(f"a dataset is not split by {shown(by)}{did_you_mean(by, GROUPS)}")
    if not _MIN_CELL_M <= cell_m <= _MAX_CELL_M:
        raise InputError(f"a cell of {cell_m:g} m is not in {_MIN_CELL_M:g}..{_MAX_CELL_M:g} m")
    groups: dict[str, list[Scene]] = {}
    for scene in scenes:
        name = scene.measurement if by == "drive" else place_of(scene, cell_m)
        groups.setdefault(name, []).append(scene)
    if len(groups) < len(parts):
        raise InputError(
            f"{len(groups)} {by}s cannot fill {len(parts)} parts",
            hint="freeze more drives, or ask for fewer parts",
        )
    placed = _placed({name: len(held) for name, held in groups.items()}, parts, seed)
    return [
        SplitRow(scene=one.id, measurement=one.measurement, group=name, part=placed[name])
        for name in sorted(groups)
        for one in groups[name]
    ]


def _placed(sizes: Mapping[str, int], parts: Mapping[str, float], seed: int) -> dict[str, str]:
    taken = dict.fromkeys(parts, 0)
    placed: dict[str, str] = {}
    for group in sorted(sizes, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest()):
        part = min(parts, key=lambda name: taken[name] / parts[name])
        placed[group] = part
        taken[part] += sizes[group]
    return placed


def place_of(scene: Scene, cell_m: float) -> str:
    """Return the name of the cell that a scene lies in: rows of latitude, as wide as high."""
    if scene.lat_deg is None or scene.lon_deg is None:
        return f"no place, {scene.measurement}"
    step_deg = cell_m / M_PER_DEG
    row = math.floor(scene.lat_deg / step_deg)
    # One width for all cells of a row; at the poles a row is one cell.
    narrow = math.cos(math.radians(min(abs((row + 0.5) * step_deg), 90.0)))
    column = math.floor(scene.lon_deg * narrow / step_deg)
    return f"cell {row}/{column}"

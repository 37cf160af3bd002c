"""The other one in a scene: where it was, how near it came, drawn beside the ego's signals."""

from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.detectors import DETECTORS
from avdataops.model.errors import AvdataopsError
from avdataops.model.scene import Scene
from avdataops.ports.catalog import CatalogReader
from avdataops.signals.arrays import Floats
from avdataops.signals.kinematics import box_reach, gap_ahead
from avdataops.steps.detect_scenes import Params, detector_params
from avdataops.wiring.scene_view import Surroundings, Window

_MAX_TTC_S = 30.0
"""Above this nobody draws a time to collision."""
_FRONT = "ego_front_m"
_EGO_WITHIN_NS = 200_000_000


def parameters_of(catalog: CatalogReader, scene: Scene) -> dict[str, Any]:
    """Return the parameters that the scene's detector had in its run; empty if it is not ours."""
    detector = next((one for one in DETECTORS if one.name == scene.detector), None)
    if detector is None or scene.artifact is None:
        return {}
    try:
        run = catalog.artifact(scene.artifact).run
        overrides: Any = catalog.run(run).params.get("overrides", {}) if run else {}
        found = detector_params(detector, Params(overrides=overrides))
    except AvdataopsError:
        # Made by another version of the detector, with parameters that this one does not have.
        return {}
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


def actor_signals(
    around: Surroundings, scene: Scene, window: Window, front_m: float | None
) -> dict[str, Any]:
    """Return where the actor was in the vehicle frame, and gap and time to collision where known.

    The gap is bumper to bumper along x as detectors measure it; it needs ``front_m``, how far the
    front bumper is ahead of the frame's origin.  The time to collision is the gap over the closing
    speed, and unknown while they do not close in.
    """
    rows = around.actor(scene, window)
    if rows is None:
        return {"t": [], "series": []}
    x, y, yaw, vx, length, width = (
        _floats(rows, name) for name in ("x_m", "y_m", "yaw_rad", "vx_mps", "length_m", "width_m")
    )
    series = [_series("actor ahead", "m", x), _series("actor left", "m", y)]
    if front_m is not None:
        reach, _ = box_reach(length, width, np.nan_to_num(yaw))
        gap = gap_ahead(x, reach, front_m)
        series.append(_series("gap", "m", np.where(gap >= 0, gap, np.nan)))
        closing = _ego_speed(around, scene, window, rows) - vx
        with np.errstate(divide="ignore", invalid="ignore"):
            ttc = np.where((closing > 0) & (gap >= 0), gap / closing, np.nan)
            ttc = np.where(ttc <= _MAX_TTC_S, ttc, np.nan)
        series.append(_series("time to collision", "s", ttc))
    t = [round(window.seconds(one), 3) for one in rows.column("t_ns").to_pylist()]
    return {"t": t, "series": [one for one in series if one is not None]}


def front_of(params: dict[str, Any]) -> float | None:
    """Return how far the front bumper is ahead of the frame's origin in m, if it was stated."""
    value = params.get(_FRONT)
    return float(value) if isinstance(value, (int, float)) else None


def _ego_speed(around: Surroundings, scene: Scene, window: Window, rows: pa.Table) -> Floats:
    ego = around.rows_of(scene.measurement, "ego", window.span, ("t_ns", "ego_speed_mps"))
    at = np.asarray(rows.column("t_ns").to_numpy(), dtype=np.int64)
    if ego is None or "ego_speed_mps" not in ego.column_names or not ego.num_rows:
        return np.full(at.size, np.nan)
    t = np.asarray(ego.column("t_ns").to_numpy(), dtype=np.int64)
    place = np.clip(np.searchsorted(t, at), 0, t.size - 1)
    near = np.abs(t[place] - at) <= _EGO_WITHIN_NS
    return np.where(near, _floats(ego, "ego_speed_mps")[place], np.nan)


def _series(label: str, unit: str, values: Floats) -> dict[str, Any] | None:
    if not np.isfinite(values).any():
        return None
    plain = [None if not np.isfinite(one) else round(float(one), 4) for one in values]
    return {"name": label.replace(" ", "_"), "label": label, "unit": unit, "values": plain}


def _floats(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    values = table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float64)

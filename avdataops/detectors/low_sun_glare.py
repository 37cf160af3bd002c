"""A low sun that shines into the eyes of whoever looks ahead."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.align import nearest_at
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.coverage import NO_SIGNALS, known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, highest, lowest, margin, middle, number
from avdataops.signals.grade import grade_deg
from avdataops.signals.held import held
from avdataops.signals.nullable import floats

_UNSURE = 0.6
"""Confidence where nobody knows whether there is a tunnel, or how steep the road is."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of glare.

    Photographs of severe glare show the sun 2 to 7 degrees above the road, and an accident at 8.3
    degrees on an upgrade: the road's grade counts.  15 and 25 degrees are the product's own limits
    of what still reaches the windscreen's view; 4 okta leave the sun free half of the time.
    """

    max_above_deg: float = 15.0
    max_aside_deg: float = 25.0
    max_cloud_okta: float = 4.0
    severe_above_deg: float = 7.0
    severe_aside_deg: float = 10.0
    min_s: float = 2.0
    merge_s: float = 2.0
    grade_window_m: float = 100.0


@dataclass(frozen=True, slots=True)
class _View:
    """By context tick; NaN is unknown."""

    t: Times
    elevation_deg: Floats
    above_deg: Floats
    """The sun above the road ahead, or above the horizon where the grade is unknown."""
    aside_deg: Floats
    """From the ego's heading, without sign."""
    cloud_okta: Floats
    tunnel: Floats
    grade_deg: Floats


def find(drive: Drive, params: Params) -> Detection:
    """Return when the sun glares; unknown where sun, heading or cloud could make it either way.

    One condition that is known not to hold is enough for no glare.  Grade and tunnel come from
    sources that many drives lack: without them the road counts as level and open, and the
    confidence says so.
    """
    view = _view(drive, params)
    gap_ns = (drive.context or NO_SIGNALS).max_gap_ns
    so, known = _glares(view, params)
    spans = {"sun, heading or cloud": known_spans(view.t, known, gap_ns)}
    trigger = Trigger(on=1.0, off=0.5, max_gap_ns=gap_ns, merge_ns=round(params.merge_s * NS_PER_S))
    lasting, cut = held(
        view.t[known], so[known].astype(np.float64), trigger, min_s=params.min_s,
        cut="glare cut by a gap",
    )  # fmt: skip
    rows = np.flatnonzero(known)
    found = [_scene(view, rows[one.rows], one, params) for one in lasting]
    return settle(found, [*missing(drive.start_ns, drive.stop_ns, spans, gap_ns), *cut])


def _view(drive: Drive, params: Params) -> _View:
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    names = ("sun_elevation_deg", "sun_azimuth_deg", "heading_rad", "cloud_okta", "tunnel")
    elevation, azimuth, heading, cloud, tunnel = (
        floats(context.columns, name, t.size) for name in names
    )
    grade = _grade_at(drive, t, params)
    # Azimuth is clockwise from north, heading counter-clockwise from east.
    turned = np.mod(azimuth - (90.0 - np.degrees(heading)) + 180.0, 360.0) - 180.0
    level = np.where(np.isnan(grade), 0.0, grade)
    return _View(t, elevation, elevation - level, np.abs(turned), cloud, tunnel, grade)


def _grade_at(drive: Drive, ticks: Times, params: Params) -> Floats:
    ego = drive.ego
    altitude, speed = (
        floats(ego.columns, name, ego.t_ns.size) for name in ("alt_m", "ego_speed_mps")
    )
    grade = grade_deg(
        ego.t_ns, altitude, speed, window_m=params.grade_window_m, max_gap_ns=ego.max_gap_ns
    )
    if ego.t_ns.size == 0:
        return np.full(ticks.size, np.nan)
    row = nearest_at(ego.t_ns, ticks, ego.max_gap_ns)[0]
    return np.where(row >= 0, grade[row], np.nan)


def _glares(view: _View, params: Params) -> tuple[Bools, Bools]:
    """Return where all conditions hold, and where they are known well enough to tell."""
    conditions = (
        # A sun below the horizon does not shine along a falling road either.
        (view.elevation_deg, view.elevation_deg > 0),
        (view.above_deg, (view.above_deg > 0) & (view.above_deg <= params.max_above_deg)),
        (view.aside_deg, view.aside_deg <= params.max_aside_deg),
        (view.cloud_okta, view.cloud_okta <= params.max_cloud_okta),
    )
    denied = view.tunnel > 0
    holds = ~denied
    unsure = np.zeros(view.t.size, dtype=np.bool_)
    for value, met in conditions:
        holds &= met
        denied |= np.isfinite(value) & ~met
        unsure |= np.isnan(value)
    return holds, denied | ~unsure


def _scene(view: _View, rows: np.ndarray, episode: Episode, params: Params) -> Found:
    above, aside, cloud = view.above_deg[rows], view.aside_deg[rows], view.cloud_okta[rows]
    tunnel_known = float(np.isfinite(view.tunnel[rows]).mean())
    grade_known = float(np.isfinite(view.grade_deg[rows]).mean())
    whole = tunnel_known == 1.0 and grade_known == 1.0
    least_above, least_aside = float(above.min()), float(aside.min())
    severe = bool(((above <= params.severe_above_deg) & (aside <= params.severe_aside_deg)).any())
    sure = confidence(
        1.0 - margin(least_above, params.max_above_deg),
        1.0 - margin(least_aside, params.max_aside_deg),
        1.0 if whole else _UNSURE,
    )
    return Found(
        type="low_sun_glare",
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=sure,
        truncated=episode.truncated,
        evidence={
            "min_above_road_deg": number(least_above),
            "min_aside_deg": number(least_aside),
            "min_cloud_okta": lowest(cloud),
            "max_cloud_okta": highest(cloud),
            "mean_grade_deg": middle(view.grade_deg[rows]),
            "grade_known_share": number(grade_known),
            "tunnel_known_share": number(tunnel_known),
            "duration_s": number(episode.duration_s),
            "severity": "severe" if severe else "moderate",
        },
    )


LOW_SUN_GLARE = Detector(
    name="low_sun_glare",
    version=1,
    types=("low_sun_glare",),
    params=Params,
    find=find,
    gates=(
        Gate(param="max_above_deg", evidence="min_above_road_deg", op="<="),
        Gate(param="max_aside_deg", evidence="min_aside_deg", op="<="),
        Gate(param="max_cloud_okta", evidence="min_cloud_okta", op="<="),
    ),
    tags={"low_sun_glare": "SunPositionFront"},
    doc="Sun up to 15 degrees above the road and within 25 degrees of the heading, few clouds.",
)

"""Small drives with exact events, built column by column; every detector's tests start here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive, Signals
from avdataops.signals.arrays import Floats, Times

START_NS = 1_760_000_000 * NS_PER_S
EGO_HZ = 50
OBJECT_HZ = 10
MAX_GAP_NS = NS_PER_S // 2
LANE_M = 3.5
EGO_MPS = 15.0
WALK_MPS = 1.4

Columns = dict[str, NDArray[Any]]


def at(seconds: float) -> int:
    """Return the time of a moment in seconds after the start of every drive here."""
    return START_NS + round(seconds * NS_PER_S)


def seconds(t_ns: int) -> float:
    """Return a time in seconds after the start of every drive here."""
    return (t_ns - START_NS) / NS_PER_S


def clock(duration_s: float, rate_hz: int = EGO_HZ) -> Floats:
    """Return the grid of a drive in seconds after its start, both ends included."""
    return np.arange(round(duration_s * rate_hz) + 1) / rate_hz


def ramp(t_s: Floats, start_s: float, duration_s: float) -> Floats:
    """Return a raised cosine from 0 to 1."""
    share = np.clip((t_s - start_s) / duration_s, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * share))


def bump(t_s: Floats, start_s: float, duration_s: float, edge_s: float = 0.5) -> Floats:
    """Return 1 in the middle of a stretch, 0 outside, with soft edges inside it."""
    up = ramp(t_s, start_s, edge_s)
    return np.asarray(up - ramp(t_s, start_s + duration_s - edge_s, edge_s))


def cruise(duration_s: float, speed_mps: float = EGO_MPS) -> Columns:
    """Return ego columns of a dry, straight drive at constant speed in the middle of a lane."""
    t_s = clock(duration_s)
    flat = np.zeros(t_s.size)
    return {
        "ego_speed_mps": flat + speed_mps,
        "accel_x_mps2": flat.copy(),
        "yaw_rate_radps": flat.copy(),
        "lat_deg": 56.0 + t_s * speed_mps / 111_000,
        "lon_deg": flat + 10.0,
        "gnss_fix": flat.copy(),
        "gnss_sigma_m": flat + 0.8,
        "lane_left_c0_m": flat + LANE_M / 2,
        "lane_left_c1_rad": flat.copy(),
        "lane_left_quality": flat + 3.0,
        "lane_right_c0_m": flat - LANE_M / 2,
        "lane_right_c1_rad": flat.copy(),
        "lane_right_quality": flat + 3.0,
        "wiper_status": np.full(t_s.size, "off", dtype=object),
        "turn_indicator": np.full(t_s.size, "off", dtype=object),
    }


def follow_acceleration(columns: Columns, accel_mps2: Floats) -> Columns:
    """Return the columns with an acceleration added, and the speed that goes with it."""
    step = np.cumsum(accel_mps2) / EGO_HZ
    speed = np.maximum(columns["ego_speed_mps"] + step, 0.0)
    return {
        **columns,
        "accel_x_mps2": columns["accel_x_mps2"] + accel_mps2,
        "ego_speed_mps": speed,
    }


def change_lane(columns: Columns, start_s: float, duration_s: float, direction: int) -> Columns:
    """Return the columns with a lane change; lines jump where the ego is over one of them."""
    t_s = np.arange(columns["ego_speed_mps"].size) / EGO_HZ
    return move_across(columns, direction * LANE_M * ramp(t_s, start_s, duration_s))


def move_across(columns: Columns, across_m: Floats) -> Columns:
    """Return the columns with the ego moved sideways, left positive, from the lane's middle."""
    offset = across_m - LANE_M * np.round(across_m / LANE_M)
    rate = np.gradient(across_m) * EGO_HZ
    slope = -np.arctan2(rate, np.maximum(columns["ego_speed_mps"], 1.0))
    return {
        **columns,
        "lane_left_c0_m": LANE_M / 2 - offset,
        "lane_right_c0_m": -LANE_M / 2 - offset,
        "lane_left_c1_rad": slope,
        "lane_right_c1_rad": slope,
        "yaw_rate_radps": columns["yaw_rate_radps"] - np.gradient(slope) * EGO_HZ,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another road user at object times; the ego drives straight along x."""

    track_id: str
    t_s: Floats
    x_m: Floats
    y_m: Floats
    vx_mps: Floats
    vy_mps: Floats
    object_class: str | None = "car"
    length_m: float = 4.5
    width_m: float = 1.8


def other(
    track_id: str, t_s: Floats, x_m: Floats, y_m: Floats, ego_mps: float, **facts: Any
) -> Other:
    """Return a road user from its place relative to an ego of constant speed."""
    vx = np.gradient(x_m, t_s) + ego_mps
    vy = np.gradient(y_m, t_s)
    return Other(track_id=track_id, t_s=t_s, x_m=x_m, y_m=y_m, vx_mps=vx, vy_mps=vy, **facts)


def cutting_in(
    track_id: str = "a",
    *,
    start_s: float = 6.0,
    lateral_s: float = 4.0,
    gap_m: float = 15.0,
    closing_mps: float = 2.0,
    side: int = -1,
) -> Other:
    """Return a car of the neighbouring lane that moves in front of an ego of 15 m/s, for 20 s.

    ``gap_m`` is between the bumpers in the middle of the motion, with the ego's 3.7 m ahead.
    """
    t_s = clock(20.0, OBJECT_HZ)
    x_m = 3.7 + 2.25 + gap_m - closing_mps * (t_s - start_s - lateral_s / 2)
    y_m = side * LANE_M * (1 - ramp(t_s, start_s, lateral_s))
    return other(track_id, t_s, x_m, y_m, EGO_MPS)


def walking(
    track_id: str = "p",
    *,
    duration_s: float = 20.0,
    from_m: float = -7.0,
    start_s: float = 5.0,
    x_m: Floats | float = 15.0,
    ego_mps: float = 0.0,
) -> Other:
    """Return a pedestrian who crosses from ``from_m`` straight to the other side at 1.4 m/s."""
    t_s = clock(duration_s, OBJECT_HZ)
    along = np.clip((t_s - start_s) * WALK_MPS, 0.0, 2 * abs(from_m))
    place = np.zeros(t_s.size) + x_m
    size = {"object_class": "pedestrian", "length_m": 0.6, "width_m": 0.6}
    return other(track_id, t_s, place, from_m - np.sign(from_m) * along, ego_mps, **size)


def object_rows(others: tuple[Other, ...], stream: str = "/objects") -> Signals:
    """Return the object list of these road users, sorted by time and track id."""
    t = np.concatenate([np.empty(0), *(one.t_s for one in others)])
    stamps: Times = START_NS + np.round(t * NS_PER_S).astype(np.int64)
    sizes = [one.t_s.size for one in others]
    columns: Columns = {"stream": np.full(t.size, stream, dtype=object)}
    for name in ("track_id", "object_class"):
        text = np.array([getattr(one, name) for one in others], dtype=object)
        columns[name] = np.repeat(text, sizes)
    for name in ("x_m", "y_m", "vx_mps", "vy_mps"):
        columns[name] = np.concatenate([np.empty(0), *(getattr(one, name) for one in others)])
    for name in ("length_m", "width_m"):
        lengths = np.array([getattr(one, name) for one in others], dtype=np.float64)
        columns[name] = np.repeat(lengths, sizes)
    columns["yaw_rad"] = np.full(t.size, np.nan)
    order = np.lexsort((columns["track_id"].astype(str), stamps))
    return Signals(
        stamps[order], {name: column[order] for name, column in columns.items()}, MAX_GAP_NS
    )


def context_rows(duration_s: float, **columns: Floats | float) -> Signals:
    """Return a context table at 1 Hz; numbers are held, arrays have a value per second."""
    t_s = clock(duration_s, 1)
    stamps = START_NS + (t_s * NS_PER_S).astype(np.int64)
    known = {name: np.zeros(t_s.size) + value for name, value in columns.items()}
    return Signals(stamps, known, 3 * NS_PER_S)


def drive(
    columns: Mapping[str, NDArray[Any]],
    others: tuple[Other, ...] | None = None,
    context: Signals | None = None,
) -> Drive:
    """Return a drive; with ``others`` there is an object list, even if it stays empty."""
    size = next(iter(columns.values())).size
    t = START_NS + (np.arange(size) * (NS_PER_S // EGO_HZ)).astype(np.int64)
    facts: dict[str, Any] = {}
    if others is not None:
        facts["objects"] = object_rows(others)
        facts["classes"] = {"/objects": "objects"}
        facts["periods_ns"] = {"/objects": NS_PER_S // OBJECT_HZ}
    return Drive(
        measurement="m_0123456789abcdef",
        start_ns=START_NS,
        stop_ns=int(t[-1]) + 1,
        ego=Signals(t, dict(columns), MAX_GAP_NS),
        context=context,
        **facts,
    )


def shifted(given: Drive, by_ns: int) -> Drive:
    """Return the same drive at another time."""

    def move(signals: Signals | None) -> Signals | None:
        return None if signals is None else replace(signals, t_ns=signals.t_ns + by_ns)

    return replace(
        given,
        start_ns=given.start_ns + by_ns,
        stop_ns=given.stop_ns + by_ns,
        ego=replace(given.ego, t_ns=given.ego.t_ns + by_ns),
        context=move(given.context),
        objects=move(given.objects),
        around=move(given.around),
        frames={name: replace(one, t_ns=one.t_ns + by_ns) for name, one in given.frames.items()},
        gaps={
            name: tuple((a + by_ns, b + by_ns) for a, b in gaps)
            for name, gaps in given.gaps.items()
        },
        clocks={
            name: tuple(
                replace(one, start_ns=one.start_ns + by_ns, stop_ns=one.stop_ns + by_ns)
                for one in spans
            )
            for name, spans in given.clocks.items()
        },
    )


def without_rows(given: Drive, start_s: float, stop_s: float) -> Drive:
    """Return the drive with nothing recorded in [start, stop): no rows, and gaps that say so."""
    start, stop = at(start_s), at(stop_s)

    def cut(signals: Signals | None) -> Signals | None:
        if signals is None:
            return None
        keep = (signals.t_ns < start) | (signals.t_ns >= stop)
        kept = {name: column[keep] for name, column in signals.columns.items()}
        return replace(signals, t_ns=signals.t_ns[keep], columns=kept)

    ego = cut(given.ego) or given.ego
    gaps = {name: (*given.gaps.get(name, ()), (start, stop)) for name in given.classes}
    return replace(
        given,
        ego=ego,
        context=cut(given.context),
        objects=cut(given.objects),
        around=cut(given.around),
        frames={name: cut(one) or one for name, one in given.frames.items()},
        gaps=gaps,
    )


def without_column(given: Drive, *names: str) -> Drive:
    """Return the drive without these ego columns."""
    left = {name: column for name, column in given.ego.columns.items() if name not in names}
    return replace(given, ego=replace(given.ego, columns=left))


def unknown_within(given: Drive, name: str, start_s: float, stop_s: float) -> Drive:
    """Return the drive with one ego column unknown in [start, stop)."""
    t = given.ego.t_ns
    gone = (t >= at(start_s)) & (t < at(stop_s))
    column = given.ego.columns[name]
    unknown: Any = None if column.dtype == object else np.nan
    changed = column.copy()
    changed[gone] = unknown
    return replace(given, ego=replace(given.ego, columns={**given.ego.columns, name: changed}))


def busy_drive() -> Drive:
    """Return two minutes in which every scene type of the table happens."""
    duration_s = 120.0
    t_s = clock(duration_s)
    columns = cruise(duration_s)
    columns = move_across(columns, LANE_M * (ramp(t_s, 22.0, 5.0) - ramp(t_s, 32.0, 5.0)))
    accel = -4.0 * bump(t_s, 45.0, 3.0) + 1.5 * bump(t_s, 50.0, 7.0)
    accel = accel - 2.0 * bump(t_s, 60.0, 8.5, 1.0) + 1.0 * bump(t_s, 75.0, 8.0)
    columns = follow_acceleration(columns, accel)
    yaw = 0.45 * bump(t_s, 90.0, 4.0) - 0.45 * bump(t_s, 100.0, 4.0)
    columns["yaw_rate_radps"] = columns["yaw_rate_radps"] + yaw
    lost = bump(t_s, 110.0, 5.0, 0.02) > 0
    columns["lat_deg"] = np.where(lost, np.nan, columns["lat_deg"])
    columns["gnss_fix"] = np.where(lost, -1.0, 0.0)
    sky = np.linspace(0.0, -8.0, round(duration_s) + 1)
    wet = np.where(sky <= sky[70], 1.2, 0.0)
    context = context_rows(duration_s, sun_elevation_deg=sky, precipitation_mmph=wet)
    others = (
        cutting_in("cutter", closing_mps=1.5),
        walking("walker", duration_s=90.0, start_s=70.0),
    )
    made = drive(columns, others, context)
    return replace(
        made,
        classes={**made.classes, "/camera": "camera"},
        periods_ns={**made.periods_ns, "/camera": NS_PER_S // 20},
        gaps={"/camera": ((at(12.0), at(13.5)),)},
    )

"""The keyframes step: which frames are worth a label, and how much work that saves."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.stream import Account
from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext
from avdataops.signals.align import nearest_at
from avdataops.signals.arrays import Times
from avdataops.signals.columns import batch_of, floats, times
from avdataops.signals.keyframes import Chosen, Policy, choose, path_at
from avdataops.tables.kinds import kind

_POSE = ("lat_deg", "lon_deg", "heading_rad", "ego_speed_mps")
_NEAR_NS = NS_PER_S // 10


def run(ctx: StepContext, inputs: Inputs, params: Policy) -> Iterator[Rows]:
    """Yield the keyframes of every stream of frames; tell what each stream saves."""
    names = ["t_ns", *_POSE, "yaw_rate_radps"]
    ego = pa.concat_tables([table.read(names) for table in inputs.tables["ego"]])
    frames = pa.concat_tables([table.read() for table in inputs.tables["frame_facts"]])
    recorded = _recorded(inputs)
    made = [kind("keyframes").schema.empty_table()]
    savings: dict[str, dict[str, object]] = {}
    for stream in sorted(pc.unique(frames["stream"]).to_pylist()):
        rows = frames.filter(pc.equal(frames["stream"], stream)).sort_by("t_ns")
        chosen = _chosen(rows, ego, params)
        made.append(_rows(rows, chosen, ego))
        kept = len(chosen.keyframes)
        ctx.account(
            Account(stream=stream, rows_in=rows.num_rows, rows_out=kept, dropped=chosen.dropped)
        )
        savings[stream] = {
            "recorded": recorded.get(stream),
            "kept_by_downsampling": rows.num_rows,
            "keyframes": kept,
            "near_duplicates": chosen.dropped.get("near_duplicate", 0),
            "hours": round(_hours(times(rows["t_ns"])), 4),
        }
    ctx.fact("savings", savings)
    table = pa.concat_tables(made).sort_by([("t_ns", "ascending"), ("stream", "ascending")])
    yield Rows(Output(kind="keyframes", name="keyframes"), batch_of(table))


def _recorded(inputs: Inputs) -> dict[str, int]:
    """Return how many messages each stream had before anything was left out."""
    tables = inputs.tables.get("sync_quality", ())
    rows = [row for table in tables for row in table.read(["stream", "rows"]).to_pylist()]
    return {row["stream"]: row["rows"] for row in rows}


def _hours(t: Times) -> float:
    return float(t[-1] - t[0]) / NS_PER_S / 3600 if t.size else 0.0


def _chosen(rows: pa.Table, ego: pa.Table, policy: Policy) -> Chosen:
    t = times(rows["t_ns"])
    speed, yaw_rate = floats(ego["ego_speed_mps"]), floats(ego["yaw_rate_radps"])
    path = path_at(times(ego["t_ns"]), speed, yaw_rate, t)
    return choose(t, path, rows["phash"].to_pylist(), policy)


def _rows(rows: pa.Table, chosen: Chosen, ego: pa.Table) -> pa.Table:
    """Return the kept frames with the pose of the ego nearest to each, at most 0.1 s away."""
    kept = rows.take(pa.array([frame.row for frame in chosen.keyframes], pa.int64()))
    near = nearest_at(times(ego["t_ns"]), times(kept["t_ns"]), _NEAR_NS)
    pose = ego.take(pa.array(near.row, mask=near.row < 0))
    columns = {name: kept[name] for name in ("t_ns", "stream", "frame_t_ns", "frame_row", "part")}
    columns |= {
        name: pa.array([getattr(frame, name) for frame in chosen.keyframes])
        for name in ("reason", "moved_m", "turned_rad")
    }
    columns |= {name: pose[name] for name in _POSE}
    columns["ego_dt_ms"] = pa.array(near.dt_ns / NS_PER_MS, mask=near.row < 0)
    schema = kind("keyframes").schema
    return pa.Table.from_arrays(
        [columns[field.name].cast(field.type) for field in schema], schema=schema
    )


KEYFRAMES = Step(
    name="keyframes",
    version=1,
    split=Split.MEASUREMENT,
    needs={
        "frame_facts": Need(kind="frame_facts", doc="All frames on the reference clock."),
        "ego": Need(kind="ego", doc="Speed and yaw rate say how far the ego moved."),
        "sync_quality": Need(kind="sync_quality", optional=True, doc="Messages as recorded."),
    },
    makes=("keyframes",),
    params=Policy,
    run=run,
    doc="Choose the frames worth a label, and tell how much labelling that saves.",
)

"""``./run bench commute``: sources of a real commute against each other, and its scenes drawn."""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import avdataops as av
from avdataops.lake import FoundScene
from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_S
from avdataops.signals.filters import derivative
from benchmarks.commute.agreement import (
    Agreement,
    ClockAgreement,
    Series,
    agreement,
    clock_agreement,
    rate_agreement,
)
from benchmarks.commute.drive import MAX_GAP_NS, Sources, processed, scenes_by_type, sources
from benchmarks.commute.pictures import write_pictures
from benchmarks.pages import put_between

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "accuracy.md"
SECTION = "commute"
_PEAKS = {
    "hard_brake": ("min_ax_mps2", "m/s2"),
    "hard_accel": ("max_ax_mps2", "m/s2"),
    "high_jerk": ("min_jerk_mps3", "m/s3"),
}
"""Scene type -> what its evidence tells of the wheels' speed, and its unit."""


def main(arguments: list[str]) -> int:
    """Process the commute, print the agreement, store it in the docs, draw if asked to."""
    parser = argparse.ArgumentParser(prog="./run bench commute", description=__doc__)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="draw every scene type")
    given = parser.parse_args(arguments)
    named = os.environ.get("AVDATAOPS_TEST_DATA")
    data = Path(named) if named else ROOT.parent / "shared" / "data"
    try:
        with tempfile.TemporaryDirectory() as folder:
            told = _measure(processed(data, Path(folder)), given.pictures)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print(told)
    put_between(PAGE, SECTION, told)
    return 0


def _measure(workspace: Path, pictures: Path | None) -> str:
    with av.connect(workspace) as lake:
        read, scenes = sources(lake), scenes_by_type(lake)
        if pictures is not None:
            for path in write_pictures(pictures, lake, read, scenes):
                print(path, file=sys.stderr)
    agreements = {
        "satellite speed against wheel speed, m/s": agreement(
            read.wheel_speed_mps, read.gnss_speed_mps, 1.1
        ),
        "rate of satellite heading against yaw rate, rad/s": rate_agreement(
            read.yaw_rate_radps, read.heading_rad, 0.5
        ),
        "inertial acceleration against slope of wheel speed, m/s2": agreement(
            read.wheel_accel_mps2, read.inertial_accel_mps2, 0.1
        ),
    }
    clock = clock_agreement(read.utc_ns, read.recorded_ns, read.clock)
    return "\n".join([*table(agreements), "", clock_line(clock), "", *peak_lines(read, scenes)])


def table(agreements: Mapping[str, Agreement]) -> list[str]:
    """Return a Markdown table of agreements by name."""
    lines = [
        "| First and second | samples | lag s | bias | RMS | unshifted | correlation | scale |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return lines + [
        f"| {name} | {one.samples:,} | {one.lag_s:+.2f} | {one.bias:+.3f} | {one.rms:.3f}"
        f" | {one.rms_unshifted:.3f} | {one.correlation:.4f} | {one.slope:.3f} |"
        for name, one in agreements.items()
    ]


def clock_line(one: ClockAgreement) -> str:
    """Return what the recorder's clock did, as sentences."""
    return (
        f"Clock: by {one.messages:,} messages of satellite time the recorder was"
        f" {one.ahead_first_s:+.2f} s off at the begin and {one.ahead_last_s:+.2f} s at the end;"
        f" its drift is {one.drift_ppm:+.1f} ppm by least squares and"
        f" {one.model_drift_ppm:+.1f} ppm by the model. Half of the stamps were off by"
        f" {one.before_p50_ms:,.0f} ms and are off by {one.after_p50_ms:.0f} ms with the model"
        f" (95 %: {one.after_p95_ms:.0f} ms), which is the spread of delivery."
    )


def peak_lines(read: Sources, scenes: Mapping[str, Sequence[FoundScene]]) -> list[str]:
    """Return the peak of each scene of acceleration, by wheels and by the inertial unit."""
    accel = read.inertial_accel_mps2
    jerk = Series(accel.t_ns, derivative(accel.t_ns, accel.x, MAX_GAP_NS))
    lines = []
    for kind, (name, unit) in _PEAKS.items():
        series = jerk if kind == "high_jerk" else accel
        pairs = [
            (float(one.evidence[name]), _peak(series, one, name)) for one in scenes.get(kind, ())
        ]
        told = ", ".join(f"{ours:.1f} and {theirs:.1f}" for ours, theirs in pairs)
        if told:
            lines.append(f"- `{kind}`, {unit} by wheels and by the inertial unit: {told}.")
    return lines


def _peak(series: Series, scene: FoundScene, name: str) -> float:
    """Return the lowest or highest value within half a second of a scene, NaN without any."""
    around = NS_PER_S // 2
    inside = (series.t_ns >= scene.t_start_ns - around) & (series.t_ns < scene.t_end_ns + around)
    values = series.x[inside & np.isfinite(series.x)]
    if values.size == 0:
        return float("nan")
    return float(values.min() if name.startswith("min") else values.max())

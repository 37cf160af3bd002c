"""``avdataops demo``: the whole way, from a made drive to a scene's lineage."""

import shutil
import time
from pathlib import Path

import click

from avdataops.cli.app import root
from avdataops.cli.output import say
from avdataops.model.errors import InputError
from avdataops.ports.catalog import SceneQuery
from avdataops.settings import load_settings
from avdataops.wiring.workspace import open_workspace

VEHICLE = "SAMPLE-01"
SHOWN = ("cut_in", "hard_brake", "vru_crossing", "turn_left")


@click.command()
@click.option("--workspace", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"))
@click.option("--duration", type=click.FloatRange(20, 3600), default=330.0, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
def demo(workspace: Path, duration: float, seed: int) -> int:
    """Make a sample drive, upload it, run the pipeline, show what it found."""
    from sample_data import write_drive

    began = time.monotonic()
    if workspace.exists() and not (workspace / "sample").is_dir() and any(workspace.iterdir()):
        raise InputError(f"'{workspace}' exists and is no demo workspace", hint="--workspace NEW")
    shutil.rmtree(workspace, ignore_errors=True)
    sample = workspace / "sample"
    _step(f"make a drive of {duration:.0f} s: MCAP, MDF4, ROS 1 bag, db3", None)
    drive = write_drive(sample, seed=seed, duration_s=duration)
    shared = ["--workspace", str(workspace)]
    (workspace / "avdataops.toml").write_text(
        f'weather = ["{drive.weather.relative_to(workspace)}"]\n'
        f'map = "{drive.osm.relative_to(workspace)}"\n',
        encoding="utf-8",
    )
    upload = ["upload", str(drive.drive), "--vehicle", VEHICLE, "--dbc", str(drive.dbc), *shared]
    _step("upload it", upload)
    _call(upload)
    with open_workspace(load_settings(workspace=workspace)) as opened:
        measurement = opened.catalog.measurements(limit=1)[0].id
    run = ["run", measurement, *shared]
    _step("run the pipeline", run)
    status = _call(run)
    count = ["scenes", "count", *shared]
    _step("what was found", count)
    _call(count)
    _find_and_trace(workspace, measurement)
    _next(workspace, measurement, time.monotonic() - began)
    return status


def _find_and_trace(workspace: Path, measurement: str) -> None:
    shared = ["--workspace", str(workspace)]
    with open_workspace(load_settings(workspace=workspace)) as opened:
        counts = opened.catalog.count_scenes(_all_of(measurement))
        kind = next((name for name in SHOWN if counts.get(name)), next(iter(counts), None))
        if kind is None:
            say("no scene was found")
            return
        scene = opened.catalog.scenes(_all_of(measurement, kind), limit=1)[0].id
    find = ["scenes", "find", "--type", kind, *shared]
    _step(f"every {kind}", find)
    _call(find)
    show = ["lineage", "show", scene, "--up", *shared]
    _step("where that scene comes from, down to the uploaded bytes", show)
    _call(show)


def _all_of(measurement: str, *types: str) -> SceneQuery:
    return SceneQuery(types=types, measurement=measurement)


def _next(workspace: Path, measurement: str, seconds: float) -> None:
    tool = "avdataops" if shutil.which("avdataops") else "./run avdataops"
    say(f"\ndone in {seconds:.0f} s.  Try next:")
    say(f"  export AVDATAOPS_WORKSPACE={workspace}")
    say(f"  {tool} scenes find 'cut_in & rain & night & near junction'")
    say(f"  {tool} scenes why-not {measurement} +30s cut_in")
    say(f"  {tool} measurements show {measurement}")
    say(f"  {tool} run {measurement} --param downsample.signal_rate_hz=20")
    say(f"  {tool} measurements verify {measurement}")


def _step(title: str, arguments: list[str] | None) -> None:
    say(f"\n== {title}")
    if arguments:
        say(f"$ avdataops {' '.join(arguments)}")


def _call(arguments: list[str]) -> int:
    status = root.main(args=arguments, prog_name="avdataops", standalone_mode=False)
    return status if isinstance(status, int) else 0

"""ROS recordings and who reads them."""

from functools import partial
from pathlib import Path

from benchmarks.extract import inputs_ros
from benchmarks.extract.case import OURS, Case, Way

_PEERS = "benchmarks.extract.peers_ros"
OUR_WAY = Way(
    name=OURS,
    function="benchmarks.extract.ours:to_parquet",
    imports=(
        "benchmarks.extract.ours",
        "avdataops.readers.rosbag.bag1",
        "avdataops.readers.rosbag.db3",
        "avdataops.readers.rosbag.mcap",
        "avdataops.readers.rosbag.reader",
        "pyarrow.parquet",
        "lz4.frame",
        "pandas",  # Arrow imports it when it first sees an array.
    ),
)
ROWS = Way(
    name="rosbags rows",
    function=f"{_PEERS}:rosbags_rows",
    imports=("rosbags.highlevel", "pyarrow.parquet", "pandas"),
)
OBJECTS = Way(
    name="rosbags objects",
    function=f"{_PEERS}:rosbags_objects",
    imports=("rosbags.highlevel",),
    end="nothing",
)
MCAP_ROS2 = Way(
    name="mcap-ros2-support",
    function=f"{_PEERS}:mcap_ros2_objects",
    imports=("mcap.reader", "mcap_ros2.decoder"),
    needs=("mcap-ros2-support==0.6.0", "mcap[zstandard,lz4]"),
    end="nothing",
)
RERUN = Way(
    name="rerun",
    function=f"{_PEERS}:rerun_convert",
    needs=("rerun-sdk==0.41.0",),
    end=".rrd",
)
CEILING = Way(
    name="ceiling",
    function=f"{_PEERS}:raw_chunks",
    imports=("pyarrow", "mcap.reader"),
    end="raw bytes",
)
_CHECK = "benchmarks.extract.check_ros:values"


Topics = tuple[tuple[str, str, int], ...]


def _case(name: str, ways: tuple[Way, ...], bars: dict[str, float]) -> Case:
    """Return the case ``<input> <container> <codec>``."""
    given, container, codec = name.split()
    is_small = given == "small"
    topics = inputs_ros.SMALL if is_small else inputs_ros.MIXED
    duration_s = inputs_ros.SMALL_S if is_small else inputs_ros.MIXED_S
    share = 0.3 if is_small else 0.5
    return Case(
        name=name,
        suffix=f".{container}",
        make=partial(write, container, codec, topics, duration_s),
        ways=(OUR_WAY, *ways),
        bars=bars,
        ceiling=share if CEILING in ways else None,
        check=_CHECK,
    )


def write(
    container: str, codec: str, topics: Topics, duration_s: float, path: Path, share: float
) -> None:
    """Write the share of a recording that is asked for."""
    if container == "mcap":
        inputs_ros.write_mcap(path, topics, duration_s * share, codec)
    elif container == "bag":
        inputs_ros.write_bag(path, topics, duration_s * share, codec)
    else:
        inputs_ros.write_db3(path, topics, duration_s * share)


CASES = (
    _case(
        "small mcap zstd",
        (ROWS, OBJECTS, MCAP_ROS2, RERUN, CEILING),
        {ROWS.name: 60.0, OBJECTS.name: 12.0, MCAP_ROS2.name: 40.0, RERUN.name: 2.5},
    ),
    _case("small bag none", (ROWS,), {ROWS.name: 60.0}),
    _case("small bag lz4", (ROWS,), {ROWS.name: 60.0}),
    _case("small db3 none", (ROWS,), {ROWS.name: 60.0}),
    _case(
        "mixed mcap zstd",
        (ROWS, OBJECTS, RERUN, CEILING),
        {ROWS.name: 3.0, RERUN.name: 2.2},
    ),
    _case("mixed mcap none", (ROWS, CEILING), {ROWS.name: 3.0}),
)

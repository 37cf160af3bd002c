"""How others read MDF recordings.  Each function imports what it needs and nothing of ours."""

from pathlib import Path
from typing import Any


def asammdf_select(recording: Path, out: Path) -> int:
    """Select the channels of each group, then one Parquet file per group."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from asammdf import MDF

    rows = 0
    with MDF(recording) as mdf:
        for index, group in enumerate(mdf.groups):
            wanted = [
                (None, index, number)
                for number, channel in enumerate(group.channels)
                if channel.channel_type == 0
            ]
            signals = mdf.select(wanted)
            columns = {"t": signals[0].timestamps} | {one.name: one.samples for one in signals}
            path = out / f"{group.channel_group.acq_name}.parquet"
            pq.write_table(pa.table(columns), path, compression="zstd", compression_level=1)
            rows += len(signals[0])
    return rows


def asammdf_bus_logging(recording: Path, out: Path) -> int:
    """Decode a bus log with the DBC beside it, then one Parquet file per message."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from asammdf import MDF

    rows = 0
    dbc = recording.with_suffix(".dbc")
    with MDF(recording) as log, log.extract_bus_logging({"CAN": [(dbc, 0)]}) as decoded:
        for index, group in enumerate(decoded.groups):
            wanted = [
                (None, index, number)
                for number, channel in enumerate(group.channels)
                if channel.channel_type == 0
            ]
            signals = decoded.select(wanted)
            columns = {"t": signals[0].timestamps} | {one.name: one.samples for one in signals}
            path = out / f"{index}.parquet"
            pq.write_table(pa.table(columns), path, compression="zstd", compression_level=1)
            rows += len(signals[0])
    return rows


def mdfr_to_parquet(recording: Path, out: Path) -> int:
    """Load all channels with mdfr and let it write Parquet."""
    import mdfr

    mdf = mdfr.Mdfr(str(recording))
    mdf.load_all_channels_data_in_memory()
    mdf.export_to_parquet(str(out / "all"), compression="zstd")
    return 0


def cantools_frames(recording: Path, out: Path) -> int:
    """Decode each frame with cantools and keep nothing."""
    del out
    import cantools
    from asammdf import MDF

    database: Any = cantools.database.load_file(recording.with_suffix(".dbc"))
    with MDF(recording) as mdf:
        frames = mdf.get("CAN_DataFrame", raw=True).samples
    numbers = frames["CAN_DataFrame.ID"].tolist()
    payloads = frames["CAN_DataFrame.DataBytes"]
    for number, payload in zip(numbers, payloads, strict=True):
        database.decode_message(number, payload.tobytes(), decode_choices=False)
    return len(numbers)

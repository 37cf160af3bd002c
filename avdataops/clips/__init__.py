"""Clips of scenes: one file per format that they are written in."""

from avdataops.clips.clip import ClipFormat
from avdataops.clips.mcap import write_mcap
from avdataops.clips.rrd import write_rrd
from avdataops.clips.tables import write_csv, write_parquet
from avdataops.clips.video import write_video
from avdataops.model.errors import InputError, did_you_mean

CLIP_FORMATS = {
    one.name: one
    for one in (
        ClipFormat(
            name="mcap",
            suffix=".mcap",
            doc="Original messages bit for bit, tables as protobuf, the scene.",
            write=write_mcap,
        ),
        ClipFormat(
            name="rrd",
            suffix=".rrd",
            doc="The same for Rerun's viewer; needs the extra 'rerun'.",
            write=write_rrd,
        ),
        ClipFormat(
            name="mp4",
            suffix="",
            doc="A film of each camera, VP9.",
            write=write_video,
        ),
        ClipFormat(
            name="parquet",
            suffix="",
            doc="The range of every stream and of the ego's signals.",
            write=write_parquet,
        ),
        ClipFormat(
            name="csv",
            suffix="",
            doc="The same as text, without bytes.",
            write=write_csv,
        ),
    )
}


def clip_format(name: str) -> ClipFormat:
    """Return a format by name; raises ``InputError`` with the near miss."""
    if name not in CLIP_FORMATS:
        raise InputError(
            f"clips are not written as '{name}'{did_you_mean(name, CLIP_FORMATS)}",
            hint=f"formats: {', '.join(CLIP_FORMATS)}",
        )
    return CLIP_FORMATS[name]

"""Clips of scenes: one file per format that they are written in."""

from avdataops.clips.clip import ClipFormat
from avdataops.clips.mcap import write_mcap
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

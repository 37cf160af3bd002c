"""Cameras that see nothing: pictures that are black or white all over."""

from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Signals
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, margin, middle, number
from avdataops.signals.frame_spells import Spell, lasting, spells, told, unseen
from avdataops.signals.nullable import floats

_WHITE = 255.0


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a black frame.

    Mean brightness below 10 or above 245 of 255 is the product's own definition: a street at night
    without any lamp is brighter, since sensors add gain and noise.
    """

    dark_levels: float = 10.0
    bright_levels: float = 245.0
    merge_s: float = 0.5
    """Spells with a shorter break are one."""


def find(drive: Drive, params: Params) -> Detection:
    """Return when each camera was black or overexposed; the actor is the stream.

    A single picture is a scene.  Unknown where no camera's pictures could be decoded.
    """
    streams = told(drive, "luma")
    found = (
        _scene(name, frames, one, params)
        for name, frames in streams.items()
        for one in _blind(frames, params, drive.stop_ns)
    )
    return settle(found, unseen(drive, streams.values(), "luma", "picture"))


def _blind(frames: Signals, params: Params, drive_stop_ns: int) -> Iterator[Spell]:
    luma = floats(frames.columns, "luma", frames.t_ns.size)
    bad = (luma < params.dark_levels) | (luma > params.bright_levels)
    found = spells(frames, bad, drive_stop_ns)
    merge_ns = round(params.merge_s * 1e9)
    return lasting(frames, found, merge_ns=merge_ns, least_ns=0, drive_stop_ns=drive_stop_ns)


def _scene(stream: str, frames: Signals, one: Spell, params: Params) -> Found:
    luma = middle(floats(frames.columns, "luma", frames.t_ns.size)[one.rows]) or 0.0
    dark = luma < _WHITE / 2
    sure = (
        margin(_WHITE - luma, _WHITE - params.dark_levels)
        if dark
        else margin(luma, params.bright_levels)
    )
    return Found(
        type="black_frame",
        actor=stream,
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(max(sure, 0.5)),
        truncated=one.cut,
        evidence={
            "duration_s": number(one.duration_s),
            "luma_share": number(luma / _WHITE),
            "bad_messages": number(one.frames),
            "kind": "dark" if dark else "bright",
            "stream": stream,
        },
    )


BLACK_FRAME = Detector(
    name="black_frame",
    version=1,
    types=("black_frame",),
    params=Params,
    find=find,
    doc="A camera whose pictures are black or white all over.",
)

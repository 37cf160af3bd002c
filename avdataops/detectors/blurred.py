"""Cameras that do not see sharply: dirt, drops, fog on the lens, lost focus."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Signals, Unknown
from avdataops.signals.arrays import Floats
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, margin, middle, number
from avdataops.signals.frame_spells import Spell, lasting, spells, told, unseen
from avdataops.signals.nullable import floats

_SIGMA_OF_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a blurred camera.

    Sharpness is the variance of the Laplacian (Pech-Pacheco et al. 2000), which depends on the
    scene as much as on the lens.  The limit is therefore what one picture in a hundred of this very
    camera would fall below: the first percentile of its distribution of log sharpness, taken from
    median and spread, because the plain percentile finds one bad picture in a hundred in every
    drive, and no more than that in a drive that is blurred for an hour.  On top of that come a
    limit in itself (100 is the habit of the field), clearly less than the camera's usual, and a
    least duration: own choices.
    """

    percentile_sigmas: float = 2.326
    """Standard normal quantile of 1 %."""
    max_laplacian_var: float = 100.0
    max_usual_share: float = 0.5
    """Of the camera's median sharpness."""
    min_s: float = 1.0
    """Vibration and sharp turns blur single pictures."""
    merge_s: float = 0.5
    min_picture_messages: float = 100.0
    """From fewer pictures it cannot be told what is usual."""
    dark_levels: float = 10.0
    bright_levels: float = 245.0
    """Pictures that show nothing are another matter, and not among the usual ones."""


@dataclass(frozen=True, slots=True)
class _Camera:
    name: str
    frames: Signals
    sharpness: Floats
    """NaN where the picture shows nothing."""
    usual: float
    limit: float


def find(drive: Drive, params: Params) -> Detection:
    """Return when each camera was blurred against its own usual sharpness; actor is the stream.

    A camera that is blurred for most of a drive has no other usual, and is not found.  Unknown
    where no camera's pictures could be decoded, and throughout where all have too few.
    """
    pictured = told(drive, "sharpness")
    cameras = [camera for name in pictured if (camera := _camera(name, pictured[name], params))]
    if pictured and not cameras:
        why = "too few pictures to know a camera's usual sharpness"
        return settle((), [Unknown(start_ns=drive.start_ns, stop_ns=drive.stop_ns, reason=why)])
    found = (
        _scene(camera, one, params)
        for camera in cameras
        for one in _soft(camera, params, drive.stop_ns)
    )
    seen = (camera.frames for camera in cameras)
    return settle(found, unseen(drive, seen, "sharpness", "picture"))


def _camera(name: str, frames: Signals, params: Params) -> _Camera | None:
    size = frames.t_ns.size
    sharpness, luma = (floats(frames.columns, key, size) for key in ("sharpness", "luma"))
    shows = (luma >= params.dark_levels) & (luma <= params.bright_levels)
    sharpness = np.where(shows, np.maximum(sharpness, np.finfo(np.float64).tiny), np.nan)
    known = np.log(sharpness[np.isfinite(sharpness)])
    if known.size < params.min_picture_messages:
        return None
    middle_log = float(np.median(known))
    sigma = _SIGMA_OF_MAD * float(np.median(np.abs(known - middle_log)))
    usual = float(np.exp(middle_log))
    rare = float(np.exp(middle_log - params.percentile_sigmas * sigma))
    limit = min(rare, params.max_laplacian_var, params.max_usual_share * usual)
    return _Camera(name, frames, sharpness, usual, limit)


def _soft(camera: _Camera, params: Params, drive_stop_ns: int) -> Iterator[Spell]:
    return lasting(
        camera.frames,
        spells(camera.frames, camera.sharpness < camera.limit, drive_stop_ns),
        merge_ns=round(params.merge_s * 1e9),
        least_ns=round(params.min_s * 1e9),
        drive_stop_ns=drive_stop_ns,
    )


def _scene(camera: _Camera, one: Spell, params: Params) -> Found:
    share = (middle(camera.sharpness[one.rows]) or 0.0) / camera.usual
    return Found(
        type="blurred",
        actor=camera.name,
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(margin(2.0 - share, 2.0 - params.max_usual_share)),
        truncated=one.cut,
        evidence={
            "duration_s": number(one.duration_s),
            "usual_share": number(share),
            "bad_messages": number(one.frames),
            "stream": camera.name,
        },
    )


BLURRED = Detector(
    name="blurred",
    version=1,
    types=("blurred",),
    params=Params,
    find=find,
    gates=(Gate(param="min_s", evidence="duration_s", op=">="),),
    doc="A camera far less sharp than it usually is, for at least a second.",
)

"""Cameras, lidars and radars that send the same message again and again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Signals
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, margin, number
from avdataops.signals.frame_spells import Spell, spell, told, unseen
from avdataops.signals.intervals import true_runs
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a frozen sensor.

    Three equal payloads in a row are the product's own definition: noise of the sensor makes two
    equal ones improbable, and three of them are no accident of a driver that repeats one.
    """

    min_equal_messages: float = 3.0


def find(drive: Drive, params: Params) -> Detection:
    """Return when each sensor repeated one payload; the actor is the stream.

    Judged by the hash of the payload, so that a scene that stands still is not taken for a sensor
    that does.  Unknown where no sensor's payload was read.
    """
    streams = told(drive, "payload")
    found = (
        _scene(name, one, params)
        for name, frames in streams.items()
        for one in _repeats(frames, params, drive.stop_ns)
    )
    return settle(found, unseen(drive, streams.values(), "payload", "sensor payload"))


def _repeats(frames: Signals, params: Params, drive_stop_ns: int) -> Iterator[Spell]:
    payload = floats(frames.columns, "payload", frames.t_ns.size)
    near = np.diff(frames.t_ns) <= frames.max_gap_ns
    for first, stop in true_runs((payload[1:] == payload[:-1]) & near):
        if stop - first + 1 >= params.min_equal_messages:
            yield spell(frames, int(first), int(stop) + 1, drive_stop_ns)


def _scene(stream: str, one: Spell, params: Params) -> Found:
    # No sensor says when its driver last had a new picture; more repeats are more certain.
    sure = margin(one.frames, params.min_equal_messages - 1.0)
    return Found(
        type="frozen_sensor",
        actor=stream,
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(sure),
        truncated=one.cut,
        evidence={
            "duration_s": number(one.duration_s),
            "equal_messages": number(one.frames),
            "stream": stream,
        },
    )


FROZEN_SENSOR = Detector(
    name="frozen_sensor",
    version=1,
    types=("frozen_sensor",),
    params=Params,
    find=find,
    doc="A camera, lidar or radar whose payload is the same at least three times in a row.",
)

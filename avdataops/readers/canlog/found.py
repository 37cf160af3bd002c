"""Frames as they are found in a log, good and bad ones, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from avdataops.readers.can.frames import Frames
from avdataops.readers.canlog.log import Piece

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is meant as a frame; the parts of a bad one mean nothing."""

    place: Places
    """Where it is: number of the line, or of the byte."""
    good: Mask
    kind: Bytes
    """``DATA``, ``REMOTE`` or ``ERROR``."""
    channel: Places
    sent: Mask
    id: Places
    extended: Mask
    dlc: Places
    length: Places
    data: Bytes
    """One row per frame, as wide as the longest at least."""

    def piece(self, t_ns: Places) -> Piece:
        """Return the good ones; ``t_ns`` has the times of all."""
        kept = np.flatnonzero(self.good)
        frames = Frames(
            t_ns=t_ns[kept],
            bus=self.channel[kept],
            id=self.id[kept],
            extended=self.extended[kept],
            dlc=self.dlc[kept],
            length=self.length[kept],
            data=self.data[kept],
            transmitted=self.sent[kept],
        )
        return Piece(frames, self.kind[kept])


def in_order(parts: Sequence[Found]) -> Found:
    """Return everything of at least one part by its place."""
    width = max(part.data.shape[1] for part in parts)
    wide = [replace(part, data=_widened(part.data, width)) for part in parts]
    order = np.argsort(np.concatenate([part.place for part in wide]))
    return Found(
        place=np.concatenate([part.place for part in wide])[order],
        good=np.concatenate([part.good for part in wide])[order],
        kind=np.concatenate([part.kind for part in wide])[order],
        channel=np.concatenate([part.channel for part in wide])[order],
        sent=np.concatenate([part.sent for part in wide])[order],
        id=np.concatenate([part.id for part in wide])[order],
        extended=np.concatenate([part.extended for part in wide])[order],
        dlc=np.concatenate([part.dlc for part in wide])[order],
        length=np.concatenate([part.length for part in wide])[order],
        data=np.concatenate([part.data for part in wide])[order],
    )


def _widened(data: Bytes, width: int) -> Bytes:
    return np.pad(data, ((0, 0), (0, width - data.shape[1])))

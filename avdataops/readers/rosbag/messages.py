"""Raw messages of a recording as columns over one buffer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from avdataops.readers.rosbag.gather import Octets, Places, joined, offsets_of

INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Messages:
    """Some messages; all columns have one value per message."""

    data: Octets
    """The buffer that all of them stand in, and other things."""
    t_ns: npt.NDArray[Any]
    """Log time, int64 or uint64 as the container states it."""
    publish_ns: npt.NDArray[Any]
    connection: Places
    at: Places
    """Offset of the chunk or record in the file."""
    inner: Places
    """Offset inside the chunk."""
    sequence: Places
    """Number that the publisher gave it; 0 where the container keeps none."""
    starts: Places
    """Where the message's own bytes begin in ``data``."""
    sizes: Places

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def nbytes(self) -> int:
        """Bytes of all messages, without what stands between them."""
        return int(self.sizes.sum())

    def pick(self, where: Any) -> Self:
        """Return the messages at an index, a slice or where a mask is true."""
        return self._like(
            self.data,
            self.starts[where],
            *(column[where] for column in self.facts()),
            sizes=self.sizes[where],
        )

    def alone(self) -> Self:
        """Return the same in a buffer that holds nothing else."""
        starts = offsets_of(self.sizes)[:-1]
        data = joined(self.data, self.starts, self.sizes)
        return self._like(data, starts, *self.facts(), sizes=self.sizes)

    def in_order(self) -> Self:
        """Return the messages by log time, and by place in the file where times tie."""
        if len(self) < 2 or bool((self.t_ns[1:] > self.t_ns[:-1]).all()):  # noqa: PLR2004 - one is in order
            return self
        return self.pick(np.lexsort((self.inner, self.at, self.t_ns)))

    def facts(self) -> tuple[npt.NDArray[Any], ...]:
        """Return what is known of each message besides its bytes, column by column."""
        return self.t_ns, self.publish_ns, self.connection, self.at, self.inner, self.sequence

    @classmethod
    def _like(cls, data: Octets, starts: Places, *facts: npt.NDArray[Any], sizes: Places) -> Self:
        t_ns, publish_ns, connection, at, inner, sequence = facts
        return cls(
            data=data,
            t_ns=t_ns,
            publish_ns=publish_ns,
            connection=connection,
            at=at,
            inner=inner,
            sequence=sequence,
            starts=starts,
            sizes=sizes,
        )

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Return several as one, in a buffer that all of their buffers were joined to."""
        if len(parts) == 1:
            return parts[0]
        before = offsets_of(np.array([len(part.data) for part in parts], np.int64))
        starts = [part.starts + start for part, start in zip(parts, before[:-1], strict=True)]
        columns = zip(*(part.facts() for part in parts), strict=True)
        return cls._like(
            # Several times as fast as NumPy's way (measured).
            np.frombuffer(b"".join([part.data.data for part in parts]), np.uint8),
            np.concatenate(starts),
            *(np.concatenate(some) for some in columns),
            sizes=np.concatenate([part.sizes for part in parts]),
        )


def none_of(like: Messages) -> Messages:
    """Return no messages, with columns of the same types."""
    return like.pick(slice(0, 0)).alone()

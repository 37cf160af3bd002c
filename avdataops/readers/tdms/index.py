"""What the metadata of a TDMS file say: objects, and in which segments their values lie."""

from array import array
from dataclasses import dataclass, field

from avdataops.readers.tdms.kinds import Value
from avdataops.readers.tdms.layout import Layout
from avdataops.readers.tdms.metadata import Shape

CHANNEL_PARTS = 2
"""Names in the path of a channel: group and channel."""


@dataclass(slots=True)
class Object:
    """The file, a group or a channel."""

    parts: tuple[str, ...]
    properties: dict[str, Value] = field(default_factory=dict)
    shape: Shape | None = None
    """One of its raw data indexes; all have the same data type."""
    spans: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[int]" = field(default_factory=lambda: array("q"))
    """Spans that hold the channel, and its values in one chunk of each."""
    missing: int = 0
    """Values that the index promises and the file does not hold."""
    is_restamped: bool = False
    """Its start time was written anew when it had samples already."""


@dataclass(slots=True)
class Span:
    """Neighbouring segments with one layout."""

    layout: Layout
    first_segment: int
    chunks: int


@dataclass(slots=True)
class Index:
    """All that the lead-ins and metadata of a file say."""

    objects: list[Object] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    """Offset of the first chunk of each segment that has data."""
    chunks_before: "array[int]" = field(default_factory=lambda: array("q", [0]))
    """Chunks in the segments before each, and in all."""
    damage: list[str] = field(default_factory=list)

    @property
    def listings(self) -> int:
        """Count of channels over all spans."""
        return sum(len(span.layout.channels) for span in self.spans)

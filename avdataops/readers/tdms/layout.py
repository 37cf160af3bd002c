"""Where the values of each channel lie in a chunk: one strided field, whatever the layout."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from avdataops.model.errors import UnreadableFile
from avdataops.readers.tdms.kinds import STRING, Kind
from avdataops.readers.tdms.metadata import Shape


@dataclass(frozen=True, slots=True)
class Field:
    """Values at ``base + row * stride + inner`` of a chunk."""

    kind: Kind
    base: int
    stride: int
    inner: int = 0
    bit: int | None = None
    scale: int | None = None
    """Number of the DAQmx scaler; None for plain values."""


@dataclass(frozen=True, slots=True)
class Text:
    """Strings at ``base``: the end of each as uint32, then their bytes."""

    base: int
    values: int
    size: int


@dataclass(frozen=True, slots=True)
class Place:
    """What one chunk holds of one channel."""

    values: int
    fields: tuple[Field, ...]
    text: Text | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The order of channels in the chunks of neighbouring segments."""

    order: str
    """Byte order, ``<`` or ``>``."""
    is_interleaved: bool
    channels: tuple[int, ...]
    shapes: tuple[Shape, ...]
    chunk_bytes: int
    readable: dict[int, int] = field(default_factory=dict)
    """Values by channel, in a chunk that the end of the file cuts."""

    def values(self) -> list[int]:
        """Return how many values a chunk holds of each channel."""
        given = (shape.values for shape in self.shapes)
        if not self.readable:
            return list(given)
        return [self.readable[channel] for channel in self.channels]

    def places(self) -> dict[int, Place]:
        """Return where the values of each channel lie."""
        if self.is_daqmx:
            found = self._daqmx()
        elif self.is_interleaved:
            found = self._interleaved()
        else:
            found = self._contiguous()
        return dict(zip(self.channels, found, strict=True))

    @property
    def rows_are_mixed(self) -> bool:
        """Say whether rows hold values of all channels, so that none can be read by itself."""
        return self.is_interleaved or self.is_daqmx

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of all channels, where rows are mixed."""
        if self.is_daqmx:
            return sum(self.shapes[0].widths)
        return sum(shape.kind.size for shape in self.shapes)

    @property
    def is_daqmx(self) -> bool:
        """Say whether the chunks hold rows of DAQmx cards."""
        return bool(self.shapes) and bool(self.shapes[0].scalers)

    def _contiguous(self) -> list[Place]:
        found, at = [], 0
        for shape, values in zip(self.shapes, self.values(), strict=True):
            if shape.kind is STRING:
                place = Place(values, (), Text(at, shape.values, shape.size))
            else:
                place = Place(values, (Field(shape.kind, at, shape.kind.size),))
            found.append(place)
            at += shape.size
        return found

    def _interleaved(self) -> list[Place]:
        stride = self.row_bytes
        found, inner = [], 0
        for shape, values in zip(self.shapes, self.values(), strict=True):
            found.append(Place(values, (Field(shape.kind, 0, stride, inner),)))
            inner += shape.kind.size
        return found

    def _daqmx(self) -> list[Place]:
        cards = _cards(self.shapes)
        found = []
        for shape, values in zip(self.shapes, self.values(), strict=True):
            fields = tuple(
                Field(
                    one.kind,
                    cards[one.buffer].base,
                    cards[one.buffer].width,
                    one.byte,
                    one.bit,
                    one.scale,
                )
                for one in shape.scalers
            )
            found.append(Place(values, fields))
        return found

    def cut(self, room: int, text_rows: Callable[[Text, int], int]) -> "Layout":
        """Return the layout of a last chunk of which only ``room`` bytes are in the file.

        ``text_rows`` tells how many strings of a text are whole inside ``room``.
        """
        readable = {
            channel: min(
                (_rows_in(place.values, one, room) for one in place.fields),
                default=text_rows(place.text, room) if place.text else 0,
            )
            for channel, place in self.places().items()
        }
        return Layout(
            self.order, self.is_interleaved, self.channels, self.shapes, self.chunk_bytes, readable
        )

    def shortened(self, room: int) -> "Layout":
        """Return the layout of a last chunk that was written with fewer values of all channels.

        Strings are given up: where each channel begins is not known then.
        """
        shapes = []
        for shape in self.shapes:
            values = shape.values * room // self.chunk_bytes
            shapes.append(Shape(shape.kind, values, values * shape.kind.size))
        if any(shape.kind is STRING for shape in shapes):
            shapes = [Shape(shape.kind, 0, 0) for shape in shapes]
        return Layout(self.order, self.is_interleaved, self.channels, tuple(shapes), room)


@dataclass(frozen=True, slots=True)
class _Card:
    base: int
    rows: int
    width: int


def _cards(shapes: Sequence[Shape]) -> list[_Card]:
    """Return the row blocks of a DAQmx chunk, one per card."""
    widths = shapes[0].widths
    rows = [0] * len(widths)
    for shape in shapes:
        for one in shape.scalers:
            rows[one.buffer] = max(rows[one.buffer], shape.values)
    found, base = [], 0
    for count, width in zip(rows, widths, strict=True):
        found.append(_Card(base, count, width))
        base += count * width
    return found


def _rows_in(values: int, one: Field, room: int) -> int:
    left = room - one.base - one.inner - one.kind.size
    return min(values, left // one.stride + 1) if left >= 0 else 0


def layout_of(
    order: str, channels: tuple[int, ...], shapes: tuple[Shape, ...], *, is_interleaved: bool
) -> Layout:
    """Return the layout of channels that have data.

    Raises ``UnreadableFile`` where the indexes of the channels contradict each other.
    """
    cards = {shape.widths for shape in shapes}
    if any(cards):
        if len(cards) > 1:
            raise UnreadableFile("a segment mixes DAQmx channels of other cards or plain ones")
        size = sum(card.rows * card.width for card in _cards(shapes))
        return Layout(order, False, channels, shapes, size)
    size = sum(shape.size for shape in shapes)
    has_text = any(shape.kind is STRING for shape in shapes)
    if is_interleaved and has_text and len(shapes) > 1:
        raise UnreadableFile("a segment interleaves strings, whose sizes differ")
    if is_interleaved and len({shape.values for shape in shapes}) > 1:
        raise UnreadableFile("a segment interleaves channels of different lengths")
    return Layout(order, is_interleaved and not has_text, channels, shapes, size)

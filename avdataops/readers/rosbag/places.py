"""Where things were found in the messages of a block."""

from dataclasses import dataclass, field

from avdataops.readers.rosbag.gather import Octets, Places


@dataclass(frozen=True, slots=True)
class Block:
    """Messages of one type in one buffer."""

    data: Octets
    starts: Places
    sizes: Places


@dataclass(slots=True)
class Found:
    """Rows of one table in the order in which they were met, piece by piece."""

    message: list[Places] = field(default_factory=list)
    element: list[Places] = field(default_factory=list)
    parent: list[Places] = field(default_factory=list)
    slots: dict[int, list[tuple[Places, ...]]] = field(default_factory=dict)
    """Slot of a step -> per piece: positions, and sizes or counts where they vary."""

    def add(self, slot: int, *what: Places) -> None:
        """Note what a step has met for the rows of the latest piece."""
        self.slots.setdefault(slot, []).append(what)

    def begin(self, message: Places, element: Places, parent: Places) -> None:
        """Begin a piece."""
        self.message.append(message)
        self.element.append(element)
        self.parent.append(parent)

"""The MCAP file that a clip becomes: channels by their stated schemas, messages by time."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from avdataops.clips.scene_messages import MadeChannel
from avdataops.model.errors import InputError
from avdataops.ports.originals import Channel

CHUNK_BYTES = 1 << 20
_LAST_NS = 2**63 - 1
_MOST_CHANNELS = 2**16 - 1


class Item(NamedTuple):
    """One message to write; sorts by time, then by where it comes from."""

    t_ns: int
    source: int
    place: int
    channel: int
    publish_ns: int
    sequence: int
    data: bytes


class McapFile:
    """The file being written."""

    def __init__(self, file: Any, profile: str) -> None:
        from mcap.writer import CompressionType, Writer

        self._writer: Any = Writer(file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile=profile, library="avdataops")
        self._schemas: dict[tuple[str, str, bytes], int] = {}
        self.messages = 0
        self.channels = 0

    def register(self, one: Channel) -> int:
        """Take in a channel of a recording word for word; returns its number."""
        schema = self._schema(one.type, one.language, one.definition)
        return self._channel(one.topic, one.encoding, schema, dict(one.facts))

    def register_made(self, one: MadeChannel) -> int:
        """Take in a made channel; returns its number."""
        schema = self._schema(one.type, "protobuf", one.definition)
        return self._channel(one.topic, "protobuf", schema, dict(one.facts))

    def _schema(self, name: str, encoding: str, data: bytes) -> int:
        if not (name or encoding or data):
            return 0
        key = (name, encoding, data)
        if key not in self._schemas:
            self._schemas[key] = self._writer.register_schema(name, encoding, data)
        return self._schemas[key]

    def _channel(self, topic: str, encoding: str, schema: int, facts: dict[str, str]) -> int:
        if self.channels >= _MOST_CHANNELS:
            raise InputError("a clip holds at most 65535 channels; name those you need: --topics")
        self.channels += 1
        return int(self._writer.register_channel(topic, encoding, schema, facts))

    def write(self, items: Iterator[Item]) -> int:
        """Write all messages; returns how many have a time that cannot be written."""
        bad = 0
        for one in items:
            if not (0 <= one.t_ns <= _LAST_NS and 0 <= one.publish_ns <= _LAST_NS):
                bad += 1
                continue
            self._writer.add_message(
                one.channel,
                log_time=one.t_ns,
                data=one.data,
                publish_time=one.publish_ns,
                sequence=one.sequence,
            )
            self.messages += 1
        return bad

    def metadata(self, name: str, facts: Mapping[str, str]) -> None:
        """Add names and values."""
        self._writer.add_metadata(name, dict(facts))

    def finish(self) -> None:
        """Write the index."""
        self._writer.finish()

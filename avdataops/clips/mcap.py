"""Clips as MCAP: original messages bit for bit, tables as typed protobuf, and the scene.

All messages are on one clock.  Where messages of a ROS recording are copied it is that recording's
own: log and publish times stay as recorded, and what is made from tables is put on that clock.
Without any it is the reference clock of the measurement.  The metadata say which, and how every
clock leads to the reference.  The publish time of a made message is the time in its table.

Topics that are published once and held (``/tf_static``, latched ones) would be missing from a clip;
their last messages from before it are logged at its start, with their own publish time.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from avdataops.clips.clip import Clip, ClipClock, ClipRecording, ClipTable, Outcome, Written
from avdataops.clips.mcap_file import Item, McapFile
from avdataops.clips.row_messages import row_type
from avdataops.clips.scene_messages import MadeChannel, row_channel, scene_channels
from avdataops.model.artifact import Artifact
from avdataops.model.errors import UnreadableFile
from avdataops.model.ids import canonical_json
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.originals import Channel, Originals
from avdataops.readers.formats import open_originals
from avdataops.tables.scene_rows import evidence_json

HELD_MESSAGES = 200
"""Of a held topic, so many of its last messages from before the clip: one per publisher."""
_LAYOUT = "1"
_PROFILES = {"cdr": "ros2", "ros1": "ros1"}


@dataclass(slots=True)
class _Copied:
    """What was taken from one recording."""

    recording: ClipRecording
    originals: Originals
    channels: dict[int, Channel]
    written: dict[int, int] = field(default_factory=dict)
    """Channel of the recording -> channel of the clip."""
    messages: Counter[int] = field(default_factory=Counter)


def write_mcap(clip: Clip, folder: Path) -> Outcome:
    """Write ``<scene>.mcap``; the same clip gives the same bytes."""
    path = folder / f"{clip.scene.id}.mcap"
    with ExitStack() as stack, path.open("wb") as file:
        opened, problems = _opened(clip, stack)
        clock = opened[0].recording.clock if opened else _reference(clip)
        writer = McapFile(file, _profile(clip, opened))
        for copied in opened:
            for number, channel in sorted(copied.channels.items()):
                copied.written[number] = writer.register(channel)
        tables = _tables(clip, opened)
        made = _made(clip, tables)
        problems += [problem for one in tables for problem in _left_out(one)]
        used = _used(clip, opened, tables)
        numbers = [writer.register_made(one) for one in made]
        sources = [_originals(clip, copied, place) for place, copied in enumerate(opened)]
        sources += [
            _made_items(one, number, clock, len(opened) + place)
            for place, (one, number) in enumerate(zip(made, numbers, strict=True))
        ]
        bad_times = writer.write(heapq.merge(*sources))
        for name, known in _metadata(clip, clock, opened, used):
            writer.metadata(name, known)
        writer.finish()
        problems += [one for copied in opened for one in _of_range(copied)]
    if bad_times:
        text = f"{bad_times} messages have times that MCAP cannot hold"
        problems.append(Problem(code="bad_time", message=text, lost_rows=bad_times))
    facts: dict[str, object] = {
        "messages": writer.messages,
        "channels": writer.channels,
        "clock": clock.name,
    }
    return Outcome(
        files=(Written(path=path, facts=facts),),
        used=used,
        caveats=(*clip.caveats, *problems),
    )


def _opened(clip: Clip, stack: ExitStack) -> tuple[list[_Copied], list[Problem]]:
    """Open what can be copied; a recording on another clock than the first stays out."""
    opened: list[_Copied] = []
    problems = []
    for recording in sorted(clip.recordings, key=lambda one: one.name):
        try:
            found = open_originals(recording.open())
        except UnreadableFile as error:
            problems.append(Problem(code="unreadable", message=error.message, lost_rows=None))
            continue
        if found is None:
            continue
        originals = stack.enter_context(found)
        channels = {one.number: one for one in originals.channels if clip.takes(one.topic)}
        if opened and recording.clock.name != opened[0].recording.clock.name:
            first = opened[0].recording
            text = (
                f"{recording.name} is on the clock '{recording.clock.name}', {first.name} on "
                f"'{first.clock.name}': originals of two clocks do not go into one clip"
            )
            problems.append(Problem(code="other_clock", message=text))
        elif channels:
            opened.append(_Copied(recording, originals, channels))
    return opened, problems


def _reference(clip: Clip) -> ClipClock:
    tables = clip.derived or clip.streams
    return ClipClock(tables[0].clock.name if clip.derived else "reference")


def _profile(clip: Clip, opened: list[_Copied]) -> str:
    """Return the profile of the file, which promises that all channels are of one kind."""
    encodings = {one.encoding for copied in opened for one in copied.channels.values()}
    if clip.originals_only and len(encodings) == 1:
        return _PROFILES.get(encodings.pop(), "")
    return ""


def _made(clip: Clip, tables: list[ClipTable]) -> list[MadeChannel]:
    if clip.originals_only:
        return []
    return [*scene_channels(clip), *(row_channel(one.name, one, clip.span) for one in tables)]


def _tables(clip: Clip, opened: list[_Copied]) -> list[ClipTable]:
    """Return the streams of which no original messages are copied: those of MDF, TDMS, CAN logs."""
    if clip.originals_only:
        return []
    copied = {one.recording.name for one in opened} | {one.name for one in clip.recordings}
    return [
        one
        for one in clip.streams
        if one.artifact.attributes.get("recording", one.artifact.part) not in copied
        and clip.takes(one.artifact.attributes["topic"])
    ]


def _left_out(table: ClipTable) -> Iterator[Problem]:
    columns = row_type(table.name, table.schema()).left_out
    if columns:
        text = f"{len(columns)} columns of '{table.name}' have no field in its protobuf message"
        shown = ", ".join(columns[:3])
        yield Problem(code="no_field", message=f"{text}: {shown}", stream=table.name)


def _used(clip: Clip, opened: list[_Copied], tables: list[ClipTable]) -> tuple[Artifact, ...]:
    derived = () if clip.originals_only else (*clip.of_kind("ego"), *clip.of_kind("objects"))
    recordings = tuple(copied.recording.artifact for copied in opened)
    return (*recordings, *(one.artifact for one in (*tables, *derived)))


def _originals(clip: Clip, copied: _Copied, source: int) -> Iterator[Item]:
    span = copied.recording.clock.span(clip.span)
    held = [number for number, one in copied.channels.items() if _is_held(one)]
    items: list[Any] = []
    if held:
        before = TimeRange(min(0, span.start_ns), span.start_ns)
        last: dict[int, deque[Any]] = {number: deque(maxlen=HELD_MESSAGES) for number in held}
        for message in copied.originals.messages(held, before):
            last[message.channel].append(message)
        kept = sorted((one for many in last.values() for one in many), key=lambda one: one.t_ns)
        items = [one._replace(t_ns=span.start_ns) for one in kept]
    place = -len(items)
    for messages in (items, copied.originals.messages(list(copied.channels), span)):
        for one in messages:
            copied.messages[one.channel] += 1
            channel = copied.written[one.channel]
            yield Item(one.t_ns, source, place, channel, one.publish_ns, one.sequence, one.data)
            place += 1


def _is_held(channel: Channel) -> bool:
    """Say whether late subscribers get old messages: ROS 1 latching, ROS 2 transient local."""
    facts = dict(channel.facts)
    quality = facts.get("offered_qos_profiles", "")
    return (
        channel.topic.rstrip("/").rpartition("/")[2] == "tf_static"
        or facts.get("latching") == "1"
        or "transient_local" in quality
        or "durability: 1" in quality
    )


def _made_items(one: MadeChannel, number: int, clock: ClipClock, source: int) -> Iterator[Item]:
    for place, (t_ns, stored_ns, data) in enumerate(one.messages()):
        at = int(clock.from_reference(np.array([t_ns], dtype=np.int64))[0])
        yield Item(at, source, place, number, stored_ns, place, data)


def _of_range(copied: _Copied) -> Iterator[Problem]:
    """Yield what was wrong with a recording, but not what it has always lacked elsewhere."""
    for problem in copied.originals.problems():
        if problem.code != "unindexed":
            yield problem


def _metadata(
    clip: Clip, clock: ClipClock, opened: list[_Copied], used: tuple[Artifact, ...]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    manifest = {
        key: value if isinstance(value, str) else canonical_json(value)
        for key, value in clip.manifest(used).items()
        if key not in {"recordings", "artifacts"}
    }
    statement = "log times as recorded" if opened else "times of the reference clock"
    yield (
        "avdataops.clip",
        manifest | {"layout": _LAYOUT, "clock": clock.name, "clock_statement": statement},
    )
    yield "avdataops.evidence", {"json": evidence_json(clip.scene.evidence)}
    clocks = [one.clock for one in clip.recordings] + [one.clock for one in clip.streams]
    for name, one in sorted({one.name: one for one in clocks}.items()):
        yield f"avdataops.clock.{name}", _clock_facts(one)
    for copied in opened:
        recording = copied.recording
        facts = {
            "name": recording.name,
            "sha256": recording.artifact.sha256,
            "clock": recording.clock.name,
            "messages": str(sum(copied.messages.values())),
        }
        yield f"avdataops.recording.{recording.name}", facts
    yield "avdataops.recordings", dict(sorted(clip.sources.items()))
    yield "avdataops.artifacts", {one.id: one.sha256 for one in used}


def _clock_facts(clock: ClipClock) -> dict[str, str]:
    model = clock.model
    return {
        "formula": "reference = t + offset_ns + skew_ppm * 1e-6 * (t - t0_ns)",
        "t0_ns": str(model.t0_ns if model else 0),
        "offset_ns": str(model.offset_ns if model else 0),
        "skew_ppm": repr(model.skew_ppm if model else 0.0),
    }

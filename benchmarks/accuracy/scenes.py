"""All detectors over drives of the grid, tallied by type and by what sensors lacked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from avdataops.detectors import DETECTORS
from avdataops.ports.detecting import Detection, Detector, Drive
from avdataops.signals.coverage import tile
from benchmarks.accuracy.definitions import tolerance_s
from benchmarks.accuracy.matching import Event, Scene, match
from benchmarks.accuracy.scoring import Tally, tally
from benchmarks.accuracy.synced import detectors_view, to_s
from sample_data.grid import GridDrive, TrueEvent

STREAM_TYPES = ("sensor_dropout", "clock_anomaly", "frozen_sensor")
"""Their actor is a stream, which has one name only."""
QUALITY_TYPES = (*STREAM_TYPES, "gnss_outage")
_EDGE_S = 0.05

Place = tuple[str, str]
"""Condition and scene type."""


@dataclass(slots=True)
class Tallies:
    """Tallies of every drive, and what went wrong by drive."""

    by_place: dict[Place, list[Tally]] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    """Type -> true events, with and without a detector."""
    mistakes: list[str] = field(default_factory=list)
    """One line for each missed event and false alarm."""

    def add(self, drive: GridDrive, kind: str, one: Tally) -> None:
        """Take in the tally of one type in one drive."""
        self.by_place.setdefault((drive.scenario.condition, kind), []).append(one)


def run(drives: Iterable[GridDrive], types: Collection[str]) -> Tallies:
    """Return the tallies of the scene types over all drives."""
    chosen = [one for one in DETECTORS if set(one.types) & set(types)]
    tallies = Tallies()
    for drive in drives:
        for event in drive.events:
            tallies.events[event.type] = tallies.events.get(event.type, 0) + 1
        seen = detectors_view(drive)
        for detector in chosen:
            _take(tallies, drive, seen, detector, types)
    return tallies


def _take(
    tallies: Tallies, drive: GridDrive, seen: Drive, detector: Detector, types: Collection[str]
) -> None:
    detection = detector.find(seen, detector.params())
    tiles = tile(seen.start_ns, seen.stop_ns, detection.unknown)
    unknown = [(to_s(a), to_s(b)) for a, b, reason in tiles if reason is not None]
    unknown_s = sum(b - a for a, b in unknown)
    for kind in detector.types:
        if kind not in types:
            continue
        events = events_of(drive, kind)
        scenes = scenes_of(detection, kind)
        outcome = match(events, scenes, unknown, tolerance_s=tolerance_s(kind))
        whole_s = (seen.stop_ns - seen.start_ns) / 1e9
        one = tally(events, scenes, outcome, known_s=whole_s - unknown_s, whole_s=whole_s)
        tallies.add(drive, kind, one)
        tallies.mistakes += [
            f"{drive.name}: {kind} at {events[row].start_s:.1f} s missed" for row in outcome.missed
        ]
        tallies.mistakes += [
            f"{drive.name}: {kind} at {scenes[column].start_s:.1f} s is false"
            for column in outcome.false
        ]


def events_of(drive: GridDrive, kind: str) -> tuple[Event, ...]:
    """Return the true events of a type, with every id that their actor was tracked under."""
    return tuple(_event(drive, one) for one in drive.events if one.type == kind)


def _event(drive: GridDrive, one: TrueEvent) -> Event:
    actors: frozenset[str] | None = None
    if one.actor is not None:
        ids = [track for track, name in drive.objects.actors.items() if name == one.actor]
        actors = frozenset([one.actor] if one.type in STREAM_TYPES else ids)
    # A silent sensor is what the data-quality types are about; it cuts all others.
    spans = () if one.type in QUALITY_TYPES else drive.silent_s
    silent = any(a < one.stop_s and one.start_s < b for a, b in spans)
    begun, unfinished = one.start_s <= _EDGE_S, one.stop_s >= drive.duration_s - _EDGE_S
    return Event(
        start_s=one.start_s,
        stop_s=one.stop_s,
        actors=actors,
        cut=silent or begun or unfinished,
        onset_known=not (silent or begun),
    )


def scenes_of(detection: Detection, kind: str) -> tuple[Scene, ...]:
    """Return what a detector reported of a type."""
    return tuple(
        Scene(
            start_s=to_s(one.start_ns),
            stop_s=to_s(one.stop_ns),
            actor=one.actor,
            truncated=one.truncated,
        )
        for one in detection.found
        if one.type == kind
    )


def by_condition(tallies: Tallies) -> Mapping[str, Mapping[str, Sequence[Tally]]]:
    """Return condition -> type -> tallies; the empty condition lacks nothing."""
    found: dict[str, dict[str, Sequence[Tally]]] = {}
    for (condition, kind), items in tallies.by_place.items():
        found.setdefault(condition, {})[kind] = items
    return found

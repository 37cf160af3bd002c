"""Archived raw data, asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from avdataops.engine.rehydrate import rehydrate
from avdataops.model.errors import NotFound
from avdataops.model.location import Location, Zone
from avdataops.ports.tiers import Urgency, Warmth
from avdataops.testing.engine_kit import Engine, memory_engine


@dataclass(slots=True)
class Tiers:
    """Tiers in memory; what was asked for gets warm when ``thaw`` is called."""

    known: dict[Location, Warmth] = field(default_factory=dict)
    asked: list[tuple[Location, Urgency]] = field(default_factory=list)

    def warmth(self, locations: Sequence[Location]) -> dict[Location, Warmth]:
        return {at: self.known[at] for at in locations if at in self.known}

    def warm_up(self, at: Location, urgency: Urgency) -> None:
        self.asked.append((at, urgency))
        self.known[at] = Warmth.WARMING

    def thaw(self) -> None:
        self.known = dict.fromkeys(self.known, Warmth.READY)


def finished() -> tuple[Engine, str, list[Location]]:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    made = engine.catalog.artifacts(drive.id)
    return engine, drive.id, [one.location for one in made if one.location.zone is Zone.RAW]


def test_cold_objects_are_asked_for_once_and_counted_until_they_are_warm() -> None:
    engine, measurement, raw = finished()
    tiers = Tiers(dict.fromkeys(raw, Warmth.ARCHIVED))
    tiers.known[raw[0]] = Warmth.READY
    for _ in range(2):
        counts = rehydrate(tiers, engine.catalog, measurement, Urgency.HIGH)
        assert counts == {"waiting": len(raw) - 1, "ready": 1}
        assert tiers.asked == [(at, Urgency.HIGH) for at in raw[1:]]
    tiers.thaw()
    counts = rehydrate(tiers, engine.catalog, measurement, Urgency.HIGH)
    assert counts == {"waiting": 0, "ready": len(raw)}


def test_results_outside_the_raw_zone_are_left_alone() -> None:
    engine, measurement, _ = finished()
    (scenes,) = engine.made(measurement, "scenes")
    tiers = Tiers({scenes.location: Warmth.ARCHIVED})
    counts = rehydrate(tiers, engine.catalog, measurement, Urgency.STANDARD)
    assert counts == {"waiting": 0, "ready": 0}
    assert tiers.asked == []


def test_without_tiers_all_is_ready() -> None:
    engine, measurement, raw = finished()
    counts = rehydrate(None, engine.catalog, measurement, Urgency.STANDARD)
    assert counts == {"waiting": 0, "ready": len(raw)}


def test_an_unknown_measurement_is_not_found() -> None:
    with pytest.raises(NotFound):
        rehydrate(None, memory_engine().catalog, "m_1", Urgency.STANDARD)

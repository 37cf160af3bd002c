"""A small world of scenes in which every kind of question has both answers, and unknown ones."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from avdataops.model.ids import scene_id
from avdataops.model.review import Review, Verdict
from avdataops.model.scene import Scene, Surroundings
from avdataops.ports.catalog import Catalog, Taken
from avdataops.ports.judged import FACT, Tile, judged_fact
from avdataops.ports.question_answers import Gathered
from avdataops.testing.catalog_store import detected, extracted, register
from avdataops.testing.facts import T0_NS, Uploaded, uploaded

TYPES = ("cut_in", "hard_brake", "rain", "night")
NEVER = "snow"
"""Looked for everywhere, found nowhere."""

SPAN_NS = 1_000
_STARTS = range(0, SPAN_NS, 20)
_LENGTHS = (0, 1, 20, 40, 200)
_VALUES: Sequence[float | str | bool | None] = (None, 0, 1, 2.5, -1.0, True, False, "a", "b", "1")
_MOSTLY, _OFTEN = (True,) * 9 + (False,), (True, True, False)
_LIGHTS = (None, "day", "night")


@dataclass(frozen=True, slots=True)
class World:
    """Drives with all that was found in them, and where it was looked for."""

    drives: tuple[Uploaded, ...]
    scenes: tuple[Scene, ...]
    tiles: dict[tuple[str, str], tuple[Tile, ...]]
    """(measurement, type) -> where it was judged."""
    verdicts: dict[str, tuple[Verdict, ...]]
    """Scene -> what its reviews said, the last one last."""

    @property
    def company(self) -> Gathered:
        """The world as the plain evaluator takes it."""
        by_measurement: dict[str, list[Scene]] = {drive.id: [] for drive in self.drives}
        for one in self.scenes:
            by_measurement[one.measurement].append(one)
        latest = {scene: said[-1].value for scene, said in self.verdicts.items()}
        return Gathered(by_measurement, self.tiles, latest)

    def fill(self, catalog: Catalog) -> None:
        """Take everything into a catalog, beside a superseded run that says otherwise."""
        for drive in self.drives:
            register(catalog, drive)
            streams = extracted(drive)
            told = [one for one in self.scenes if one.measurement == drive.id]
            found = detected(drive, streams.made, told)
            tiles = [
                (name, tile)
                for (measurement, name), some in self.tiles.items()
                if measurement == drive.id
                for tile in some
            ]
            record = replace(found.record, facts={FACT: judged_fact(tiles)})
            old = detected(drive, streams.made[:1], [replace(one, id=_other(one)) for one in told])
            whole = [(name, Tile(T0_NS, T0_NS + SPAN_NS, known=True)) for name in TYPES]
            before = replace(old.record, facts={FACT: judged_fact(whole)})
            catalog.commit([Taken(streams), replace(old, record=before)])
            catalog.commit([replace(found, record=record)], superseded=[before.run])
        for scene, said in self.verdicts.items():
            for verdict in said:
                catalog.review(Review(scene=scene, verdict=verdict, by="a", at_ns=T0_NS))


def _other(one: Scene) -> str:
    return scene_id(one.measurement, one.type, ["old", one.id])


def make_world(seed: int, *, scenes: int = 40) -> World:
    """Return a world; the same seed gives the same one."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    drives = tuple(uploaded(f"world {n}", vehicle=f"car-{n}") for n in range(2))
    found = {one.id: one for one in (_scene(draw, drives) for _ in range(scenes))}
    tiles = {
        (drive.id, name): _tiles(draw)
        for drive in drives
        for name in (*TYPES, NEVER)
        if draw.choice(_MOSTLY)
    }
    both = (Verdict.ACCEPTED, Verdict.REJECTED)
    verdicts = {
        name: tuple(draw.choice(both) for _ in range(draw.choice((1, 2))))
        for name in found
        if draw.choice(_OFTEN)
    }
    return World(drives, tuple(found.values()), tiles, verdicts)


def _scene(draw: random.Random, drives: Sequence[Uploaded]) -> Scene:
    drive = draw.choice(drives)
    kind, start, length = draw.choice(TYPES), draw.choice(_STARTS), draw.choice(_LENGTHS)
    evidence = {name: draw.choice(_VALUES) for name in "xy" if draw.choice(_OFTEN)}
    placed = draw.choice(_OFTEN)
    return Scene(
        id=scene_id(drive.id, kind, [start, length, draw.random()]),
        type=kind,
        measurement=drive.id,
        vehicle=drive.manifest.vehicle,
        t_start_ns=T0_NS + start,
        t_end_ns=T0_NS + start + length,
        detector=kind,
        detector_version=draw.choice((1, 2)),
        confidence=draw.choice((0.25, 0.5, 1.0)),
        evidence=evidence,
        actor=draw.choice((None, "1", "2")),
        truncated=draw.choice((True, False)),
        lat_deg=draw.choice((56.1, 56.2, 56.3)) if placed else None,
        lon_deg=draw.choice((10.1, 10.2, 10.3)) if placed else None,
        surroundings=Surroundings(
            light=draw.choice(_LIGHTS), ego_speed_mps=draw.choice((None, 0.0, 8.5)), way_id=7
        ),
    )


def _tiles(draw: random.Random) -> tuple[Tile, ...]:
    """Return a drive cut into known and unknown stretches, neighbours different."""
    cuts = sorted({0, SPAN_NS, *(draw.choice(_STARTS) for _ in range(draw.choice((0, 0, 1, 3))))})
    known = draw.choice(_OFTEN)
    tiles = []
    for start, stop in itertools.pairwise(cuts):
        tiles.append(Tile(T0_NS + start, T0_NS + stop, known=known))
        known = not known
    return tuple(tiles)

"""Drives with pedestrians and cyclists who cross, wait, or walk along the road."""

from sample_data.grid.motion import Pulse, change
from sample_data.grid.plan import Actor, Plan, Road
from sample_data.grid.scenarios.dice import Dice, Scenario, traffic

PACE_MPS = {"pedestrian": (0.9, 1.39), "bicycle": (2.5, 4.5)}
"""Pedestrians up to the 5 km/h of UN R157."""


def _walk(dice: Dice, kind: str, *, at_s: float, gap_m: float, way_m: float) -> Actor:
    """Return somebody who starts 6 m aside and is in the middle of the lane at ``at_s``."""
    side, pace = dice.side(), dice.between(*PACE_MPS[kind])
    start = at_s - 6.0 / pace
    return Actor(
        name="walker",
        kind=kind,
        at_s=at_s,
        gap_m=gap_m,
        offset_m=side * 6.0,
        sideways=(Pulse(start - 0.4, way_m / pace + 0.8, -side * pace, 0.8),),
    )


def _slowing(at_s: float, speed: float) -> tuple[Pulse, ...]:
    """Return braking to a stop about when somebody is in the lane, and going on."""
    down = change(at_s - speed / 2.0 - 1.0, -2.0, -speed, 1.0)
    return down, change(down.stop + 8.0, 1.5, 0.9 * speed, 1.0)


def crossing(dice: Dice, kind: str) -> Plan:
    """Return a drive in which somebody crosses ahead of an ego that stops for it."""
    speed, at_s = dice.speed_mps(30.0, 50.0), dice.between(18.0, 30.0)
    slows = _slowing(at_s, speed)
    walker = _walk(
        dice,
        kind,
        at_s=slows[0].stop,
        gap_m=dice.between(3.0, 12.0),
        way_m=dice.between(11.5, 14.0),
    )
    return Plan(
        speed_mps=speed,
        accelerate=slows,
        actors=(walker, *traffic(dice, speed, lanes=(2,))),
        road=Road(lines=dice.side() > 0, crossings_m=(speed * at_s,) if dice.side() > 0 else ()),
    )


def pedestrian(dice: Dice) -> Plan:
    """A pedestrian crosses in front of the ego."""
    return crossing(dice, "pedestrian")


def cyclist(dice: Dice) -> Plan:
    """A cyclist crosses in front of the ego."""
    return crossing(dice, "bicycle")


def pedestrian_ahead(dice: Dice) -> Plan:
    """A pedestrian crosses 2 to 3 s ahead of an ego that drives on."""
    speed, at_s = dice.speed_mps(30.0, 60.0), dice.between(15.0, 40.0)
    walker = _walk(
        dice, "pedestrian", at_s=at_s, gap_m=dice.between(2.2, 3.0) * speed + 4.0, way_m=12.0
    )
    return Plan(speed_mps=speed, actors=(walker,), road=Road(lines=dice.side() > 0))


def turning_back(dice: Dice) -> Plan:
    """A pedestrian steps into the lane, hesitates and goes back: a crossing, by the entering."""
    speed, at_s = dice.speed_mps(30.0, 50.0), dice.between(18.0, 30.0)
    slows = _slowing(at_s, speed)
    side, pace, way = dice.side(), dice.between(0.9, 1.39), dice.between(5.2, 6.2)
    start = slows[0].stop - 5.0
    there = Pulse(start, way / pace + 0.8, -side * pace, 0.8)
    back = Pulse(there.stop + dice.between(0.2, 3.0), way / pace + 0.8, side * pace, 0.8)
    walker = Actor(
        name="walker", kind="pedestrian", at_s=slows[0].stop, gap_m=dice.between(4.0, 12.0),
        offset_m=side * 6.0, sideways=(there, back),
    )  # fmt: skip
    return Plan(
        speed_mps=speed, accelerate=slows, actors=(walker,), road=Road(lines=dice.side() > 0)
    )


def along_the_road(dice: Dice) -> Plan:
    """A pedestrian or cyclist goes along the road, 2.2 to 4 m beside the ego's middle."""
    speed, kind = dice.speed_mps(30.0, 60.0), dice.name("pedestrian", "bicycle")
    walker = Actor(
        name="walker",
        kind=kind,
        at_s=dice.between(20.0, 40.0),
        gap_m=0.0,
        speed_mps=dice.between(*PACE_MPS[kind]),
        direction=dice.side() if kind == "pedestrian" else 1,
        offset_m=-dice.between(2.4, 4.0),
        wander_m=0.1,
        wander_s=6.0,
    )
    return Plan(speed_mps=speed, actors=(walker,), road=Road(lines=dice.side() > 0))


def up_to_the_kerb(dice: Dice) -> Plan:
    """A pedestrian walks up to the kerb, 2.3 to 3 m aside, and waits."""
    speed, at_s = dice.speed_mps(30.0, 60.0), dice.between(15.0, 40.0)
    walker = _walk(
        dice, "pedestrian", at_s=at_s, gap_m=dice.between(10.0, 30.0), way_m=dice.between(3.0, 3.7)
    )
    return Plan(speed_mps=speed, actors=(walker,), road=Road(lines=dice.side() > 0))


def far_walk(dice: Dice) -> Plan:
    """A pedestrian crosses 5 to 6 s ahead: out of reach."""
    speed, at_s = dice.speed_mps(50.0, 60.0), dice.between(15.0, 40.0)
    walker = Actor(
        name="walker",
        kind="pedestrian",
        at_s=at_s,
        gap_m=6.5 * speed,
        offset_m=5.0,
        sideways=(Pulse(at_s - 3.6, 8.0, -1.35, 0.6),),
        seen_s=(0.0, at_s + 4.5),
    )
    return Plan(speed_mps=speed, actors=(walker,))


def crowd(dice: Dice) -> Plan:
    """Stand among five pedestrians on the pavement."""
    speed = dice.speed_mps(30.0, 50.0)
    down = change(12.0, -2.0, -speed, 1.0)
    people = tuple(
        Actor(
            name=f"person {n}", kind="pedestrian", at_s=down.stop, gap_m=-3.0 + 1.7 * n,
            offset_m=-dice.between(3.5, 5.0),
        )
        for n in range(5)
    )  # fmt: skip
    return Plan(
        speed_mps=speed,
        accelerate=(down, change(down.stop + 9.0, 1.5, speed, 1.0)),
        actors=people,
    )


SCENARIOS = (
    Scenario(name="pedestrian", make=pedestrian),
    Scenario(name="cyclist", make=cyclist),
    Scenario(name="pedestrian ahead", make=pedestrian_ahead),
    Scenario(name="turning back", make=turning_back),
    Scenario(name="along the road", make=along_the_road, near_miss_of=("vru_crossing",)),
    Scenario(name="up to the kerb", make=up_to_the_kerb, near_miss_of=("vru_crossing",)),
    Scenario(name="far walk", make=far_walk, near_miss_of=("vru_crossing",)),
    Scenario(name="crowd", make=crowd),
)

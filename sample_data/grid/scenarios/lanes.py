"""Drives in which the ego changes lanes, overtakes, or only drifts."""

from dataclasses import replace

from sample_data.grid.motion import Pulse, change, shift
from sample_data.grid.plan import Actor, Plan, Road
from sample_data.grid.scenarios.dice import Dice, Scenario, bend, traffic


def lane_change(dice: Dice) -> Plan:
    """Change to a neighbouring lane within 3 to 8 s, mostly for good."""
    lane, side, speed = dice.between(3.2, 3.75), dice.side(), dice.speed_mps(50.0)
    start, lasts = dice.between(12.0, 25.0), dice.between(3.0, 8.0)
    moves = [shift(start, lasts, side * lane)]
    if dice.side() > 0:
        moves.append(shift(start + lasts + dice.between(3.0, 12.0), lasts, -side * lane))
    return Plan(
        speed_mps=speed,
        sideways=tuple(moves),
        wander_m=dice.between(0.0, 0.12),
        wander_s=dice.between(10.0, 15.0),
        road=Road(bends=bend(dice), lane_m=lane),
        actors=traffic(dice, speed, lanes=(3, -3)),
    )


def two_lanes(dice: Dice) -> Plan:
    """Change two lanes in a row, 1 to 3 s apart: two events."""
    lane, side, speed = dice.between(3.2, 3.75), dice.side(), dice.speed_mps(80.0)
    lasts, start = dice.between(3.5, 6.0), dice.between(12.0, 25.0)
    second = start + lasts + dice.between(1.0, 3.0)
    moves = (shift(start, lasts, side * lane), shift(second, lasts, side * lane))
    return Plan(speed_mps=speed, sideways=moves, road=Road(bends=bend(dice), lane_m=lane))


def unmarked_lane_change(dice: Dice) -> Plan:
    """Change lanes on a road without lines; only map, position and yaw rate tell it."""
    plan = lane_change(dice)
    return replace(plan, road=replace(plan.road, lines=False))


def drift(dice: Dice) -> Plan:
    """Wander in the lane by 0.5 to 0.9 m, up to 0.25 m/s, without leaving it."""
    lane, by = dice.between(3.2, 3.75), dice.between(0.5, 0.9)
    moves = (
        shift(dice.between(10.0, 16.0), 6.0, dice.side() * by),
        shift(dice.between(32.0, 40.0), 7.0, dice.side() * 0.5 * by),
    )
    road = Road(bends=bend(dice), lane_m=lane)
    return Plan(speed_mps=dice.speed_mps(50.0), sideways=moves, road=road, wander_m=0.08)


def excursion(dice: Dice) -> Plan:
    """Cross a line by 0.2 to 0.5 m with the middle of the car and come back within 2 s."""
    side, lane = dice.side(), 3.5
    out = lane / 2 + dice.between(0.2, 0.5)
    start = dice.between(12.0, 30.0)
    moves = (shift(start, 3.0, side * out), shift(start + 3.0, 3.0, -side * out))
    return Plan(speed_mps=dice.speed_mps(50.0), sideways=moves, road=Road(bends=bend(dice)))


def _slower(dice: Dice, speed: float, closing: float, at_s: float, offset_m: float) -> Actor:
    return Actor(
        name="slower",
        kind=dice.name("car", "truck", "bus"),
        at_s=at_s,
        gap_m=0.0,
        speed_mps=speed - closing,
        offset_m=offset_m,
        wander_m=dice.between(0.0, 0.1),
    )


def overtake(dice: Dice) -> Plan:
    """Change left, pass a slower vehicle, change back."""
    speed, closing, lane = dice.speed_mps(60.0), dice.between(4.0, 8.0), 3.5
    beside = dice.between(24.0, 30.0)
    lasts = dice.between(4.0, 6.0)
    out = shift(beside - 40.0 / closing - lasts, lasts, lane)
    back = shift(beside + dice.between(32.0, 45.0) / closing, lasts, -lane)
    return Plan(
        speed_mps=speed,
        sideways=(out, back),
        road=Road(bends=bend(dice), lane_m=lane),
        actors=(_slower(dice, speed, closing, beside, 0.0), *traffic(dice, speed, lanes=(-2,))),
    )


def passing(dice: Dice) -> Plan:
    """Pass a slower vehicle in the next lane without changing lanes."""
    speed, closing = dice.speed_mps(60.0), dice.between(3.0, 8.0)
    slower = _slower(dice, speed, closing, dice.between(20.0, 35.0), 3.5 * dice.side())
    return Plan(speed_mps=speed, actors=(slower,), road=Road(bends=bend(dice)))


def not_past(dice: Dice) -> Plan:
    """Draw level with a vehicle beside and fall back again: nothing is passed."""
    speed, at_s = dice.speed_mps(60.0, 100.0), 28.0
    slower = _slower(dice, speed, 3.0, at_s, 3.5 * dice.side())
    faster = replace(slower, accelerate=(change(at_s - 4.0, 1.5, 6.0),))
    return Plan(speed_mps=speed, actors=(faster,))


def fast_lane(dice: Dice) -> Plan:
    """Drive 4 to 8 m/s above the limit for a while."""
    speed = dice.speed_mps(50.0, 100.0)
    over = dice.between(4.0, 8.0)
    pulses = (change(12.0, 1.2, over), Pulse(35.0, over / 1.2 + 1.0, -1.2, 1.0))
    return Plan(speed_mps=speed, accelerate=pulses, road=Road(limit_mps=speed))


SCENARIOS = (
    Scenario(name="lane change", make=lane_change),
    Scenario(name="two lanes", make=two_lanes),
    Scenario(name="unmarked lane change", make=unmarked_lane_change, condition="no lane lines"),
    Scenario(name="drift", make=drift, near_miss_of=("lane_change_left", "lane_change_right")),
    Scenario(
        name="excursion", make=excursion, near_miss_of=("lane_change_left", "lane_change_right")
    ),
    Scenario(name="overtake", make=overtake),
    Scenario(name="pass", make=passing),
    Scenario(name="not past", make=not_past, near_miss_of=("overtake", "pass")),
    Scenario(name="fast lane", make=fast_lane),
)

"""Drives in which the ego brakes, stops, turns and reverses, and near misses of that."""

from sample_data.grid.motion import Pulse, change
from sample_data.grid.plan import Plan, Road
from sample_data.grid.scenarios.dice import Dice, Scenario, bend, traffic

START_S = 12.0
DEG = 0.017453292519943295


def braking(dice: Dice, low_mps2: float, high_mps2: float) -> Plan:
    """Return one brake to a lower speed."""
    speed = dice.speed_mps(50.0)
    decel = -dice.between(low_mps2, high_mps2)
    lost = dice.between(0.4, 0.8) * speed
    start = dice.between(START_S, 30.0)
    back = change(start + 15.0, 1.2, min(lost, 12.0), 1.5)
    return Plan(
        speed_mps=speed,
        accelerate=(change(start, decel, -lost, dice.between(0.5, 1.0)), back),
        wander_m=dice.between(0.0, 0.12),
        actors=traffic(dice, speed),
        road=Road(bends=bend(dice), limit_mps=36.2),
    )


def hard_brake(dice: Dice) -> Plan:
    """Brake with 3.3 to 9 m/s2."""
    return braking(dice, 3.3, 9.0)


def firm_brake(dice: Dice) -> Plan:
    """Brake with 2.2 to 2.75 m/s2: no hard brake."""
    return braking(dice, 2.2, 2.75)


def brake_twice(dice: Dice) -> Plan:
    """Brake hard, let go for 3 to 6 s, brake hard again: two events."""
    speed, start = dice.speed_mps(80.0), dice.between(START_S, 20.0)
    first = change(start, -dice.between(3.6, 6.0), -0.35 * speed)
    second = change(first.stop + dice.between(3.0, 6.0), -dice.between(3.6, 6.0), -0.35 * speed)
    return Plan(speed_mps=speed, accelerate=(first, second), road=Road(bends=bend(dice)))


def brake_jolt(dice: Dice) -> Plan:
    """Touch the brake for a third of a second with 2.6 to 2.8 m/s2: no hard brake."""
    speed = dice.speed_mps(50.0)
    jolt = Pulse(dice.between(START_S, 40.0), 0.35, -dice.between(2.6, 2.8), 0.17)
    return Plan(speed_mps=speed, accelerate=(jolt,), road=Road(bends=bend(dice)))


def full_throttle(dice: Dice) -> Plan:
    """Speed up with 2.7 to 4.5 m/s2."""
    speed = dice.speed_mps(30.0, 60.0)
    go = change(dice.between(START_S, 30.0), dice.between(2.7, 4.5), dice.between(8.0, 15.0), 0.8)
    return Plan(speed_mps=speed, accelerate=(go,), road=Road(limit_mps=13.9))


def _stop(dice: Dice, speed: float, start_s: float, held_s: float) -> tuple[Pulse, ...]:
    down = change(start_s, -dice.between(1.2, 2.4), -speed, 1.2)
    up = change(down.stop + held_s, dice.between(1.0, 2.0), 0.8 * speed, 1.0)
    return down, up


def stop_and_go(dice: Dice) -> Plan:
    """Stop for 3 to 12 s, at a signal or not, and drive off."""
    speed = dice.speed_mps(30.0, 60.0)
    pulses = _stop(dice, speed, dice.between(10.0, 16.0), dice.between(3.0, 12.0))
    place = START_S * speed + 70.0
    road = Road(bends=bend(dice), signals_m=(place,) if dice.side() > 0 else ())
    return Plan(speed_mps=speed, accelerate=pulses, road=road, actors=traffic(dice, speed))


def creeping(dice: Dice) -> Plan:
    """Slow down to a crawl of 0.8 to 1.5 m/s and go on: no standstill."""
    speed, left = dice.speed_mps(30.0, 50.0), dice.between(0.8, 1.5)
    down = change(dice.between(10.0, 16.0), -dice.between(1.2, 2.4), -(speed - left), 1.2)
    up = change(down.stop + dice.between(3.0, 10.0), 1.5, 0.8 * speed, 1.0)
    return Plan(speed_mps=speed, accelerate=(down, up))


def short_halt(dice: Dice) -> Plan:
    """Stop for 0.3 to 0.8 s: no standstill of 2 s."""
    speed = dice.speed_mps(30.0, 50.0)
    start, held = dice.between(10.0, 16.0), dice.between(0.3, 0.8)
    down = change(start, -2.2, -speed, 0.8)
    return Plan(speed_mps=speed, accelerate=(down, change(down.stop + held, 2.0, 8.0, 0.4)))


def _turning(
    dice: Dice, degrees: float, radius_m: float, *, junction: bool, mapped: bool = True
) -> Plan:
    """Return a drive round one corner of a road, at a junction or in a bend."""
    speed = min(dice.between(0.9, 1.1) * (2.2 * radius_m) ** 0.5, 14.0)
    angle = degrees * DEG
    edge_m = 0.35 * angle * radius_m
    corner = Pulse(
        dice.between(100.0, 160.0), angle * radius_m + edge_m, dice.side() / radius_m, edge_m
    )
    places = (corner.start + corner.duration / 2,) if junction else ()
    road = Road(bends=(corner,), lines=False, mapped=mapped, junctions_m=places)
    return Plan(speed_mps=speed, road=road)


def turn(dice: Dice) -> Plan:
    """Turn by 60 to 110 degrees at a junction."""
    return _turning(dice, dice.between(60.0, 110.0), dice.between(9.0, 28.0), junction=True)


def turn_off_the_map(dice: Dice) -> Plan:
    """Turn by 60 to 110 degrees where no map is known."""
    degrees, radius_m = dice.between(60.0, 110.0), dice.between(9.0, 28.0)
    return _turning(dice, degrees, radius_m, junction=False, mapped=False)


def bend_in_the_road(dice: Dice) -> Plan:
    """Follow a bend of 60 to 100 degrees that the map knows as no junction."""
    return _turning(dice, dice.between(60.0, 100.0), dice.between(25.0, 60.0), junction=False)


def slight_turn(dice: Dice) -> Plan:
    """Turn by 22 to 38 degrees at a junction: too little."""
    return _turning(dice, dice.between(22.0, 38.0), dice.between(12.0, 30.0), junction=True)


def u_turn(dice: Dice) -> Plan:
    """Turn round within a circle of 5.5 to 8 m."""
    degrees, radius_m = dice.between(165.0, 185.0), dice.between(5.5, 8.0)
    return _turning(dice, degrees, radius_m, junction=True)


def fast_bend(dice: Dice) -> Plan:
    """Take a bend with 4.6 to 6 m/s2 across."""
    speed = dice.speed_mps(60.0, 100.0)
    curvature = dice.side() * dice.between(4.6, 6.0) / speed**2
    corner = Pulse(12.0 * speed, 5.0 * speed, curvature, 1.5 * speed)
    return Plan(speed_mps=speed, road=Road(bends=(corner,)))


def back_up(dice: Dice) -> Plan:
    """Stop, back up a few metres, go on."""
    pulses = (
        Pulse(8.0, 5.0, -1.25, 1.0),
        Pulse(18.0, 3.0, -dice.between(0.4, 0.8), 1.0),
        Pulse(26.0, 3.0, dice.between(1.2, 1.8), 1.0),
    )
    return Plan(speed_mps=5.0, accelerate=pulses, reverses=True, road=Road(lines=False))


SCENARIOS = (
    Scenario(name="hard brake", make=hard_brake),
    Scenario(name="brake twice", make=brake_twice),
    Scenario(name="firm brake", make=firm_brake, near_miss_of=("hard_brake",)),
    Scenario(name="brake jolt", make=brake_jolt, near_miss_of=("hard_brake",)),
    Scenario(name="full throttle", make=full_throttle),
    Scenario(name="stop and go", make=stop_and_go),
    Scenario(name="creeping", make=creeping, near_miss_of=("standstill",)),
    Scenario(name="short halt", make=short_halt, near_miss_of=("standstill",)),
    Scenario(name="turn", make=turn),
    Scenario(name="turn off the map", make=turn_off_the_map),
    Scenario(name="bend", make=bend_in_the_road, near_miss_of=("turn_left", "turn_right")),
    Scenario(name="slight turn", make=slight_turn, near_miss_of=("turn_left", "turn_right")),
    Scenario(name="u-turn", make=u_turn),
    Scenario(name="fast bend", make=fast_bend),
    Scenario(name="back up", make=back_up),
)

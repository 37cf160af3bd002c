"""Drives with vehicles that cut in and out, brake ahead, come close, cross and oncome."""

from dataclasses import replace

from sample_data.grid.motion import Pulse, change, shift
from sample_data.grid.plan import LENGTH_M, Actor, Plan, Road
from sample_data.grid.scenarios.dice import Dice, Scenario, bend, traffic

LANE_M = 3.5


def _cutting(dice: Dice, gap_m: float, by_m: float, start_m: float) -> Plan:
    """Return a drive in which a vehicle moves sideways by ``by_m`` from ``start_m`` aside."""
    speed, side = dice.speed_mps(50.0), dice.side()
    start, lasts = dice.between(15.0, 28.0), dice.between(2.5, 6.0)
    closing = dice.between(-2.0, 4.0)
    kind = dice.name("car", "car", "truck", "motorcycle")
    middle = start + lasts / 2
    # It goes on at the ego's speed, so that nobody is run over in the rest of the drive.
    settle = (change(middle, 2.0 if closing > 0 else -2.0, closing),) if closing else ()
    cutter = Actor(
        name="cutter",
        kind=kind,
        at_s=middle,
        gap_m=gap_m,
        speed_mps=max(speed - closing, 3.0),
        offset_m=side * start_m,
        sideways=(shift(start, lasts, -side * by_m),),
        accelerate=settle,
        wander_m=dice.between(0.0, 0.12),
        wander_s=dice.between(8.0, 14.0),
    )
    far = traffic(dice, speed, lanes=(2 * side, -2 * side))
    return Plan(speed_mps=speed, actors=(cutter, *far), road=Road(bends=bend(dice)), wander_m=0.08)


def cut_in(dice: Dice) -> Plan:
    """A vehicle comes in from the next lane at 0.4 to 1.8 s of headway."""
    gap = dice.between(12.0, 45.0)
    return _cutting(dice, gap, LANE_M, LANE_M)


def crowded_cut_in(dice: Dice) -> Plan:
    """As cut-in, behind a lead and with vehicles beside; who is who must be kept apart."""
    plan = _cutting(dice, dice.between(10.0, 16.0), LANE_M, LANE_M)
    cutter = plan.actors[0]
    around = [
        Actor(name="lead", gap_m=dice.between(45.0, 60.0), speed_mps=plan.speed_mps),
        *(
            replace(cutter, name=f"beside {n}", gap_m=gap, sideways=(), kind="car")
            for n, gap in enumerate((-22.0, 38.0, 52.0))
        ),
    ]
    return replace(plan, actors=(*plan.actors, *around))


def far_cut_in(dice: Dice) -> Plan:
    """A vehicle changes into the ego's lane further ahead than 4 s and 20 m: no cut-in."""
    plan = _cutting(dice, 0.0, LANE_M, LANE_M)
    speed = dice.speed_mps(50.0, 60.0)
    cutter = replace(plan.actors[0], gap_m=dice.between(4.8, 5.5) * speed, speed_mps=speed)
    return Plan(speed_mps=speed, actors=(replace(cutter, accelerate=()),), road=plan.road)


def nudge(dice: Dice) -> Plan:
    """A vehicle beside comes up to the line, even over it by less than 0.2 m, and stays out."""
    return _cutting(dice, dice.between(10.0, 30.0), dice.between(0.4, 0.7), LANE_M)


def aborted_cut_in(dice: Dice) -> Plan:
    """A vehicle leans over the line by up to 0.6 m with its edge and goes back within 3 s."""
    plan = _cutting(dice, dice.between(12.0, 30.0), 1.3, LANE_M)
    cutter = plan.actors[0]
    there = cutter.sideways[0]
    # A car has 0.85 m to the line; its centre stays in its own lane.
    back = shift(there.stop + dice.between(0.0, 0.5), 2.5, -there.area)
    cutter = replace(cutter, kind="car", sideways=(there, back))
    return replace(plan, actors=(cutter, *plan.actors[1:]))


def braking_cut_in(dice: Dice) -> Plan:
    """A vehicle comes in while the ego brakes for it."""
    plan = _cutting(dice, dice.between(14.0, 25.0), LANE_M, LANE_M)
    moves = plan.actors[0].sideways[0]
    brake = change(moves.start + 0.5, -dice.between(1.5, 4.5), -0.25 * plan.speed_mps, 0.8)
    return replace(plan, accelerate=(brake,))


def behind_change(dice: Dice) -> Plan:
    """A vehicle changes into the ego's lane behind it: no cut-in."""
    return _cutting(dice, -dice.between(12.0, 25.0), LANE_M, LANE_M)


def cut_out(dice: Dice) -> Plan:
    """The lead leaves to the next lane; mostly another vehicle is ahead of it."""
    speed, side = dice.speed_mps(50.0), dice.side()
    gap = dice.between(15.0, 40.0)
    start = dice.between(15.0, 30.0)
    lead = Actor(
        name="lead",
        kind=dice.name("car", "truck"),
        gap_m=gap,
        speed_mps=speed,
        sideways=(shift(start, dice.between(2.5, 6.0), side * LANE_M),),
        wander_m=dice.between(0.0, 0.12),
    )
    next_one = Actor(name="next", gap_m=gap + dice.between(25.0, 50.0), speed_mps=speed)
    far = traffic(dice, speed, lanes=(-2 * side,))
    return Plan(speed_mps=speed, actors=(lead, next_one, *far), road=Road(bends=bend(dice)))


def tailgating(dice: Dice) -> Plan:
    """Follow at 0.5 to 0.85 s for a while, then fall back."""
    return _following(dice, dice.between(0.5, 0.85))


def following(dice: Dice) -> Plan:
    """Follow at 1.35 to 2.5 s: not close."""
    return _following(dice, dice.between(1.35, 2.5))


def _following(dice: Dice, headway_s: float) -> Plan:
    speed = dice.speed_mps(50.0)
    late = headway_s + 0.8
    lead = Actor(name="lead", kind=dice.name("car", "truck"), gap_m=late * speed, speed_mps=speed)
    near = 0.8 * speed
    pulses = (
        *_approach(8.0, near),
        *_approach(34.0, -near),
    )
    return Plan(
        speed_mps=speed, accelerate=pulses, actors=(lead, *traffic(dice, speed)),
        road=Road(bends=bend(dice)),
    )  # fmt: skip


def _approach(start_s: float, way_m: float) -> tuple[Pulse, Pulse]:
    """Return a gain and a loss of speed, 7 s apart, between which the ego wins ``way_m``."""
    gain = Pulse(start_s, 4.0, way_m / 17.5, 1.5)
    return gain, Pulse(start_s + 7.0, 4.0, -gain.amount, 1.5)


def lead_brake(dice: Dice) -> Plan:
    """The lead brakes with 2.4 to 6 m/s2, and so does the ego a second later."""
    return _lead_braking(dice, dice.between(2.4, 6.0))


def lead_slows(dice: Dice) -> Plan:
    """The lead brakes with 1.1 to 1.7 m/s2: no hard reaction of it."""
    return _lead_braking(dice, dice.between(1.1, 1.7))


def _lead_braking(dice: Dice, decel_mps2: float) -> Plan:
    speed, start = dice.speed_mps(50.0), dice.between(14.0, 30.0)
    lost = 0.5 * speed
    lead = Actor(
        name="lead",
        gap_m=dice.between(1.5, 2.4) * speed,
        speed_mps=speed,
        accelerate=(change(start, -decel_mps2, -lost),),
    )
    own = change(start + 1.0, -decel_mps2, -lost)
    return Plan(
        speed_mps=speed, accelerate=(own,), actors=(lead, *traffic(dice, speed)),
        road=Road(bends=bend(dice)),
    )  # fmt: skip


def near_collision(dice: Dice) -> Plan:
    """Close in on a slow vehicle and brake at 1 s to collision."""
    return _closing_in(dice, dice.between(0.7, 1.1))


def late_brake(dice: Dice) -> Plan:
    """Close in on a slow vehicle and brake at 3 s to collision."""
    return _closing_in(dice, dice.between(2.8, 3.5))


def _closing_in(dice: Dice, ttc_s: float) -> Plan:
    speed, closing = dice.speed_mps(50.0, 100.0), dice.between(5.0, 8.0)
    start = dice.between(14.0, 20.0)
    # With 8 m/s2 the closing speed is gone within 0.5 v2/8 m, less than is left.
    brake = change(start, -8.0, -closing, 0.3)
    slow = Actor(
        name="slow",
        kind=dice.name("car", "truck"),
        at_s=start,
        gap_m=max(ttc_s * closing, closing**2 / 16 + 0.3 * closing + 0.5),
        speed_mps=speed - closing,
    )
    return Plan(speed_mps=speed, accelerate=(brake,), actors=(slow,))


def oncoming(dice: Dice) -> Plan:
    """Meet a vehicle at 0.5 to 1.2 m of clearance."""
    return _meeting(dice, dice.between(0.5, 1.2))


def oncoming_far(dice: Dice) -> Plan:
    """Meet a vehicle at 1.8 to 2.5 m of clearance."""
    return _meeting(dice, dice.between(1.8, 2.5))


def _meeting(dice: Dice, clearance_m: float) -> Plan:
    # Faster, the two are beside each other for hardly 0.2 s, and nobody can tell.
    speed = dice.speed_mps(30.0, 60.0)
    other = Actor(
        name="oncoming",
        at_s=dice.between(15.0, 40.0),
        speed_mps=speed,
        direction=-1,
        offset_m=0.9 + 0.925 + clearance_m,
    )
    return Plan(speed_mps=speed, actors=(other,), road=Road(lines=dice.side() > 0))


def crossing(dice: Dice) -> Plan:
    """A vehicle crosses 3 to 8 m ahead of the ego, which waits or creeps."""
    return _crossing(dice, dice.between(3.5, 8.0))


def far_crossing(dice: Dice) -> Plan:
    """A vehicle crosses 13 to 25 m ahead."""
    return _crossing(dice, dice.between(14.0, 25.0))


def _crossing(dice: Dice, ahead_m: float) -> Plan:
    """Return a drive in which the middle of a vehicle crosses so far ahead of the bumper."""
    speed, side, kind = dice.between(8.0, 12.0), dice.side(), dice.name("car", "truck")
    down = change(8.0, -2.0, -speed, 1.0)
    at_s = down.stop + dice.between(4.0, 10.0)
    rate = dice.between(6.0, 12.0)
    car = Actor(
        name="crossing",
        kind=kind,
        at_s=at_s,
        gap_m=ahead_m - LENGTH_M[kind] / 2,
        offset_m=side * 35.0,
        sideways=(Pulse(at_s - 35.0 / rate, 70.0 / rate, -side * rate, 0.2),),
        seen_s=(at_s - 40.0 / rate, at_s + 40.0 / rate),
    )
    return Plan(
        speed_mps=speed,
        accelerate=(down, change(at_s + 6.0, 1.5, speed, 1.0)),
        actors=(car,),
        road=Road(lines=False, junctions_m=(down.start * speed + 40.0,)),
    )


def jam(dice: Dice) -> Plan:
    """Drive among ten vehicles within 50 m."""
    speed = dice.speed_mps(50.0, 80.0)
    around = [
        Actor(name=f"jam {lane} {n}", gap_m=gap, speed_mps=speed, offset_m=LANE_M * lane)
        for lane in (-1, 0, 1)
        for n, gap in enumerate((-27.0, -13.0, 12.0, 26.0))
        if lane or n > 1
    ]
    return Plan(speed_mps=speed, actors=tuple(around))


SCENARIOS = (
    Scenario(name="cut-in", make=cut_in),
    Scenario(name="crowded cut-in", make=crowded_cut_in),
    Scenario(name="braking cut-in", make=braking_cut_in),
    Scenario(name="aborted cut-in", make=aborted_cut_in, near_miss_of=("cut_in",)),
    Scenario(name="far cut-in", make=far_cut_in, near_miss_of=("cut_in",)),
    Scenario(name="nudge", make=nudge, near_miss_of=("cut_in", "cut_out")),
    Scenario(name="change behind", make=behind_change, near_miss_of=("cut_in",)),
    Scenario(name="cut-out", make=cut_out),
    Scenario(name="tailgating", make=tailgating),
    Scenario(name="following", make=following, near_miss_of=("close_following",)),
    Scenario(name="lead brake", make=lead_brake),
    Scenario(name="lead slows", make=lead_slows, near_miss_of=("lead_brake",)),
    Scenario(name="near collision", make=near_collision),
    Scenario(name="late brake", make=late_brake, near_miss_of=("near_collision",)),
    Scenario(name="oncoming", make=oncoming),
    Scenario(name="oncoming far", make=oncoming_far, near_miss_of=("oncoming_close",)),
    Scenario(name="crossing", make=crossing),
    Scenario(name="far crossing", make=far_crossing, near_miss_of=("crossing_vehicle",)),
    Scenario(name="jam", make=jam),
)

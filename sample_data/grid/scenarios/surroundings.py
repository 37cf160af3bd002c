"""Drives through weather, light and places, and with sensors that fail."""

from sample_data.grid.motion import Pulse, change
from sample_data.grid.plan import Actor, Faults, Plan, Road, Sky
from sample_data.grid.scenarios.dice import Dice, Scenario, bend, traffic

LONG_S = 600.0


def _cruise(dice: Dice, *, sky: Sky, duration_s: float = LONG_S) -> Plan:
    return Plan(duration_s=duration_s, speed_mps=dice.speed_mps(50.0, 80.0), sky=sky)


def rain(dice: Dice) -> Plan:
    """Drive into a shower of 0.3 to 20 mm/h for 3 to 6 minutes."""
    start, lasts = dice.between(100.0, 180.0), dice.between(180.0, 340.0)
    shower = Pulse(start, lasts, dice.pick(0.3, 1.0, 4.0, 12.0, 20.0), 20.0)
    known = dice.pick(0.0, 1.0, 2.0)
    sky = Sky(rain_mmph=(shower,), weather_known=known != 1.0, rain_sensor=known != 2.0)  # noqa: PLR2004 - which source is missing
    return _cruise(dice, sky=sky)


def screen_wash(dice: Dice) -> Plan:
    """Wash a dry screen twice: no rain."""
    return _cruise(dice, sky=Sky(washes_s=(dice.between(40.0, 200.0), dice.between(300.0, 500.0))))


def drizzle(dice: Dice) -> Plan:
    """Drive through 0.02 to 0.07 mm/h: not yet rain."""
    mist = Pulse(60.0, 400.0, dice.between(0.02, 0.07), 30.0)
    return _cruise(dice, sky=Sky(rain_mmph=(mist,)))


def snow(dice: Dice) -> Plan:
    """Drive in snow; its water is no rain."""
    flakes = Pulse(-100.0, 900.0, dice.between(0.3, 2.0), 10.0)
    return _cruise(dice, sky=Sky(snow=True, rain_mmph=(flakes,), rain_sensor=False))


def fog(dice: Dice) -> Plan:
    """Drive into fog of 100 to 600 m."""
    seen = dice.between(100.0, 600.0)
    bank = Pulse(dice.between(100.0, 200.0), 250.0, 1.0 - seen / 20_000.0, 20.0)
    return _cruise(dice, sky=Sky(fog=(bank,)))


def mist(dice: Dice) -> Plan:
    """Drive through mist of 1.2 to 3 km: no fog."""
    seen = dice.between(1200.0, 3000.0)
    bank = Pulse(dice.between(100.0, 200.0), 250.0, 1.0 - seen / 20_000.0, 20.0)
    return _cruise(dice, sky=Sky(fog=(bank,)))


def snowstorm(dice: Dice) -> Plan:
    """Drive in snow that hides what is 300 to 900 m away: no fog."""
    flakes = Pulse(-100.0, 900.0, dice.between(2.0, 8.0), 10.0)
    seen = dice.between(300.0, 900.0)
    sky = Sky(snow=True, rain_mmph=(flakes,), rain_sensor=False, visibility_m=seen)
    return _cruise(dice, sky=sky)


def dusk(dice: Dice) -> Plan:
    """Drive while night falls, in fast motion or at the real pace."""
    start = dice.between(-5.0, 0.5)
    fall = dice.pick(2.0, 2.0, 7.0)
    return _cruise(dice, sky=Sky(sun_deg=(start, start - fall)))


def dawn(dice: Dice) -> Plan:
    """Drive while the day breaks."""
    start = dice.between(-8.0, -3.0)
    return _cruise(dice, sky=Sky(sun_deg=(start, start + dice.pick(2.0, 6.0))))


def low_sun(dice: Dice) -> Plan:
    """Drive towards a low sun, or with the sun well aside."""
    aside = dice.side() * dice.pick(0.0, 0.0, 50.0) + dice.between(-15.0, 15.0)
    sky = Sky(sun_deg=(dice.between(5.0, 9.0),) * 2, sun_azimuth_deg=90.0 + aside)
    speed = dice.speed_mps(50.0, 100.0)
    return Plan(speed_mps=speed, sky=sky, road=Road(bends=bend(dice)))


def no_glare(dice: Dice) -> Plan:
    """Drive towards a sun that clouds cover or that stands too high or too low."""
    elevation, okta = dice.pick(7.0, 17.0, 25.0, -0.5), 2.0
    if elevation == 7.0:  # noqa: PLR2004 - the first of the picks
        okta = dice.pick(5.0, 7.0, 8.0)
    aside = dice.between(-20.0, 20.0)
    sky = Sky(sun_deg=(elevation,) * 2, sun_azimuth_deg=90.0 + aside, cloud_okta=okta)
    return Plan(speed_mps=dice.speed_mps(50.0, 100.0), sky=sky)


def sun_and_tunnel(dice: Dice) -> Plan:
    """Drive towards a low sun and through a tunnel, where it does not shine."""
    sky = Sky(sun_deg=(6.0, 6.0), sun_azimuth_deg=90.0 + dice.between(-15.0, 15.0))
    first = dice.between(300.0, 400.0)
    road = Road(tunnels_m=((first, first + dice.between(200.0, 300.0)),))
    return Plan(speed_mps=dice.speed_mps(80.0, 100.0), sky=sky, road=road)


def places(dice: Dice) -> Plan:
    """Drive past a junction, over a bridge, through a tunnel, past a school."""
    road = Road(
        junctions_m=(dice.between(150.0, 200.0),),
        crossings_m=(dice.between(350.0, 400.0),),
        bridges_m=((500.0, 500.0 + dice.between(30.0, 90.0)),),
        tunnels_m=((700.0, 700.0 + dice.between(40.0, 200.0)),),
        rails_m=(1100.0,),
        schools_m=((1200.0, 1400.0),),
        limit_mps=16.7,
    )
    return Plan(duration_s=120.0, speed_mps=dice.speed_mps(50.0, 60.0), road=road)


def _cones(dice: Dice, count: int, apart_m: float) -> Plan:
    side, first = dice.side(), dice.between(150.0, 250.0)
    aside = side * dice.between(2.2, 2.8)
    cones = tuple(
        Actor(name=f"cone {number}", kind="cone", gap_m=first + number * apart_m, offset_m=aside)
        for number in range(count)
    )
    return Plan(speed_mps=dice.speed_mps(30.0, 60.0), actors=cones)


def road_works(dice: Dice) -> Plan:
    """Pass 6 to 12 cones that stand 6 to 12 m apart beside the lane."""
    return _cones(dice, round(dice.between(6.0, 12.0)), dice.between(6.0, 12.0))


def few_cones(dice: Dice) -> Plan:
    """Pass two cones: no road works."""
    return _cones(dice, 2, dice.between(6.0, 12.0))


def roundabout(dice: Dice) -> Plan:
    """Go round three quarters of a roundabout."""
    radius = dice.between(12.0, 20.0)
    length = 4.7 * radius
    bends = (
        Pulse(146.0, 8.0, -1.0 / radius, 2.0),
        Pulse(154.0, length, 1.0 / radius, 4.0),
        Pulse(154.0 + length, 8.0, -1.0 / radius, 2.0),
    )
    road = Road(bends=bends, lines=False, roundabouts_m=((154.0, 154.0 + length),))
    return Plan(speed_mps=dice.between(5.0, 6.5), road=road, duration_s=60.0)


def red_light(dice: Dice) -> Plan:
    """Stop 5 to 30 m before a signal."""
    speed = dice.speed_mps(30.0, 60.0)
    down = change(12.0, -2.0, -speed, 1.0)
    stop_m = 12.0 * speed + 0.5 * speed * down.duration
    road = Road(signals_m=(stop_m + dice.between(5.0, 30.0),), junctions_m=(stop_m + 20.0,))
    pulses = (down, change(down.stop + dice.between(8.0, 20.0), 1.5, speed, 1.0))
    return Plan(speed_mps=speed, accelerate=pulses, road=road)


def _faulty(dice: Dice, faults: Faults) -> Plan:
    speed = dice.speed_mps(50.0, 100.0)
    return Plan(speed_mps=speed, faults=faults, actors=traffic(dice, speed))


def silent_sensor(dice: Dice) -> Plan:
    """A sensor is silent for 0.6 to 8 s."""
    start = dice.between(10.0, 35.0)
    stream = dice.name("/camera/front", "/lidar/top", "/imu/data", "/objects")
    return _faulty(dice, Faults(silent=((stream, start, start + dice.between(0.6, 8.0)),)))


def stuttering_sensor(dice: Dice) -> Plan:
    """A sensor delivers one message a second for 5 to 15 s: one dropout, not many."""
    start = dice.between(10.0, 35.0)
    stream = dice.name("/camera/front", "/lidar/top", "/imu/data")
    return _faulty(dice, Faults(stutters=((stream, start, start + round(dice.between(5, 15))),)))


def missed_messages(dice: Dice) -> Plan:
    """A sensor misses one or two messages: less than three periods."""
    start = dice.between(10.0, 35.0)
    stream, gap = dice.pick(0.0, 1.0), dice.between(0.05, 0.09)
    name = "/camera/front" if stream else "/imu/data"
    return _faulty(dice, Faults(silent=((name, start, start + gap),)))


def quiet_command(dice: Dice) -> Plan:
    """A command topic is silent for a while, as nobody commands: no sensor fails."""
    start = dice.between(10.0, 35.0)
    return _faulty(dice, Faults(silent=(("/vehicle/steering_cmd", start, start + 6.0),)))


def no_fix(dice: Dice) -> Plan:
    """The receiver loses its fix, or its accuracy, for 3 to 15 s."""
    start = dice.between(10.0, 35.0)
    span = ((start, start + dice.between(3.0, 15.0)),)
    poor = dice.side() > 0
    return _faulty(dice, Faults(poor_fix_s=span if poor else (), no_fix_s=() if poor else span))


def silent_receiver(dice: Dice) -> Plan:
    """The receiver says nothing for 3 to 10 s."""
    start = dice.between(10.0, 35.0)
    return _faulty(dice, Faults(silent=(("/gnss/fix", start, start + dice.between(3.0, 10.0)),)))


def short_silence(dice: Dice) -> Plan:
    """The receiver says nothing for 1 to 1.7 s: no outage."""
    start = dice.between(10.0, 35.0)
    return _faulty(dice, Faults(silent=(("/gnss/fix", start, start + dice.between(1.0, 1.7)),)))


def frozen_sensor(dice: Dice) -> Plan:
    """The camera repeats one picture for 1 to 4 s."""
    start = dice.between(10.0, 35.0)
    return _faulty(dice, Faults(frozen=(("/camera/front", start, start + dice.between(1, 4)),)))


def clock_step(dice: Dice) -> Plan:
    """The lidar's clock steps by 50 to 150 ms."""
    step = dice.side() * dice.between(0.05, 0.15)
    return _faulty(dice, Faults(clock_steps=(("/lidar/top", dice.between(15.0, 40.0), step),)))


SCENARIOS = (
    Scenario(name="rain", make=rain),
    Scenario(name="screen wash", make=screen_wash, near_miss_of=("rain",)),
    Scenario(name="drizzle", make=drizzle, near_miss_of=("rain",)),
    Scenario(name="snow", make=snow, near_miss_of=("rain",)),
    Scenario(name="snowstorm", make=snowstorm, near_miss_of=("fog", "rain")),
    Scenario(name="fog", make=fog),
    Scenario(name="mist", make=mist, near_miss_of=("fog",)),
    Scenario(name="dusk", make=dusk),
    Scenario(name="dawn", make=dawn),
    Scenario(name="low sun", make=low_sun),
    Scenario(name="no glare", make=no_glare, near_miss_of=("low_sun_glare",)),
    Scenario(name="sun and tunnel", make=sun_and_tunnel),
    Scenario(name="places", make=places),
    Scenario(name="roundabout", make=roundabout),
    Scenario(name="road works", make=road_works),
    Scenario(name="few cones", make=few_cones, near_miss_of=("construction",)),
    Scenario(name="red light", make=red_light),
    Scenario(name="silent sensor", make=silent_sensor),
    Scenario(name="stuttering sensor", make=stuttering_sensor),
    Scenario(name="missed messages", make=missed_messages, near_miss_of=("sensor_dropout",)),
    Scenario(name="quiet command", make=quiet_command, near_miss_of=("sensor_dropout",)),
    Scenario(name="no fix", make=no_fix),
    Scenario(name="silent receiver", make=silent_receiver),
    Scenario(name="short silence", make=short_silence, near_miss_of=("gnss_outage",)),
    Scenario(name="frozen sensor", make=frozen_sensor),
    Scenario(name="clock step", make=clock_step),
)

"""What the test driver noted down during the drive."""

from datetime import UTC, datetime

from sample_data.noise import generator
from sample_data.sun import NS_PER_S
from sample_data.world import World

_REMARKS = (
    ("other:cut_in", 0.8, "blue car squeezed in from the right, bit tight"),
    ("hard_brake", 1.0, "had to brake firmly for the car in front"),
    ("brake_for_pedestrian", 0.9, "person walked over the road, waited for them"),
    ("tunnel", 0.7, "position jumps about in the underpass"),
)


def driver_notes(world: World) -> dict[str, object]:
    """Return the notes; a remark comes some seconds after what it is about, on a whole second."""
    rng = generator(world.seed, "driver notes")
    remarks: list[tuple[float, str]] = []
    for label, part, text in _REMARKS:
        for beat in world.plan.named(label):
            late_s = rng.uniform(2.0, 5.0)
            remarks.append((beat.start_s + part * beat.duration_s + late_s, text))
    remarks.append((world.rain_from_s + rng.uniform(3.0, 8.0), "getting wet, wipers on"))
    return {
        "driver_id": f"D{int(rng.integers(100, 1000))}",
        "route": "Ringgade loop",
        "weather": "overcast, dusk, wet later",
        "remarks": [
            {"t": _stamp(world, t_s), "text": text}
            for t_s, text in sorted(remarks)
            if t_s < world.duration_s
        ],
    }


def _stamp(world: World, t_s: float) -> str:
    moment = datetime.fromtimestamp(world.start_ns // NS_PER_S + int(t_s), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

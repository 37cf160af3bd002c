import json

import pytest

from avdataops.model.time import parse_time
from sample_data.notes import driver_notes
from sample_data.world import World, build_world


def test_remarks_follow_what_they_are_about_by_seconds(world: World) -> None:
    remarks = driver_notes(world)["remarks"]
    assert isinstance(remarks, list)
    times = [parse_time(remark["t"]) for remark in remarks]
    assert times == sorted(times)
    assert len(times) == 5
    brake = world.plan.named("hard_brake")[0]
    noted = next(parse_time(r["t"]) for r in remarks if "brake firmly" in r["text"])
    late_s = (noted - world.start_ns) / 1e9 - brake.end_s
    assert 0.9 < late_s < 5.1


@pytest.mark.parametrize("duration_s", [20.0, 60.0, 400.0])
def test_remarks_lie_within_the_drive(duration_s: float) -> None:
    world = build_world(7, duration_s)
    for remark in json.loads(json.dumps(driver_notes(world)))["remarks"]:
        assert 0.0 <= (parse_time(remark["t"]) - world.start_ns) / 1e9 < duration_s


def test_notes_name_driver_route_and_weather(world: World) -> None:
    notes = driver_notes(world)
    assert set(notes) == {"driver_id", "route", "weather", "remarks"}
    assert driver_notes(world) == notes

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from sample_data.weather import isd_text
from sample_data.world import World, build_world


def lines(world: World) -> list[str]:
    return isd_text(world).splitlines()


def moment(line: str) -> float:
    return datetime.strptime(line[15:27], "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("duration_s", [20.0, 180.0, 4000.0])
def test_observations_every_20_minutes_span_the_drive(duration_s: float) -> None:
    world = build_world(7, duration_s)
    times = [moment(line) for line in lines(world)]
    assert {b - a for a, b in pairwise(times)} == {1200.0}
    assert times[0] <= world.start_ns / 1e9 - 3600.0
    assert times[-1] >= world.start_ns / 1e9 + duration_s + 3600.0


def test_fields_are_at_their_fixed_positions(world: World) -> None:
    for line in lines(world):
        assert int(line[0:4]) == len(line) - 105
        assert line[4:15].isdigit()
        assert float(line[28:34]) / 1000.0 == pytest.approx(56.139, abs=0.001)
        assert float(line[34:41]) / 1000.0 == pytest.approx(10.256, abs=0.001)
        assert line[41:46] in ("FM-15", "FM-16")
        assert line[46:51] == "+0025"
        assert line[56:60] == "V020"
        assert 0 <= int(line[60:63]) <= 360
        assert int(line[65:69]) / 10.0 == 6.1
        assert 0 <= int(line[78:84]) <= 160000
        assert -30.0 < int(line[87:92]) / 10.0 < 40.0
        assert int(line[93:98]) < int(line[87:92])
        assert 9500 < int(line[99:104]) < 10500
        assert line[105:108] == "ADD"


def test_every_value_carries_a_good_quality_code(world: World) -> None:
    for line in lines(world):
        assert {line[p] for p in (63, 69, 75, 84, 86, 92, 98, 104)} == {"1"}


def test_it_rains_at_the_station_from_the_first_report_after_the_onset(world: World) -> None:
    onset_s = world.start_ns / 1e9 + world.rain_from_s
    for line in lines(world):
        wet = moment(line) >= onset_s
        group = line[line.index("AA1") :]
        assert group[3:5] == "01"
        assert (int(group[5:9]) > 0) == wet
        assert ("MW1611" in line) == wet


def test_the_first_wet_report_is_a_special_one_within_a_minute(world: World) -> None:
    special = [line for line in lines(world) if line[41:46] == "FM-16"]
    assert len(special) == 1
    assert 0.0 <= moment(special[0]) - world.start_ns / 1e9 - world.rain_from_s < 60.0


def test_rain_adds_up_over_the_hour(world: World) -> None:
    wet = [line for line in lines(world) if "MW1611" in line]
    depths = [int(line[line.index("AA1") + 5 : line.index("AA1") + 9]) for line in wet]
    assert depths == sorted(depths)
    assert depths[-1] == 24


def test_a_real_file_has_the_same_layout(real_data: Path, world: World) -> None:
    real = (real_data / "weather" / "isd_726430-14920-2015").read_text().splitlines()[0]
    ours = lines(world)[0]
    assert int(real[0:4]) == len(real) - 105
    for start, stop in ((4, 27), (60, 63), (65, 69), (70, 75), (78, 84), (99, 104)):
        assert real[start:stop].isdigit(), (start, stop)
        assert ours[start:stop].isdigit(), (start, stop)
    for sign in (28, 34, 46, 87, 93):
        assert real[sign] in "+-"
        assert ours[sign] in "+-"

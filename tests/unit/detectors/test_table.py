"""The table of detectors: names, types and near misses."""

import pytest

from avdataops.detectors import DETECTORS, detector
from avdataops.model.errors import ConfigError


def test_names_and_types_are_told_once() -> None:
    names = [one.name for one in DETECTORS]
    types = [name for one in DETECTORS for name in one.types]
    assert len(set(names)) == len(names)
    assert len(set(types)) == len(types)


def test_the_promised_scene_types_are_there() -> None:
    types = {name for one in DETECTORS for name in one.types}
    assert types >= {
        "hard_brake",
        "standstill",
        "turn_left",
        "turn_right",
        "lane_change_left",
        "lane_change_right",
        "cut_in",
        "vru_crossing",
        "night",
        "twilight",
        "rain",
        "gnss_outage",
        "sensor_dropout",
    }


def test_a_detector_is_found_by_name() -> None:
    assert [detector(one.name) for one in DETECTORS] == list(DETECTORS)


def test_a_wrong_name_gives_the_near_miss() -> None:
    with pytest.raises(ConfigError, match="no detector 'hard_break'; did you mean 'hard_brake'"):
        detector("hard_break")

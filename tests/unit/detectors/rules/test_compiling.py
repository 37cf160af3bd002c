"""Rules as detectors: scenes, evidence, unknown stretches, order."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avdataops.detectors import DETECTORS, scene_types
from avdataops.detectors.rules import rule_detectors
from avdataops.model.errors import ConfigError
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.testing.detector_suite import DetectorSuite
from avdataops.testing.drives import (
    at,
    bump,
    busy_drive,
    clock,
    cruise,
    drive,
    seconds,
    unknown_within,
    without_column,
    without_rows,
)

EXAMPLE = Path(__file__).parents[4] / "docs" / "examples" / "fast_wet_corner.yaml"
TYPES = ("rain", "turn_left")


def rule(**lines: str) -> Detector:
    facts = {"scene": "quick", "doc": "Quick.", "when": "ego_speed_mps >= 20", **lines}
    text = "".join(f"{key}: {value}\n" for key, value in facts.items())
    (made,) = rule_detectors({"quick.yaml": text}, TYPES)
    return made


def speeds(*stretches: tuple[float, float, float], duration_s: float = 30.0) -> Drive:
    """Return a drive at 15 m/s, and at other speeds in stretches of (start, duration, speed)."""
    columns = cruise(duration_s)
    t_s = clock(duration_s)
    for start_s, length_s, speed in stretches:
        inside = (t_s >= start_s) & (t_s < start_s + length_s)
        columns["ego_speed_mps"] = np.where(inside, speed, columns["ego_speed_mps"])
    return drive(columns)


def look(detector: Detector, given: Drive) -> Detection:
    return detector.find(given, detector.params())


def spans(found: tuple[Found, ...]) -> list[tuple[float, float]]:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in found]


def gaps(unknown: tuple[Unknown, ...]) -> list[tuple[float, float, str]]:
    return [
        (round(seconds(one.start_ns), 2), round(seconds(one.stop_ns), 2), one.reason)
        for one in unknown
    ]


def with_scenes(given: Drive, **scenes: Detection) -> Drive:
    return replace(given, scenes=scenes)


def rain(start_s: float, stop_s: float, confidence: float = 1.0) -> Found:
    return Found(
        type="rain",
        start_ns=at(start_s),
        stop_ns=at(stop_s),
        confidence=confidence,
        evidence={},
    )


def test_a_scene_lasts_while_the_condition_holds() -> None:
    found = look(rule(), speeds((5.0, 4.0, 25.0)))
    assert spans(found.found) == [(5.0, 9.0)]
    assert found.unknown == ()
    (scene,) = found.found
    assert (scene.type, scene.truncated, scene.confidence) == ("quick", False, 1.0)


def test_once_begun_it_goes_on_while_the_weaker_condition_holds() -> None:
    given = speeds((3.0, 2.0, 17.0), (5.0, 4.0, 25.0), (9.0, 3.0, 17.0))
    weaker = {"while": "ego_speed_mps >= 16"}
    assert spans(look(rule(**weaker), given).found) == [(5.0, 12.0)]
    assert spans(look(rule(), given).found) == [(5.0, 9.0)]


def test_short_ones_are_left_out_and_close_ones_joined() -> None:
    given = speeds((5.0, 0.4, 25.0), (6.0, 2.0, 25.0))
    assert spans(look(rule(min_duration="1 s"), given).found) == [(6.0, 8.0)]
    assert spans(look(rule(merge="1 s"), given).found) == [(5.0, 8.0)]
    assert spans(look(rule(merge="500 ms"), given).found) == [(5.0, 5.4), (6.0, 8.0)]


def test_a_gap_cuts_a_scene_and_is_unknown() -> None:
    found = look(rule(), without_rows(speeds((5.0, 10.0, 25.0)), 8.0, 10.0))
    assert spans(found.found) == [(5.0, 7.98), (10.0, 15.0)]
    assert [one.truncated for one in found.found] == [True, True]
    assert gaps(found.unknown) == [(7.98, 10.0, "gap in ego_speed_mps")]


def test_what_a_gap_cut_too_short_is_unknown() -> None:
    found = look(rule(min_duration="3 s"), without_rows(speeds((5.0, 3.5, 25.0)), 7.0, 20.0))
    assert found.found == ()
    assert gaps(found.unknown) == [
        (5.0, 6.98, "cut by a gap before it lasted"),
        (6.98, 20.0, "gap in ego_speed_mps"),
    ]


def test_an_input_that_the_drive_lacks_makes_all_unknown() -> None:
    given = without_column(speeds((5.0, 4.0, 25.0)), "ego_speed_mps")
    found = look(rule(), given)
    assert found.found == ()
    assert gaps(found.unknown) == [(0.0, 30.0, "no ego_speed_mps")]


def test_an_unknown_input_that_changes_nothing_is_no_caveat() -> None:
    """False and unknown is false: nothing can have happened."""
    found = look(rule(when="ego_speed_mps >= 20 and tunnel"), speeds((5.0, 4.0, 25.0)))
    assert found.found == ()
    assert gaps(found.unknown) == [(4.98, 9.0, "no tunnel")]


def test_after_a_begun_scene_an_unknown_end_is_unknown() -> None:
    """Before the scene the weaker condition does not matter, after its begin it does."""
    given = unknown_within(speeds((5.0, 2.0, 25.0)), "accel_x_mps2", 3.0, 12.0)
    keep = {"while": "accel_x_mps2 > -1 and ego_speed_mps > 10"}
    found = look(rule(**keep), given)
    assert spans(found.found) == [(5.0, 6.98)]
    assert found.found[0].truncated
    assert gaps(found.unknown) == [(6.98, 12.0, "gap in accel_x_mps2")]


def test_a_scene_must_overlap_the_types_that_it_names() -> None:
    made = rule(overlaps="[rain]")
    given = speeds((5.0, 4.0, 25.0), (15.0, 4.0, 25.0), (24.0, 2.0, 25.0))
    wet = Detection(
        (rain(8.0, 10.0, 0.6),),
        (Unknown(start_ns=at(25.0), stop_ns=at(28.0), reason="no rain"),),
    )
    found = look(made, with_scenes(given, rain=wet))
    assert spans(found.found) == [(5.0, 9.0)]
    assert found.found[0].confidence == 0.6
    assert gaps(found.unknown) == [(24.0, 26.0, "no telling of rain")]
    assert [one[2] for one in gaps(look(made, given).unknown)] == ["no telling of rain"] * 3


def test_evidence_is_what_the_rule_asks_for() -> None:
    evidence = (
        "{max_ego_speed_mps: max(ego_speed_mps), mean_ego_speed_mps: mean(ego_speed_mps), "
        "min_ego_speed_mps: min(ego_speed_mps), last_ego_speed_mps: last(ego_speed_mps), "
        "max_abs_accel_x_mps2: max(abs(accel_x_mps2)), first_wiper: first(wiper_status), "
        "first_light: first(light), max_snow: max(snow)}"
    )
    given = speeds((5.0, 2.0, 20.0), (7.0, 2.0, 30.0))
    columns = {**given.ego.columns, "accel_x_mps2": -2.0 * bump(clock(30.0), 4.0, 8.0)}
    (scene,) = look(
        rule(evidence=evidence), replace(given, ego=replace(given.ego, columns=columns))
    ).found
    told = dict(scene.evidence)
    assert told.pop("rule") == f"quick.yaml sha256:{hash_of(rule(evidence=evidence))[:16]}"
    assert told == {
        "max_ego_speed_mps": 30.0,
        "mean_ego_speed_mps": 25.0,
        "min_ego_speed_mps": 20.0,
        "last_ego_speed_mps": 30.0,
        "max_abs_accel_x_mps2": 2.0,
        "first_wiper": "off",
        "first_light": None,
        "max_snow": None,
    }


def hash_of(detector: Detector) -> str:
    facts: Mapping[str, Any] = asdict(detector.params())
    return str(facts["rule_sha256"])


@pytest.mark.parametrize(
    ("speed", "expected"), [(22.0, "mild"), (26.0, "strong"), (31.0, "extreme")]
)
def test_severity_is_the_first_class_that_holds(speed: float, expected: str) -> None:
    classes = "{extreme: ego_speed_mps > 30, strong: ego_speed_mps > 25, mild: otherwise}"
    (scene,) = look(rule(severity=classes), speeds((5.0, 4.0, speed))).found
    assert scene.evidence["severity"] == expected


def test_without_a_class_that_holds_there_is_no_severity() -> None:
    (scene,) = look(rule(severity="{high: ego_speed_mps > 99}"), speeds((5.0, 4.0, 25.0))).found
    assert "severity" not in scene.evidence


def test_the_text_of_a_rule_is_its_parameter() -> None:
    one, same, other = rule(), rule(), rule(doc="Quicker.")
    assert hash_of(one) == hash_of(same) != hash_of(other)
    assert (one.name, one.version, one.types) == ("quick", 1, ("quick",))
    assert rule(version="4").version == 4
    assert rule(openlabel="MotionDrive").tags == {"quick": "MotionDrive"}
    assert one.tags == {}


def test_rules_that_others_refer_to_come_first() -> None:
    first = "scene: zz\ndoc: Z.\nwhen: ego_speed_mps > 1\n"
    second = "scene: aa\ndoc: A.\nwhen: during zz\n"
    made = rule_detectors({"a.yaml": second, "z.yaml": first}, TYPES)
    assert [one.name for one in made] == ["zz", "aa"]


def test_a_circle_of_rules_is_refused() -> None:
    one = "scene: aa\ndoc: A.\nwhen: during bb\n"
    two = "scene: bb\ndoc: B.\nwhen: during aa\n"
    with pytest.raises(ConfigError, match=r"in a circle: (aa -> bb -> aa|bb -> aa -> bb)"):
        rule_detectors({"a.yaml": one, "b.yaml": two}, TYPES)
    with pytest.raises(ConfigError, match="in a circle: aa -> aa"):
        rule_detectors({"a.yaml": "scene: aa\ndoc: A.\nwhen: during aa\n"}, TYPES)


def test_all_rules_together_are_bounded() -> None:
    rules = {
        f"{n}.yaml": f"scene: r{n}\ndoc: A.\nwhen: tunnel\n#{'x' * 16_000}\n" for n in range(17)
    }
    with pytest.raises(ConfigError, match="all rules together"):
        rule_detectors(rules, TYPES)


def test_no_rules_are_no_detectors() -> None:
    assert rule_detectors({}, TYPES) == ()


def rainy() -> Drive:
    """Return the busy drive with what the detectors say about it."""
    given = busy_drive()
    (wet,) = [one for one in DETECTORS if "rain" in one.types]
    return with_scenes(given, rain=look(wet, given))


def example_rule() -> Detector:
    text = EXAMPLE.read_text(encoding="utf-8")
    (made,) = rule_detectors({EXAMPLE.name: text}, scene_types())
    return made


@pytest.mark.parametrize("detector", [example_rule()], ids=["fast_wet_corner"])
class TestExample(DetectorSuite):
    """The shipped example behaves as every detector does."""

    examples = {"fast_wet_corner": rainy}  # noqa: RUF012 - as the suite declares it

    def test_parameters_are_frozen_numbers_with_units_and_a_source(
        self, detector: Detector
    ) -> None:
        """Its only parameter is the hash of its text."""
        assert list(asdict(detector.params())) == ["rule_sha256"]

    def test_another_time_moves_the_scenes_and_nothing_else(self, detector: Detector) -> None:
        """The scenes that it rests on do not move with the drive here; see the step's tests."""
        assert detector.types == ("fast_wet_corner",)


def test_the_example_finds_both_corners_of_the_busy_drive() -> None:
    found = look(example_rule(), rainy())
    assert [(round(a), round(b)) for a, b in spans(found.found)] == [(90, 94), (100, 104)]
    assert {one.evidence["severity"] for one in found.found} == {"high"}

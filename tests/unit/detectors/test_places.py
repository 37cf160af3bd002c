"""Detectors of places and stretches of the map: boundaries, near misses, unknown, evidence."""

from dataclasses import dataclass

import numpy as np
import pytest

from avdataops.detectors.bridge import BRIDGE
from avdataops.detectors.junction import JUNCTION
from avdataops.detectors.junction import Params as JunctionParams
from avdataops.detectors.pedestrian_crossing import PEDESTRIAN_CROSSING
from avdataops.detectors.rail_crossing import RAIL_CROSSING
from avdataops.detectors.roundabout import ROUNDABOUT
from avdataops.detectors.tunnel import TUNNEL
from avdataops.detectors.tunnel import Params as TunnelParams
from avdataops.ports.detecting import Detection, Detector, Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import bump, clock, cruise, drive, seconds
from avdataops.testing.drives_places import past, route_context, with_words, without_route


def found_in(detector: Detector, given: Drive) -> Detection:
    detection: Detection = detector.find(given, detector.params())
    return detection


def times(detection: Detection) -> list[tuple[float, float]]:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in detection.found]


@dataclass(frozen=True)
class Place:
    detector: Detector
    column: str
    before_m: float
    after_m: float


PLACES = (
    Place(JUNCTION, "junction", 30.0, 15.0),
    Place(PEDESTRIAN_CROSSING, "crossing", 30.0, 10.0),
    Place(RAIL_CROSSING, "level_crossing", 30.0, 10.0),
)
STRETCHES = (TUNNEL, BRIDGE, ROUNDABOUT)


@pytest.mark.parametrize("place", PLACES, ids=lambda one: one.detector.name)
def test_a_place_is_passed_from_before_to_behind_it(place: Place) -> None:
    detection = found_in(place.detector, past({place.column: (203.0,)}))
    expected = ((203.0 - place.before_m) / 10, (203.0 + place.after_m) / 10)
    assert times(detection) == [pytest.approx(expected, abs=0.01)]
    assert detection.unknown == ()
    (scene,) = detection.found
    assert scene.type == place.detector.name
    assert scene.confidence == pytest.approx(0.95)
    assert scene.evidence["length_m"] == pytest.approx(0.0, abs=0.01)
    assert scene.evidence["ego_speed_mps"] == pytest.approx(10.0)
    assert not scene.truncated


@pytest.mark.parametrize("place", PLACES, ids=lambda one: one.detector.name)
def test_places_of_other_kinds_are_none(place: Place) -> None:
    others = {one.column: (203.0,) for one in PLACES if one is not place}
    detection = found_in(place.detector, past({**others, "stop_sign": (203.0,)}))
    assert detection == Detection()


@pytest.mark.parametrize("place", PLACES, ids=lambda one: one.detector.name)
def test_a_gap_of_the_route_cuts_a_passage_and_is_unknown(place: Place) -> None:
    given = without_route(past({place.column: (203.0,)}), 20.0, 30.0)
    detection = found_in(place.detector, given)
    assert times(detection) == [pytest.approx(((203 - place.before_m) / 10, 19.0), abs=0.01)]
    assert detection.found[0].truncated
    assert [(seconds(u.start_ns), seconds(u.stop_ns)) for u in detection.unknown] == [(19, 30)]


@pytest.mark.parametrize("detector", STRETCHES, ids=lambda one: one.name)
def test_a_stretch_lasts_from_end_to_end(detector: Detector) -> None:
    detection = found_in(detector, past(stretches={detector.name: ((203.0, 268.0),)}))
    assert times(detection) == [pytest.approx((20.3, 26.8), abs=0.01)]
    assert detection.found[0].evidence["length_m"] == pytest.approx(65.0)
    assert detection.unknown == ()


@pytest.mark.parametrize("detector", STRETCHES, ids=lambda one: one.name)
def test_a_stretch_that_goes_on_at_the_end_has_no_known_length(detector: Detector) -> None:
    (scene,) = found_in(detector, past(stretches={detector.name: ((555.0, 900.0),)})).found
    assert scene.truncated
    assert scene.evidence["length_m"] is None


@pytest.mark.parametrize("detector", [TUNNEL, BRIDGE, JUNCTION], ids=lambda one: one.name)
def test_without_a_map_all_is_unknown(detector: Detector) -> None:
    detection = found_in(detector, drive(cruise(20.0)))
    assert detection.found == ()
    (stretch,) = detection.unknown
    assert (seconds(stretch.start_ns), stretch.reason) == (0.0, "no matched road")
    assert seconds(stretch.stop_ns) == pytest.approx(20.0, abs=0.01)


def test_a_road_under_a_bridge_is_no_tunnel() -> None:
    spans = {"tunnel": ((200.0, 219.9),)}
    assert found_in(TUNNEL, past(stretches=spans)).found == ()
    assert len(found_in(TUNNEL, past(stretches={"tunnel": ((200.0, 220.1),)})).found) == 1
    assert len(TUNNEL.find(past(stretches=spans), TunnelParams(min_length_m=10.0)).found) == 1


def test_tunnels_one_after_the_other_are_two() -> None:
    spans = {"tunnel": ((100.0, 200.0), (230.0, 300.0))}
    assert times(found_in(TUNNEL, past(stretches=spans))) == [
        pytest.approx((10.0, 20.0), abs=0.01),
        pytest.approx((23.0, 30.0), abs=0.01),
    ]


def test_junctions_close_together_are_one_scene() -> None:
    detection = found_in(JUNCTION, past({"junction": (200.0, 220.0)}))
    assert times(detection) == [pytest.approx((17.0, 23.5), abs=0.01)]
    assert detection.found[0].evidence["length_m"] == pytest.approx(20.0, abs=0.01)


def test_a_junction_passed_within_a_second_is_none() -> None:
    s_m = 50.0 * clock(60.0, 1)
    fast = drive(cruise(60.0, 50.0), context=route_context(s_m, {"junction": (1010.0,)}))
    assert found_in(JUNCTION, fast) == Detection()
    assert len(JUNCTION.find(fast, JunctionParams(min_s=0.5)).found) == 1


def test_a_junction_cut_short_by_the_end_is_unknown() -> None:
    detection = found_in(JUNCTION, past({"junction": (625.0,)}))
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["junction cut by a gap"]


def test_a_junction_tells_its_shape() -> None:
    kinds = np.full(61, "crossroad", dtype=object)
    kinds[25:] = "t_junction"
    given = with_words(past({"junction": (200.0, 400.0)}), junction_kind=kinds)
    shapes = [one.evidence["junction_kind"] for one in found_in(JUNCTION, given).found]
    assert shapes == ["crossroad", "t_junction"]
    plain = found_in(JUNCTION, past({"junction": (200.0,)}))
    assert plain.found[0].evidence["junction_kind"] is None


def test_a_doubtful_match_makes_a_doubtful_scene() -> None:
    detection = found_in(
        BRIDGE, past(stretches={"bridge": ((200.0, 260.0),)}, match_probability=0.6)
    )
    assert detection.found[0].confidence == pytest.approx(0.6)


def round_it(*, swing: float = 0.35, radius_m: float = 15.0, angle_deg: float = 200.0) -> Drive:
    """Without a map: right, long to the left, right again, at 6 m/s."""
    t_s = clock(60.0)
    columns = cruise(60.0, 6.0)
    rate = 6.0 / radius_m
    lasts_s = float(np.radians(angle_deg)) / rate + 0.8
    turn: Floats = rate * bump(t_s, 20.0, lasts_s, 0.8)
    turn = turn - swing * bump(t_s, 18.2, 1.8, 0.6) - swing * bump(t_s, 20.0 + lasts_s, 1.8, 0.6)
    columns["yaw_rate_radps"] = turn
    return drive(columns)


def test_without_a_map_a_long_turn_between_two_swings_is_a_roundabout() -> None:
    (scene,) = found_in(ROUNDABOUT, round_it()).found
    assert seconds(scene.start_ns) == pytest.approx(20.0, abs=0.5)
    assert scene.confidence == 0.5
    assert scene.evidence["source"] == "turning"
    assert scene.evidence["radius_m"] == pytest.approx(15.0, rel=0.15)
    assert scene.evidence["heading_change_deg"] == pytest.approx(200.0, abs=15.0)


@pytest.mark.parametrize(
    "given",
    [round_it(swing=0.0), round_it(radius_m=50.0), round_it(angle_deg=80.0)],
    ids=["a plain turn", "a wide bend", "a short turn"],
)
def test_other_turns_are_no_roundabout(given: Drive) -> None:
    assert found_in(ROUNDABOUT, given) == Detection()


def test_where_the_map_knows_the_road_turning_makes_no_roundabout() -> None:
    turned = round_it()
    known = drive(turned.ego.columns, context=route_context(6.0 * clock(60.0, 1)))
    assert found_in(ROUNDABOUT, known) == Detection()


def test_without_map_and_yaw_rate_roundabouts_are_unknown() -> None:
    columns = cruise(20.0)
    del columns["yaw_rate_radps"]
    (stretch,) = found_in(ROUNDABOUT, drive(columns)).unknown
    assert seconds(stretch.start_ns) == 0.0

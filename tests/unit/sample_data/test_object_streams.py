from typing import Any

import numpy as np
import pytest

from sample_data.actors import Actor, seen_from
from sample_data.object_streams import RANGE_M, objects_stream, radar_stream
from sample_data.ros_types import ROS2, Stream
from sample_data.vehicle import FRONT_M
from sample_data.world import World


def read(world: World, stream: Stream) -> list[tuple[float, Any]]:
    times = (stream.stamps_ns - world.start_ns) / 1e9
    decoded = [ROS2.deserialize_cdr(data, stream.message_type) for data in stream.payloads]
    return list(zip(times.tolist(), decoded, strict=True))


@pytest.fixture(scope="module")
def objects(world: World) -> list[tuple[float, Any]]:
    return read(world, objects_stream(world))


@pytest.fixture(scope="module")
def radar(world: World) -> list[tuple[float, Any]]:
    return read(world, radar_stream(world))


def cut_in_actor(world: World) -> Actor:
    return next(actor for actor in world.actors if actor.role == "cut_in")


def test_objects_are_where_the_actors_are(world: World, objects: list[tuple[float, Any]]) -> None:
    actor = cut_in_actor(world)
    found = [
        (t, o)
        for t, message in objects
        for o in message.objects
        if o.object_id.uuid.tobytes() == actor.track
    ]
    t_s = np.array([t for t, _ in found])
    assert t_s.size > 300
    seen = seen_from(world.ego(t_s), actor.at(t_s))
    poses = [o.kinematics.pose_with_covariance.pose for _, o in found]
    np.testing.assert_allclose([p.position.x for p in poses], seen.x_m, atol=0.35)
    np.testing.assert_allclose([p.position.y for p in poses], seen.y_m, atol=0.25)
    twists = [o.kinematics.twist_with_covariance.twist.linear for _, o in found]
    # Over ground, in the axes of base_link: about ego's speed, not about zero.
    np.testing.assert_allclose([v.x for v in twists], seen.vx_mps, atol=0.4)


def test_every_track_belongs_to_an_actor(world: World, objects: list[tuple[float, Any]]) -> None:
    tracks = {o.object_id.uuid.tobytes() for _, message in objects for o in message.objects}
    assert tracks <= {actor.track for actor in world.actors}
    assert len(tracks) >= 10


def test_objects_are_within_range_and_alive(world: World, objects: list[tuple[float, Any]]) -> None:
    by_track = {actor.track: actor for actor in world.actors}
    for t, message in objects:
        for o in message.objects:
            actor = by_track[o.object_id.uuid.tobytes()]
            place = o.kinematics.pose_with_covariance.pose.position
            assert np.hypot(place.x, place.y) < RANGE_M[actor.kind] + 1.0
            assert actor.present(np.array([t]))[0]
            assert o.shape.dimensions.x == actor.size.length_m


def test_labels_follow_the_kind(world: World, objects: list[tuple[float, Any]]) -> None:
    labels = {"car": 1, "truck": 2, "pedestrian": 7}
    by_track = {actor.track: actor for actor in world.actors}
    for _, message in objects[::10]:
        for o in message.objects:
            assert o.classification[0].label == labels[by_track[o.object_id.uuid.tobytes()].kind]


def test_a_list_comes_even_when_nothing_is_seen(objects: list[tuple[float, Any]]) -> None:
    assert len(objects) == pytest.approx(1800, abs=1)
    assert any(not message.objects for _, message in objects)


def test_the_radar_measures_relative_to_its_bumper(
    world: World, radar: list[tuple[float, Any]]
) -> None:
    actor = cut_in_actor(world)
    moment = world.plan.named("hard_brake")[0].start_s
    t, message = min(radar, key=lambda item: abs(item[0] - moment))
    now = np.array([t])
    seen = seen_from(world.ego(now), actor.at(now))
    nearest = min(message.tracks, key=lambda track: track.position.x)
    assert nearest.position.x == pytest.approx(seen.x_m[0] - FRONT_M, abs=0.7)
    assert nearest.velocity.x == pytest.approx(
        seen.vx_mps[0] - world.ego(now).speed_mps[0], abs=0.5
    )


def test_the_radar_sees_only_ahead(radar: list[tuple[float, Any]]) -> None:
    for _, message in radar:
        for track in message.tracks:
            assert track.position.x > 0.0
            assert abs(np.degrees(np.arctan2(track.position.y, track.position.x))) <= 60.0


def test_radar_track_numbers_are_its_own(world: World, radar: list[tuple[float, Any]]) -> None:
    numbers = {track.uuid.uuid.tobytes() for _, message in radar for track in message.tracks}
    assert numbers
    assert not numbers & {actor.track for actor in world.actors}

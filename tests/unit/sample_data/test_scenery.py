import numpy as np
import pytest

from sample_data.scenery import PAINT, make_scenery, straight_spans
from sample_data.vehicle import KERB_M
from sample_data.world import World, build_world


def test_straights_lie_between_the_turns(world: World) -> None:
    spans = straight_spans(world)
    turns = len(world.plan.named("turn_left")) + len(world.plan.named("turn_right"))
    assert len(spans) == turns + 1
    for start, stop in spans:
        places = np.linspace(start + 1.0, stop - 1.0, 50)
        np.testing.assert_allclose(world.road.curvature(places), 0.0, atol=1e-6)


def test_a_drive_without_turns_is_one_straight() -> None:
    world = build_world(7, 20.0)
    assert straight_spans(world) == [(world.road.s_m[0], world.road.s_m[-1])]


def test_patches_are_ordered_along_the_road(world: World) -> None:
    for patches in make_scenery(world).patches:
        assert (np.diff(patches.s_m) >= 0.0).all()
        assert patches.corners_m.shape == (patches.s_m.size, 4, 3)
        assert not patches.corners_m[..., 2].any()


def test_there_is_paint_at_the_crossing(world: World) -> None:
    (crossing,) = world.crossings_m
    stripes = [
        patches
        for patches in make_scenery(world).patches
        if patches.colour == PAINT and patches.s_m.size and np.ptp(patches.s_m) == 0.0
    ]
    assert any(patches.s_m[0] == pytest.approx(crossing - 1.5) for patches in stripes)


def test_houses_keep_off_the_road_and_the_tunnel(world: World) -> None:
    (tunnel,) = world.tunnels
    blocks = make_scenery(world).blocks
    assert len(blocks) > 30
    for block in blocks:
        assert not tunnel.start < block.s_m < tunnel.stop
        centre_x, centre_y = world.road.place(np.array([block.s_m]), np.zeros(1))
        away = np.hypot(block.corners_m[:, 0] - centre_x, block.corners_m[:, 1] - centre_y)
        assert away.min() > KERB_M + 3.0


def test_windows_are_on_the_wall_towards_the_road(world: World) -> None:
    for block in make_scenery(world).blocks[:20]:
        x_m, y_m = world.road.place(np.array([block.s_m]), np.zeros(1))
        road = np.array([x_m[0], y_m[0]])
        house = np.linalg.norm(block.corners_m[:, :2].mean(axis=0) - road)
        window = np.linalg.norm(block.windows_m[..., :2].mean(axis=(0, 1)) - road)
        assert window < house
        assert block.windows_m.shape == (block.lit.size, 4, 3)


def test_scenery_is_the_same_each_time(world: World) -> None:
    one, two = make_scenery(world), make_scenery(world)
    np.testing.assert_array_equal(one.blocks[3].corners_m, two.blocks[3].corners_m)

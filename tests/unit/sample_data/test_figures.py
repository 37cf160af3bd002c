import numpy as np

from sample_data.figures import (
    fill,
    paint_box,
    paint_lamps,
    paint_pedestrian,
    paint_vehicle,
    vehicle_lamps,
)
from sample_data.projection import HEIGHT_PX, WIDTH_PX, View, box_corners
from sample_data.world import World

VIEW = View(0.0, 0.0, 0.0)
CAR = (4.5, 1.8, 1.5)


def empty() -> np.ndarray:
    return np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)


def painted(canvas: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(canvas.any(axis=2))
    return float(rows.mean()), float(columns.mean())


def test_a_vehicle_to_the_left_is_painted_left_of_the_centre() -> None:
    canvas = empty()
    paint_vehicle(canvas, VIEW, box_corners(np.array([20.0, 3.5]), 0.0, CAR), (200, 0, 0))
    assert painted(canvas)[1] < 140.0


def test_a_nearer_vehicle_is_larger() -> None:
    near, far = empty(), empty()
    paint_vehicle(near, VIEW, box_corners(np.array([12.0, 0.0]), 0.0, CAR), (200, 0, 0))
    paint_vehicle(far, VIEW, box_corners(np.array([40.0, 0.0]), 0.0, CAR), (200, 0, 0))
    assert near.any(axis=2).sum() > 5 * far.any(axis=2).sum()


def test_a_shape_behind_the_camera_is_not_painted() -> None:
    canvas = empty()
    fill(canvas, VIEW, box_corners(np.array([-20.0, 0.0]), 0.0, CAR)[:4], (255, 255, 255))
    assert not canvas.any()


def test_a_pedestrian_stands_upright() -> None:
    canvas = empty()
    pixels, _ = VIEW.project(box_corners(np.array([12.0, 0.0]), 0.0, (0.6, 0.6, 1.75)))
    paint_pedestrian(canvas, pixels, (0, 120, 0))
    rows, columns = np.nonzero(canvas.any(axis=2))
    assert np.ptp(rows) > 2.0 * np.ptp(columns)


def test_the_rear_face_of_a_box_has_the_full_colour() -> None:
    canvas = empty()
    pixels, _ = VIEW.project(box_corners(np.array([15.0, 0.0]), 0.0, CAR))
    paint_box(canvas, pixels, (100, 150, 200))
    assert (canvas.reshape(-1, 3).max(axis=0) == (100, 150, 200)).all()


def test_lamps_behind_the_camera_do_not_shine() -> None:
    canvas = empty()
    paint_lamps(canvas, VIEW, [(np.array([-5.0, 0.0, 1.0]), 0.2, (0, 0, 255))])
    assert not canvas.any()
    paint_lamps(canvas, VIEW, [(np.array([15.0, 0.0, 1.0]), 0.2, (0, 0, 255))])
    assert canvas[..., 2].max() == 255


def test_a_car_ahead_shows_red_and_brighter_when_it_brakes(world: World) -> None:
    actor = next(a for a in world.actors if a.role == "cut_in")
    brake = world.plan.named("hard_brake")[0]
    sizes = []
    for t_s in (brake.start_s - 3.0, brake.start_s + 0.8):
        now = np.array([t_s])
        ego, state = world.ego(now), actor.at(now)
        view = View(float(ego.x_m[0]), float(ego.y_m[0]), float(ego.heading_rad[0]))
        centre = np.array([state.x_m[0], state.y_m[0]])
        lamps = list(
            vehicle_lamps(actor, box_corners(centre, float(state.heading_rad[0]), CAR), view, now)
        )
        assert len(lamps) == 2
        assert all(colour[2] > 200 > colour[0] for _, _, colour in lamps)
        sizes.append(lamps[0][1])
    assert sizes[1] > sizes[0]


def test_an_oncoming_car_shows_white(world: World) -> None:
    actor = next(a for a in world.actors if a.role == "oncoming")
    now = actor.path.t_s[:1]
    ego, state = world.ego(now), actor.at(now)
    view = View(float(ego.x_m[0]), float(ego.y_m[0]), float(ego.heading_rad[0]))
    corners = box_corners(np.array([state.x_m[0], state.y_m[0]]), float(state.heading_rad[0]), CAR)
    assert all(min(colour) > 200 for _, _, colour in vehicle_lamps(actor, corners, view, now))

"""The front camera: a drawn picture of the scene, as JPEG at 10 Hz, and its calibration."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.noise import Floats, generator, sample_times
from sample_data.projection import CENTRE_PX, FOCAL_PX, HEIGHT_PX, WIDTH_PX
from sample_data.ros_types import Stream, cdr, header, ros2
from sample_data.scene_painter import ScenePainter
from sample_data.world import World

JPEG_QUALITY = 82
Picture = NDArray[np.uint8]


def camera_times(world: World) -> Floats:
    """Return the exposure times [s]; none fall into the camera's gaps."""
    rng = generator(world.seed, "camera times")
    t_s = sample_times(rng, rate_hz=10.0, duration_s=world.duration_s, jitter_s=2e-4)
    keep = np.ones(t_s.size, dtype=bool)
    for gap in world.camera_gaps:
        keep &= (t_s < gap.start) | (t_s >= gap.stop)
    return t_s[keep]


def image_stream(world: World) -> Stream:
    """Return the compressed pictures."""
    t_s = camera_times(world)
    stamps = world.stamps(t_s)
    return Stream(
        "/camera/front/image/compressed",
        "sensor_msgs/msg/CompressedImage",
        stamps,
        _images(world, t_s, stamps),
    )


def _images(world: World, t_s: Floats, stamps: Any) -> Iterator[bytes]:
    message = ros2("sensor_msgs/msg/CompressedImage")
    for stamp_ns, picture in zip(stamps, pictures(world, t_s), strict=True):
        _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        yield cdr(
            message(header=header(stamp_ns, "camera_front"), format="jpeg", data=encoded.ravel())
        )


def pictures(world: World, t_s: Floats) -> Iterator[Picture]:
    """Yield the BGR picture ``(180, 320, 3)`` for each exposure time, with sensor noise."""
    rng = generator(world.seed, "camera noise")
    painter = ScenePainter(world)
    one = rng.normal(0.0, 2.0, (8, HEIGHT_PX, WIDTH_PX, 1)).astype(np.int16)
    grain = np.repeat(one, 3, axis=3)
    for index, time_s in enumerate(t_s.tolist()):
        scene = painter.paint(time_s, rng)
        noisy = cv2.add(scene, grain[index % grain.shape[0]], dtype=cv2.CV_8U)
        yield np.asarray(noisy, dtype=np.uint8)


def camera_info_stream(world: World) -> Stream:
    """Return the calibration at 1 Hz: an ideal pinhole."""
    rng = generator(world.seed, "camera info")
    t_s = sample_times(rng, rate_hz=1.0, duration_s=world.duration_s, jitter_s=1e-4)
    stamps = world.stamps(t_s)
    message = ros2("sensor_msgs/msg/CameraInfo")
    region = ros2("sensor_msgs/msg/RegionOfInterest")(
        x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    matrix = np.array([FOCAL_PX, 0.0, CENTRE_PX[0], 0.0, FOCAL_PX, CENTRE_PX[1], 0.0, 0.0, 1.0])
    projection = np.insert(matrix.reshape(3, 3), 3, 0.0, axis=1).ravel()
    payloads = (
        cdr(
            message(
                header=header(stamp_ns, "camera_front"),
                height=HEIGHT_PX,
                width=WIDTH_PX,
                distortion_model="plumb_bob",
                d=np.zeros(5),
                k=matrix,
                r=np.eye(3).ravel(),
                p=projection,
                binning_x=0,
                binning_y=0,
                roi=region,
            )
        )
        for stamp_ns in stamps
    )
    return Stream("/camera/front/camera_info", "sensor_msgs/msg/CameraInfo", stamps, payloads)

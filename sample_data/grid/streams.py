"""The streams of a grid drive: who delivers how often, and which of them are no sensors."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of messages."""

    topic_class: str
    rate_hz: float
    jitter_s: float = 0.0005
    sensor: bool = True
    """Delivers all the time; commands and diagnostics do not."""


STREAMS = {
    "/objects": Stream(topic_class="objects", rate_hz=10.0, jitter_s=0.002),
    "/camera/front": Stream(topic_class="camera", rate_hz=20.0, jitter_s=0.003),
    "/lidar/top": Stream(topic_class="lidar", rate_hz=10.0, jitter_s=0.002),
    "/gnss/fix": Stream(topic_class="gnss", rate_hz=10.0, jitter_s=0.004),
    "/imu/data": Stream(topic_class="imu", rate_hz=100.0),
    "/vehicle/motion": Stream(topic_class="vehicle", rate_hz=50.0),
    "/vehicle/steering_cmd": Stream(topic_class="vehicle", rate_hz=20.0, sensor=False),
}

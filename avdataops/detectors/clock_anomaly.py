"""Clocks that were set while they ran, or run at another rate than a clock does."""

from dataclasses import dataclass

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import ClockSpan, Detection, Detector, Drive, Found, Unknown
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, margin, number

_MS_PER_S = 1e3


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of an anomaly.

    A step of more than 20 ms of the least delay and a skew of more than 100 ppm are the habit of
    the field (clocks of computers and sensors are within 50 ppm); the rest are the product's own.
    """

    min_step_s: float = 0.02
    max_skew_ppm: float = 100.0
    min_skew_span_s: float = 60.0
    """The rate of a shorter stretch is not known well enough."""
    step_lasts_s: float = 1.0
    """What a step is shown as, since it has no length of its own."""


def find(drive: Drive, params: Params) -> Detection:
    """Return steps and wrong rates of each clock; the actor is its stream, or the clock's name.

    A step back is a stamp that goes backwards as far as order can tell; a reset is a step.  The
    size of a step is unknown (null) where one side of it is too short for a model.  Unknown
    throughout where no clock was modelled, such as when messages carry no stamps of their own.
    """
    if not drive.clocks:
        nothing = Unknown(
            start_ns=drive.start_ns, stop_ns=drive.stop_ns, reason="no stamps of any sensor's clock"
        )
        return settle((), (nothing,))
    found = [
        scene
        for name, spans in sorted(drive.clocks.items())
        for scene in (*_steps(drive, name, spans, params), *_rates(drive, name, spans, params))
    ]
    return settle(_apart(found), ())


def _steps(drive: Drive, name: str, spans: tuple[ClockSpan, ...], params: Params) -> list[Found]:
    found = []
    for span in spans:
        size_s = None if span.step_ms is None else span.step_ms / _MS_PER_S
        if not span.stepped or (size_s is not None and abs(size_s) <= params.min_step_s):
            continue
        start_ns = min(max(span.start_ns, drive.start_ns), drive.stop_ns - 1)
        lasts_ns = round(params.step_lasts_s * NS_PER_S)
        sure = 0.0 if size_s is None else margin(abs(size_s), params.min_step_s)
        evidence = {"anomaly": "step", "step_s": None if size_s is None else number(size_s)}
        stop_ns = min(start_ns + max(lasts_ns, 1), drive.stop_ns)
        found.append(_scene(name, start_ns, stop_ns, sure, evidence))
    return found


def _rates(drive: Drive, name: str, spans: tuple[ClockSpan, ...], params: Params) -> list[Found]:
    found = []
    for span in spans:
        start_ns, stop_ns = max(span.start_ns, drive.start_ns), min(span.stop_ns, drive.stop_ns)
        skew, length_ns = span.skew_ppm, span.stop_ns - span.start_ns
        if skew is None or length_ns < params.min_skew_span_s * NS_PER_S or stop_ns <= start_ns:
            continue
        if abs(skew) > params.max_skew_ppm:
            evidence = {"anomaly": "rate", "skew_ppm": number(skew)}
            sure = margin(abs(skew), params.max_skew_ppm)
            found.append(_scene(name, start_ns, stop_ns, sure, evidence))
    return found


def _scene(
    name: str, start_ns: int, stop_ns: int, sure: float, evidence: dict[str, float | str | None]
) -> Found:
    return Found(
        type="clock_anomaly",
        actor=name,
        start_ns=start_ns,
        stop_ns=stop_ns,
        confidence=confidence(sure),
        evidence=evidence,
    )


def _apart(found: list[Found]) -> list[Found]:
    """Return the scenes of which those of one clock do not overlap; the earlier one stays."""
    kept: list[Found] = []
    last: dict[str | None, int] = {}
    for scene in sorted(found, key=lambda one: (one.start_ns, one.stop_ns)):
        if scene.start_ns >= last.get(scene.actor, scene.start_ns):
            kept.append(scene)
            last[scene.actor] = scene.stop_ns
    return kept


CLOCK_ANOMALY = Detector(
    name="clock_anomaly",
    version=1,
    types=("clock_anomaly",),
    params=Params,
    find=find,
    doc="A clock that stepped by more than 20 ms, or is off its rate by more than 100 ppm.",
)

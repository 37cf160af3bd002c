"""What every detector must do: subclass ``DetectorSuite`` and parametrise ``detector``.

``examples`` names, for a detector, a drive in which each of its types happens at least once.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import ClassVar

import numpy as np
import pytest

from avdataops.model.ids import fingerprint
from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Signals
from avdataops.testing.drives import START_NS, busy_drive, cruise, drive, shifted, without_rows

_UNITS = (
    "_m",
    "_s",
    "_mps",
    "_mps2",
    "_mps3",
    "_deg",
    "_degps",
    "_radps",
    "_km",
    "_mmph",
    "_okta",
    "_c",
    "_ppm",
    "_share",
    "_messages",
    "_ids",
)
"""Endings of numbers in evidence: a unit, a share, or what is counted."""


def empty_drive() -> Drive:
    """Return ten seconds of which nothing is known."""
    nothing = Signals(np.empty(0, dtype=np.int64), {}, NS_PER_S // 2)
    return Drive("m_0123456789abcdef", START_NS, START_NS + 10 * NS_PER_S, nothing)


def dark_drive() -> Drive:
    """Return ten seconds of ticks at which every signal is unknown."""
    unknown = {
        name: np.full(column.size, None if column.dtype == object else np.nan, column.dtype)
        for name, column in cruise(10.0).items()
    }
    return drive(unknown)


class DetectorSuite:
    """Behaviour tests over the ``detector`` argument and a drive in which its types happen."""

    examples: ClassVar[Mapping[str, Callable[[], Drive]]] = {}

    @classmethod
    def example(cls, detector: Detector) -> Drive:
        """Return a drive in which each type of the detector happens."""
        return cls.examples.get(detector.name, busy_drive)()

    @staticmethod
    def found_in(detector: Detector, given: Drive) -> Detection:
        """Return what the detector says with its default parameters."""
        return detector.find(given, detector.params())

    def test_it_declares_itself(self, detector: Detector) -> None:
        """Name, version, types and a sentence for people."""
        assert detector.name.isidentifier()
        assert detector.name.islower()
        assert detector.version >= 1
        assert detector.types
        assert len(set(detector.types)) == len(detector.types)
        assert detector.doc.endswith(".")

    def test_parameters_are_frozen_numbers_with_units_and_a_source(
        self, detector: Detector
    ) -> None:
        """So that they can be overridden, fingerprinted and explained."""
        params = detector.params()
        doc = detector.params.__doc__ or ""
        assert len(doc.split(".")) > 1, "the docstring says where the values come from"
        for one in fields(params):
            assert isinstance(getattr(params, one.name), float), one.name
            assert "_" in one.name, f"{one.name} says no unit"
        with pytest.raises((AttributeError, TypeError)):
            setattr(params, fields(params)[0].name, 0.0)
        assert len(fingerprint(asdict(params))) > 0

    def test_it_finds_each_of_its_types(self, detector: Detector) -> None:
        """In its example; and reports no other type."""
        found = self.found_in(detector, self.example(detector)).found
        assert {scene.type for scene in found} == set(detector.types)

    def test_scenes_lie_in_the_drive_in_order_and_last(self, detector: Detector) -> None:
        """Half-open, never empty, sorted by their start."""
        given = self.example(detector)
        found = self.found_in(detector, given).found
        assert [scene.start_ns for scene in found] == sorted(scene.start_ns for scene in found)
        for scene in found:
            assert isinstance(scene.start_ns, int)
            assert isinstance(scene.stop_ns, int)
            assert given.start_ns <= scene.start_ns < scene.stop_ns <= given.stop_ns
            assert 0.0 < scene.confidence <= 1.0

    def test_scenes_of_one_type_and_actor_do_not_overlap(self, detector: Detector) -> None:
        """One event is told once."""
        found = self.found_in(detector, self.example(detector)).found
        for number, scene in enumerate(found):
            for other in found[number + 1 :]:
                if (scene.type, scene.actor) == (other.type, other.actor):
                    assert scene.stop_ns <= other.start_ns

    def test_evidence_is_json_with_units_in_names(self, detector: Detector) -> None:
        """Plain values only; numbers finite; unknown is None."""
        for scene in self.found_in(detector, self.example(detector)).found:
            assert scene.evidence
            assert json.loads(json.dumps(dict(scene.evidence), allow_nan=False))
            for name, value in scene.evidence.items():
                assert value is None or type(value) in (float, str, bool), (name, value)
                if isinstance(value, float):
                    assert math.isfinite(value)
                    assert name.endswith(_UNITS), f"'{name}' says no unit"

    def test_the_same_drive_gives_the_same_scenes(self, detector: Detector) -> None:
        """Nothing is drawn, nothing is remembered, nothing given is changed."""
        given = self.example(detector)
        first = self.found_in(detector, given)
        assert self.found_in(detector, given) == first
        assert self.found_in(detector, self.example(detector)) == first

    def test_another_time_moves_the_scenes_and_nothing_else(self, detector: Detector) -> None:
        """No clock time is special."""
        by_ns = 86_400 * NS_PER_S + 20_000_000
        here = self.found_in(detector, self.example(detector))
        there = self.found_in(detector, shifted(self.example(detector), by_ns))
        assert [
            replace(scene, start_ns=scene.start_ns + by_ns, stop_ns=scene.stop_ns + by_ns)
            for scene in here.found
        ] == list(there.found)
        assert [
            (one.start_ns + by_ns, one.stop_ns + by_ns, one.reason) for one in here.unknown
        ] == [(one.start_ns, one.stop_ns, one.reason) for one in there.unknown]

    @pytest.mark.parametrize("make", [empty_drive, dark_drive])
    def test_without_inputs_all_is_unknown_and_nothing_is_found(
        self, detector: Detector, make: Callable[[], Drive]
    ) -> None:
        """Unknown is not false, and never a scene."""
        given = make()
        detection = self.found_in(detector, given)
        assert detection.found == ()
        covered = given.start_ns
        for stretch in detection.unknown:
            assert stretch.start_ns <= covered
            assert stretch.reason
            covered = max(covered, stretch.stop_ns)
        assert covered == given.stop_ns

    @pytest.mark.parametrize("share", [0.11, 0.2, 0.39, 0.6, 0.77, 0.93])
    def test_a_gap_in_everything_is_unknown_or_cuts(self, detector: Detector, share: float) -> None:
        """What was found lies beside the gap and says that it was cut, or is a gap itself."""
        whole = self.example(detector)
        cut_s = round(share * (whole.stop_ns - whole.start_ns) / NS_PER_S, 2)
        given = without_rows(whole, cut_s, cut_s + 4.0)
        detection = self.found_in(detector, given)
        for scene in detection.found:
            for stretch in detection.unknown:
                apart = scene.stop_ns <= stretch.start_ns or stretch.stop_ns <= scene.start_ns
                assert apart, f"{scene.type} overlaps '{stretch.reason}'"
                touches = scene.stop_ns == stretch.start_ns or scene.start_ns == stretch.stop_ns
                if touches and stretch.reason.startswith("gap"):
                    assert scene.truncated
        for stretch in detection.unknown:
            assert given.start_ns <= stretch.start_ns < stretch.stop_ns <= given.stop_ns

"""Every detector of the table passes the shipped suite."""

from collections.abc import Callable

import pytest

from avdataops.detectors import DETECTORS
from avdataops.ports.detecting import Drive
from avdataops.testing.detector_suite import DetectorSuite

EXAMPLES: dict[str, Callable[[], Drive]] = {}
"""Detector -> a drive in which it has something to find; the others are shown the busy drive."""


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
class TestDetectors(DetectorSuite):
    """All rows of the table."""

    examples = EXAMPLES

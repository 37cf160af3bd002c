"""Every detector of the table passes the shipped suite."""

import pytest

from avdataops.detectors import DETECTORS
from avdataops.testing.detector_suite import DetectorSuite


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
class TestDetectors(DetectorSuite):
    """All rows of the table."""

"""The scenario grid: seeded drives straight as synchronised columns, with exact truth.

Hundreds a minute, where ``write_drive`` writes one with all its recordings.  Knows nothing of the
product: definitions are measured on noiseless motion here, and detected on noisy columns there.
"""

from sample_data.grid.drive import START_NS, GridDrive, drives, grid_drive
from sample_data.grid.scenarios import SCENARIOS, Scenario
from sample_data.grid.truth import TYPES
from sample_data.grid.truth.events import TrueEvent

__all__ = [
    "SCENARIOS",
    "START_NS",
    "TYPES",
    "GridDrive",
    "Scenario",
    "TrueEvent",
    "drives",
    "grid_drive",
]

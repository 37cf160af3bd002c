"""The rows of the grid; a new family of drives is one row in one of these files."""

from sample_data.grid.scenarios import alone, lanes, others, surroundings, walkers
from sample_data.grid.scenarios.dice import Dice, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *alone.SCENARIOS,
    *lanes.SCENARIOS,
    *others.SCENARIOS,
    *walkers.SCENARIOS,
    *surroundings.SCENARIOS,
)

__all__ = ["SCENARIOS", "Dice", "Scenario"]

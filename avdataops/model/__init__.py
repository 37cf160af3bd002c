"""Frozen facts that every other part speaks in: ids, time, locations, artifacts, runs, errors."""

"""Plan, execute, commit: what happens to a measurement, whatever the machine."""

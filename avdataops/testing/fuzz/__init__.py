"""Readers against recordings that were changed at random: ``./run fuzz [READER] --seconds N``."""

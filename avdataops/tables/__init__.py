"""Kinds of artifacts and their columns, topic classes and canonical signals, from ``schemas/``."""

"""Extraction side by side with others: the same recordings, the same machine, interleaved."""

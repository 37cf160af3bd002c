"""Finders of scenes: one family of scene types per file, joined in :mod:`.table`."""

"""Behaviour suites and builders, shipped so that plug-ins can prove themselves.

Never imported at run time.
"""

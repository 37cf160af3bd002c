"""The command line: parse, call, print."""

from avdataops.cli.app import main

__all__ = ["main"]

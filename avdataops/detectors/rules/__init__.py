"""Scene types that a user defines in YAML: each rule file becomes a detector."""

from avdataops.detectors.rules.compiling import rule_detectors

__all__ = ["rule_detectors"]

"""Accuracy of detectors and clock models against the truth of the scenario grid."""

"""Generator of a physically consistent test drive with its truth."""

from sample_data.drive import SampleDrive, write_drive

__all__ = ["SampleDrive", "write_drive"]

"""Recording formats: bytes of a recording to columns, one package per family."""

from avdataops.readers.formats import FORMATS, open_recording, recognise

__all__ = ["FORMATS", "open_recording", "recognise"]

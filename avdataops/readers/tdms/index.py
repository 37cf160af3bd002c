"""The index of a TDMS file: its objects, and in which bytes of which segments their values lie."""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile, as_stream
from avdataops.readers.tdms.kinds import Value
from avdataops.readers.tdms.layout import Layout, Text, layout_of
from avdataops.readers.tdms.metadata import AS_BEFORE, NO_DATA, Entry, Shape, entries, path_parts
"""
"""

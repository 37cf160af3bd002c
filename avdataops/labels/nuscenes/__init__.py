"""nuScenes: the thirteen tables of its schema and sweeps as .pcd.bin, for writing.

The folder of a package is the ``dataroot`` of the devkit, ``v1.0-avdataops`` its version.
"""

from avdataops.labels.nuscenes.names import VERSION, sweep_file
from avdataops.labels.nuscenes.tables import tables
from avdataops.labels.nuscenes.unsaid import unsaid
from avdataops.ports.labelling import FolderFormat

NUSCENES = FolderFormat(name="nuscenes", tables=tables, sweep=sweep_file, unsaid=unsaid)

__all__ = ["NUSCENES", "VERSION"]

"""The Python door: ``import avdataops as av; lake = av.connect()``.  Results speak Arrow."""

from avdataops.lake.clouds import PointCloud, PointClouds
from avdataops.lake.connected import Lake, connect
from avdataops.lake.found import FoundScene, Scenes
from avdataops.lake.pictures import Image, Images
from avdataops.lake.rows import Rows

__all__ = [
    "FoundScene",
    "Image",
    "Images",
    "Lake",
    "PointCloud",
    "PointClouds",
    "Rows",
    "Scenes",
    "connect",
]

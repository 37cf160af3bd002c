"""The Python door: ``import avdataops as av; lake = av.connect()``.  Results speak Arrow."""

from avdataops.lake.connected import Lake, connect
from avdataops.lake.found import FoundScene, Scenes

__all__ = ["FoundScene", "Lake", "Scenes", "connect"]

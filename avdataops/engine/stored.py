"""Which artifacts are in storage: one listing per folder instead of one question per artifact."""

from avdataops.model.artifact import Artifact
from avdataops.model.location import Zone
from avdataops.ports.storage import Storage


class StoredArtifacts:
    """What storage held when its folders were first asked about; made anew for every look."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._bytes: dict[tuple[Zone, str], dict[str, int]] = {}

    def has(self, artifact: Artifact) -> bool:
        """Say whether the artifact's object exists in its full length; content is not read."""
        at = artifact.location
        folder = "/".join([*at.key.split("/")[:2], ""])
        if not at.key.startswith(folder):
            stored = self._storage.stat(at)
            return stored is not None and stored.bytes == artifact.bytes
        place = (at.zone, folder)
        if place not in self._bytes:
            listed = self._storage.list(at.zone, folder)
            self._bytes[place] = {stored.location.key: stored.bytes for stored in listed}
        return self._bytes[place].get(at.key) == artifact.bytes

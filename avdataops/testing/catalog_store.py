"""What the parts of the catalog suite share: fixtures, filling, and one look at everything."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from avdataops.model.artifact import Artifact
from avdataops.model.run import RunRecord
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Catalog, Direction, SceneQuery, Taken
from avdataops.testing.facts import Uploaded, record, task, uploaded

OpenCatalog = Callable[[], Catalog]

HOSTILE = (
    'it\'s "quoted"; DROP TABLE scenes; --',
    "%_*?[a-z]\\",
    "line\nbreak\ttab",
    "Straße 東京 🚗 e\u0301",
    "nul\x00inside",
    "${jndi:x} {{7*7}} <script>alert(1)</script>",
    " ",
)
"""Names that a careless catalog breaks on."""


class CatalogFixtures:
    """Fixtures over ``open_catalog``, which the subclass gives."""

    @pytest.fixture
    def catalog(self, open_catalog: OpenCatalog) -> Catalog:
        """Return an empty catalog."""
        return open_catalog()


def register(catalog: Catalog, given: Uploaded | None = None) -> Uploaded:
    """Register a measurement and return it."""
    found = given or uploaded()
    catalog.register(found.manifest, found.recordings, found.uploads)
    return found


def extracted(drive: Uploaded, params: dict[str, object] | None = None) -> RunRecord:
    """Return the record of a step that turned the uploads into two streams."""
    spec = task("extract", drive.id, drive.uploads, params)
    return record(spec, [("stream", "/gnss"), ("stream", "/imu")])


def detected(drive: Uploaded, inputs: Sequence[Artifact], scenes: Sequence[Scene] = ()) -> Taken:
    """Return what a detecting step made of ``inputs``."""
    done = record(task("detect_scenes", drive.id, inputs), [("scenes", "scenes")])
    return Taken(done, tuple(replace(one, artifact=done.made[0].id) for one in scenes))


def fill(catalog: Catalog, scenes: Sequence[Scene], drive: Uploaded | None = None) -> Taken:
    """Register a drive and commit a run of each step, the last one with ``scenes``."""
    given = register(catalog, drive)
    streams = extracted(given)
    found = detected(given, streams.made, scenes)
    catalog.commit([Taken(streams), found])
    return found


def everything(catalog: Catalog, measurement: str) -> tuple[object, ...]:
    """Return all that a catalog answers about one measurement."""
    query = SceneQuery(measurement=measurement)
    uploads = catalog.artifacts(measurement, kind="upload")
    return (
        catalog.measurement(measurement),
        catalog.recordings(measurement),
        catalog.artifacts(measurement),
        catalog.runs(measurement),
        catalog.unfinished(measurement),
        catalog.scenes(query, limit=0),
        catalog.count_scenes(query),
        [catalog.lineage(upload.id, Direction.DOWN) for upload in uploads],
    )


def ids(scenes: Sequence[Scene]) -> list[str]:
    """Return the ids of scenes in their order."""
    return [scene.id for scene in scenes]

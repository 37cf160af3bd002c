"""The published tables of scenes as relations for SQL, read through the storage of a workspace."""

from collections.abc import Iterator

import pyarrow as pa

from avdataops.model.scene import Scene
from avdataops.ports.catalog import Catalog
from avdataops.ports.catalog_rules import attributes_of
from avdataops.tables.scene_relations import COVERAGE, REVIEWS, scene_relations
from avdataops.tables.scene_rows import scenes_from_table
from avdataops.wiring.scene_rates import ReadTable

_ALL = 1_000_000


def relations(catalog: Catalog, read: ReadTable) -> dict[str, pa.Table]:
    """Return ``scenes``, ``evidence``, ``coverage``, ``reviews`` and ``measurements``.

    What is current of every measurement is read whole: this is for fleets whose scenes fit into
    memory (about 1 kB each).
    """
    measurements = catalog.measurements(limit=_ALL)
    names = [one.id for one in measurements]
    scenes = [scene for name in names for scene in _scenes(catalog, read, name)]
    latest = catalog.latest_reviews([one.id for one in scenes])
    reviews = [
        {"scene": scene, "number": one.number, "verdict": one.verdict.value}
        for scene, one in latest.items()
    ]
    tiles = [row for name in names for row in _tiles(catalog, read, name)]
    drives = [
        {
            "id": one.id,
            "vehicle": one.vehicle,
            "state": one.state.value,
            "start_ns": one.start_ns,
            "stop_ns": one.stop_ns,
        }
        for one in measurements
    ]
    kinds = {"id": "string", "vehicle": "string", "state": "string"}
    times = {"start_ns": "int64", "stop_ns": "int64"}
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in (kinds | times).items()])
    return {
        **scene_relations(scenes, map(attributes_of, scenes)),
        "coverage": pa.Table.from_pylist(tiles, schema=COVERAGE),
        "reviews": pa.Table.from_pylist(reviews, schema=REVIEWS),
        "measurements": pa.Table.from_pylist(drives, schema=schema),
    }


def _scenes(catalog: Catalog, read: ReadTable, measurement: str) -> Iterator[Scene]:
    for artifact in catalog.artifacts(measurement, kind="scenes"):
        yield from scenes_from_table(read(artifact), artifact.id)


def _tiles(catalog: Catalog, read: ReadTable, measurement: str) -> Iterator[dict[str, object]]:
    for artifact in catalog.artifacts(measurement, kind="scene_coverage"):
        for row in read(artifact).to_pylist():
            yield {
                "measurement": measurement,
                "type": row["type"],
                "start_ns": row["t_ns"],
                "end_ns": row["t_end_ns"],
                "known": int(row["known"]),
                "reason": row["reason"],
                "current": 1,
            }

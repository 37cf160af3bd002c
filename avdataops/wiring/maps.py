"""Tables of a map's roads, made once per map and kept beside it in the raw zone.

They are references with checksums of their own, which name the map that they were made of.
"""

import hashlib
import logging

from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, NotFound
from avdataops.model.ids import fingerprint
from avdataops.model.location import Location, Zone
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage, read_all

_log = logging.getLogger(__name__)
_ENRICH = "enrich"


def map_tables(storage: Storage, given: Artifact) -> tuple[Artifact, ...]:
    """Return the tables of the roads and places of a stored map, made if they are not there.

    All roads of the map are in memory while they are made, the rest of it never is; it must keep to
    the enricher's default limits.  Nothing for a map that cannot be read: the enrichment reads it
    itself and says why.
    """
    from avdataops.enrichers.road_osm.edge_table import CONTENTS, VERSION
    from avdataops.enrichers.road_osm.valhalla import is_tiles

    if is_tiles(storage.open(given.location)):
        return ()
    places = {
        content: Location(Zone.RAW, f"reference/{given.sha256[:16]}/{content}-v{VERSION}.parquet")
        for content in CONTENTS
    }
    if any(storage.stat(at) is None for at in places.values()):
        made = _made(storage, given)
        if made is None:
            return ()
        for content, at in places.items():
            # Of two processes that make them at once the first one's tables count.
            storage.put(at, [made[content]])
    return tuple(_artifact(storage, given, content, at) for content, at in places.items())


def _made(storage: Storage, given: Artifact) -> dict[str, bytes] | None:
    from avdataops.enrichers.road_osm import Params, read_extract
    from avdataops.enrichers.road_osm.edge_table import CONTENTS

    try:
        extract = read_extract(storage.open(given.location), max_mb=Params().max_map_mb)
    except InputError as error:
        _log.warning("no table of roads is made: %s", error.message)
        return None
    return {content: table(extract) for content, table in CONTENTS.items()}


def _artifact(storage: Storage, given: Artifact, content: str, at: Location) -> Artifact:
    from avdataops.enrichers.road_osm.edge_table import VERSION

    data = read_all(storage.open(at))
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{given.name} {content}"
    return Artifact(
        id=f"art_{fingerprint(['reference', 'map', name, given.sha256, sha256])}",
        kind="reference",
        measurement=None,
        name=name,
        location=at,
        bytes=len(data),
        sha256=sha256,
        attributes={
            "role": "map",
            "content": content,
            "map_sha256": given.sha256,
            "extractor": str(VERSION),
        },
    )


def roads_of_measurement(catalog: CatalogReader, measurement: str) -> Artifact | None:
    """Return the table of roads that the latest enrichment of a measurement read, if it did."""
    for record in reversed(catalog.runs(measurement, step=_ENRICH)):
        for used in record.used if record.outcome.made_something else ():
            artifact = _known(catalog, used)
            if artifact is not None and is_road_table(artifact):
                return artifact
    return None


def _known(catalog: CatalogReader, artifact: str) -> Artifact | None:
    try:
        return catalog.artifact(artifact)
    except NotFound:
        # Not for whoever asks: their data domain does not hold it.
        return None


def is_road_table(artifact: Artifact) -> bool:
    """Say whether this is the table of a map's roads."""
    stated = artifact.attributes
    return artifact.kind == "reference" and stated.get("content") == "edges"

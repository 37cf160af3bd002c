"""One random drive over a real extract, matched by a matcher of choice: what the enricher tells.

Run as ``python -m tests.system.matched_by MATCHER EXTRACT TILES``, because the package of a matcher
is not in the environment of the tests; prints JSON.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from avdataops.enrichers.road_osm import Params, enrich, read_extract
from avdataops.model.artifact import Artifact
from avdataops.model.location import Location, Zone
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile
from avdataops.signals.geo import to_wgs84
from avdataops.signals.road_graph import road_graph
from avdataops.signals.roads import Plane
from avdataops.testing.step_tables import RecordingContext
from benchmarks.accuracy import map_match

SEEDS = (1, 2)
SIGMA_M = 5.0


def _given(path: Path) -> InputFile:
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    artifact = Artifact(
        id=f"art_{sha256[:24]}",
        kind="reference",
        measurement=None,
        name=path.name,
        location=Location(Zone.RAW, f"reference/{path.name}"),
        bytes=len(data),
        sha256=sha256,
        attributes={"role": "map"},
    )
    return InputFile(artifact, BytesFile(path.name, data))


def main(matcher: str, extract: Path, tiles: Path) -> dict[str, object]:
    """Return which share of the points is on the way that was driven, and what else is told."""
    network = read_extract(BytesFile(extract.name, extract.read_bytes()), max_mb=512)
    nodes = network.edges.nodes
    graph = road_graph(network.edges, Plane(nodes))
    middle = [(float(x.min()) + float(x.max())) / 2 for x in (nodes.lat_deg, nodes.lon_deg)]
    way_ids = network.attributes["way_id"].to_numpy()
    files = (_given(extract), _given(tiles))
    right = told = total = 0
    crossings = 0.0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        drive = map_match.random_drive(graph, rng, length_m=8_000.0, rate_hz=1.0)
        trace = map_match.noisy(drive, rng, SIGMA_M)
        lat, lon = to_wgs84(trace.x_m, trace.y_m, middle[0], middle[1])
        speed = np.gradient(drive.s_m)
        track = Track(drive.t_ns, lat, lon, trace.heading_rad, speed)
        columns = enrich(RecordingContext(), track, files, Params(matcher=matcher))
        found = np.array(columns["way_id"].fill_null(-1).to_pylist())
        right += int(np.count_nonzero(found == way_ids[network.edges.way[drive.edge]]))
        told += int(np.count_nonzero(found >= 0))
        total += found.size
        crossings += float(np.isfinite(columns["junction_ahead_m"].to_numpy(False)).mean())
    probability = columns["match_probability"]
    return {
        "right": right / total,
        "told": told / total,
        "junctions": crossings / len(SEEDS),
        "has_probability": probability.null_count < len(probability),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))) + "\n")

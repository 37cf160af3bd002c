"""Faces and plates painted over by weights of the user, and what may leave because of it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from avdataops.settings import load_settings
from avdataops.testing.command_line import Desk
from avdataops.testing.invariants import broken_invariants
from avdataops.testing.onnx_by_hand import colour_network
from avdataops.wiring.workspace import open_workspace

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

NETWORK = ("--side-px", "32", "--stride", "8", "--min-score", "0.2")
SHA256 = hashlib.sha256(colour_network()).hexdigest()
SCOPE = ("--scene-type", "night", "--no-sweeps", "--to", "coco")


@pytest.fixture(scope="module")
def painted(
    finished_short: "Processed", tmp_path_factory: pytest.TempPathFactory
) -> tuple[Desk, str, Any]:
    """Return a finished drive whose pictures are painted over, and what was said."""
    folder = tmp_path_factory.mktemp("painted")
    shutil.copytree(finished_short.desk.workspace, folder / "lake")
    (folder / "net.onnx").write_bytes(colour_network())
    desk = Desk(folder / "lake", {"AVDATAOPS_ANONYMISER": str(folder / "net.onnx")})
    asked = ("labels", "anonymise", finished_short.measurement, *NETWORK, "--format", "json")
    done = desk.here(*asked)
    assert done.status == 0, done.err
    return desk, finished_short.measurement, done.json


def export(desk: Desk, measurement: str, folder: Path, *options: str | Path) -> Any:
    done = desk.here("labels", "export", measurement, *SCOPE, *options, "-o", folder)
    assert done.status == 0, done.err
    return json.loads((folder / "manifest.json").read_text())


def pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "frames").rglob("*") if path.is_file())


def test_every_picture_is_looked_at_and_the_counts_are_told(painted: tuple[Desk, str, Any]) -> None:
    desk, measurement, told = painted
    assert told["weights_sha256"] == SHA256
    assert told["cameras"] == ["/camera/front/image/compressed"]
    assert told["pictures"] == 240
    assert told["seen"] > 0
    with open_workspace(load_settings(workspace=desk.workspace)) as lake:
        (table,) = lake.catalog.artifacts(measurement, kind="anonymised")
        assert table.rows == 240
        assert broken_invariants(lake.storage, lake.catalog) == []


def test_the_same_weights_over_the_same_pictures_run_once(painted: tuple[Desk, str, Any]) -> None:
    desk, measurement, told = painted
    again = desk.here("labels", "anonymise", measurement, *NETWORK, "--format", "json").json
    assert again["nothing_to_do"]
    assert again["runs"] == told["runs"]


def test_painted_pictures_leave_without_an_exemption_and_say_what_they_are(
    painted: tuple[Desk, str, Any], tmp_path: Path
) -> None:
    desk, measurement, _ = painted
    manifest = export(desk, measurement, tmp_path / "out")
    assert (manifest["pii_status"], manifest["exemption"]) == ("anonymised", None)
    left = pictures_in(tmp_path / "out")
    assert len(left) == len(manifest["pictures"]) > 0
    for one in manifest["pictures"]:
        data = (tmp_path / "out" / one["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        assert one["attributes"]["pii_status"] == "anonymised"
        assert one["attributes"]["source_sha256"] != one["sha256"]
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape[:2] == (one["height_px"], one["width_px"])


def test_the_weights_are_in_the_lineage_of_what_left(
    painted: tuple[Desk, str, Any], tmp_path: Path
) -> None:
    desk, measurement, _ = painted
    export(desk, measurement, tmp_path / "out")
    (sent, *_) = desk.here("labels", "list", measurement, "--format", "json").json
    nodes = desk.here("lineage", "show", sent["run"], "--format", "json").json["nodes"]
    assert SHA256 in {node.get("sha256") for node in nodes}
    assert {"anonymised", "recording", "upload"} <= {node["kind"] for node in nodes}


def test_until_somebody_looked_they_stay_on_request_and_leave_when_cleared(
    painted: tuple[Desk, str, Any], tmp_path: Path
) -> None:
    desk, measurement, _ = painted
    strict = export(desk, measurement, tmp_path / "strict", "--only-cleared")
    assert pictures_in(tmp_path / "strict") == []
    hashes = [one["sha256"] for one in strict["pictures"]]
    clearance = tmp_path / "looked.json"
    clearance.write_text(json.dumps({"by": "reviewer 7", "pictures": hashes[1:]}))
    options = ("--only-cleared", "--clearance", clearance)
    cleared = export(desk, measurement, tmp_path / "cleared", *options)
    statuses = [one["attributes"]["pii_status"] for one in cleared["pictures"]]
    assert statuses == ["anonymised", *["cleared"] * (len(hashes) - 1)]
    assert len(pictures_in(tmp_path / "cleared")) == len(hashes) - 1
    assert cleared["pii_status"] == "cleared"
    clearance.write_text(json.dumps({"by": " ", "pictures": []}))
    asked = ("labels", "export", measurement, *SCOPE, *options, "-o", tmp_path / "other")
    refused = desk.here(*asked)
    assert (refused.status, "says who looked" in refused.err) == (65, True)


def test_without_weights_nothing_is_painted_over(finished_short: "Processed") -> None:
    done = finished_short.desk.here("labels", "anonymise", finished_short.measurement)
    assert (done.status, "no weights are named" in done.err) == (78, True)


def test_other_weights_replace_the_pictures_of_the_first(
    finished_short: "Processed", tmp_path: Path
) -> None:
    shutil.copytree(finished_short.desk.workspace, tmp_path / "lake")
    desk, measurement = Desk(tmp_path / "lake"), finished_short.measurement
    for size in (1.0, 2.0):
        net = tmp_path / f"net{size}.onnx"
        net.write_bytes(colour_network(size_cells=size))
        done = desk.here("labels", "anonymise", measurement, "--weights", net, *NETWORK)
        assert done.status == 0, done.err
    with open_workspace(load_settings(workspace=desk.workspace)) as lake:
        (table,) = lake.catalog.artifacts(measurement, kind="anonymised")
        record = lake.catalog.run(str(table.run))
    assert record.facts["weights_sha256"] == hashlib.sha256(net.read_bytes()).hexdigest()

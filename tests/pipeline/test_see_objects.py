"""Objects in the pictures of the short sample drive, by weights that a user sets."""

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import avdataops as av
from avdataops.testing.command_line import Desk
from avdataops.testing.onnx_by_hand import colour_network

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

PIPELINE = "name: seeing\nsteps:\n  - step: see_objects\n    params: {side_px: 32, strides: [8]}\n"


@pytest.fixture
def seeing(finished_short: "Processed", tmp_path: Path) -> Desk:
    """Return a copy of the finished workspace, with weights and the step set."""
    shutil.copytree(finished_short.desk.workspace, tmp_path / "workspace")
    (tmp_path / "seeing.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "net.onnx").write_bytes(colour_network())
    settings = {
        "AVDATAOPS_PIPELINE": str(tmp_path / "seeing.yaml"),
        "AVDATAOPS_MODEL": str(tmp_path / "net.onnx"),
    }
    return Desk(tmp_path / "workspace", settings)


def test_the_weights_are_in_the_lineage_of_what_was_seen(
    seeing: Desk, finished_short: "Processed"
) -> None:
    ran = seeing.here("run", finished_short.measurement, "--format", "json")
    assert ran.status == 0, ran.err
    runs = ran.json["runs"]
    assert {run["step"] for run in runs} == {"see_objects"}
    assert {run["outcome"] for run in runs} == {"done"}
    sha256 = hashlib.sha256(colour_network()).hexdigest()
    with av.connect(seeing.workspace) as lake:
        table = lake.table(finished_short.measurement, "camera_objects")
        assert set(table.column("weights_sha256").to_pylist()) <= {sha256}
        for run in runs:
            sources = lake.lineage(run["made"][0]).nodes
            assert sha256 in {node.sha256 for node in sources}

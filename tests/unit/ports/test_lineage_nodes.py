"""Nodes tell what is known and leave out what is not."""

from dataclasses import replace

from avdataops.model.dataset import frozen_dataset
from avdataops.model.run import Outcome
from avdataops.ports.lineage_nodes import (
    artifact_node,
    dataset_node,
    recording_node,
    run_node,
    scene_node,
)
from avdataops.testing.catalog_datasets import label
from avdataops.testing.facts import scene, uploaded

DRIVE = uploaded()


def test_an_artifact_tells_where_it_is_and_which_step_made_it() -> None:
    artifact = replace(DRIVE.uploads[0], rows=7, part="a")
    node = artifact_node(artifact, "extract", Outcome.CAVEATS)
    assert (node.id, node.kind, node.sha256) == (artifact.id, artifact.kind, artifact.sha256)
    assert node.facts == {
        "part": "a",
        "rows": 7,
        "bytes": artifact.bytes,
        "measurement": DRIVE.id,
        "step": "extract",
        "outcome": Outcome.CAVEATS.value,
        "location": str(artifact.location),
    }


def test_what_is_unknown_is_left_out() -> None:
    node = artifact_node(replace(DRIVE.uploads[0], rows=None, part=""), None, None)
    assert set(node.facts) == {"bytes", "measurement", "location"}
    assert run_node("run_1", "extract", None, "m_1").facts == {
        "step": "extract",
        "measurement": "m_1",
    }
    assert "format" not in recording_node(DRIVE.recordings[0]).facts


def test_a_scene_tells_when_and_by_whom() -> None:
    given = scene(DRIVE.id, "cut_in", 3)
    node = scene_node(given)
    assert (node.id, node.kind, node.name) == (given.id, "scene", "cut_in")
    assert node.facts["t_start_ns"] == given.t_start_ns
    assert node.facts["detector"] == given.detector


def test_a_dataset_tells_what_it_holds_and_whose_scenes() -> None:
    told = frozen_dataset(label(), [scene(DRIVE.id, "cut_in", 3)], DRIVE.uploads).dataset
    node = dataset_node(told)
    assert (node.id, node.kind, node.name, node.sha256) == (told.id, "dataset", "curves", None)
    assert node.facts == {"scenes": 1, "artifacts": 2, "query": "q", "vehicles": ["car-1"]}

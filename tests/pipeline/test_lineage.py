"""Every scene leads to the uploaded bytes, and every upload to its scenes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from avdataops.testing.command_line import sha256_of
from sample_data import SampleDrive

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

Json = dict[str, Any]


def originals(drive: SampleDrive) -> dict[str, Path]:
    """The uploaded files by their names in the manifest."""
    found = {path.name: path for path in drive.drive.iterdir()}
    return {**found, f"dbc/{drive.dbc.name}": drive.dbc}


def one_scene_of_each_type(finished: "Processed") -> dict[str, str]:
    answer = finished.desk.here("scenes", "find", "--limit", "0", "--format", "json")
    return {scene["type"]: scene["id"] for scene in answer.json}


def lineage(finished: "Processed", start: str, *options: str) -> Json:
    answer = finished.desk.here("lineage", "show", start, *options, "--format", "json")
    assert answer.status == 0, answer.err
    document: Json = answer.json
    return document


def test_every_type_of_scene_leads_to_the_sha256_of_the_files_on_disk(
    finished: "Processed",
) -> None:
    files = originals(finished.drive)
    hashes = {name: sha256_of(path) for name, path in files.items()}
    recordings = {"sensors.mcap", "chassis.mf4", "body.bag", "localization.db3"}
    scenes = one_scene_of_each_type(finished)
    assert len(scenes) == 24
    for kind, scene in scenes.items():
        document = lineage(finished, scene, "--up")
        uploads = {n["name"]: n["sha256"] for n in document["nodes"] if n["kind"] == "upload"}
        assert recordings <= set(uploads), kind
        assert uploads == {name: hashes[name] for name in uploads}, kind


def test_a_scene_is_connected_to_each_upload_by_edges(finished: "Processed") -> None:
    scene = one_scene_of_each_type(finished)["cut_in"]
    document = lineage(finished, scene, "--up")
    above: dict[str, set[str]] = {}
    for edge in document["edges"]:
        above.setdefault(edge["to"], set()).add(edge["from"])
    seen: set[str] = set()
    waiting = [scene]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += above.get(node, set())
    assert seen == {node["id"] for node in document["nodes"]}
    ends = {node["kind"] for node in document["nodes"] if node["id"] not in above}
    assert ends == {"upload", "reference"}


def test_weather_and_map_are_in_the_lineage_with_their_hashes(finished: "Processed") -> None:
    scene = one_scene_of_each_type(finished)["rain"]
    document = lineage(finished, scene, "--up")
    references = {n["name"]: n["sha256"] for n in document["nodes"] if n["kind"] == "reference"}
    tables = {name: references.pop(name) for name in ("map.osm edges", "map.osm places")}
    assert references == {
        "weather.isd": sha256_of(finished.drive.weather),
        "map.osm": sha256_of(finished.drive.osm),
    }
    assert len({*tables.values(), *references.values()}) == 4


@pytest.mark.parametrize("name", ["sensors.mcap", "chassis.mf4", "dbc/vehicle.dbc"])
def test_an_upload_leads_down_to_every_scene(finished: "Processed", name: str) -> None:
    scene = one_scene_of_each_type(finished)["hard_brake"]
    up = lineage(finished, scene, "--up")
    (upload,) = [n["id"] for n in up["nodes"] if n["kind"] == "upload" and n["name"] == name]
    down = lineage(finished, upload, "--down")
    every = finished.desk.here("scenes", "find", "--limit", "0", "--format", "json").json
    found = {node["id"] for node in down["nodes"] if node["kind"] == "scene"}
    assert found == {scene["id"] for scene in every}
    assert down["root"] == upload


def test_a_recording_is_its_upload_and_leads_down_to_every_scene(finished: "Processed") -> None:
    described = finished.desk.here("measurements", "show", finished.measurement, "--format", "json")
    bag = next(r["id"] for r in described.json["recordings"] if r["name"] == "body.bag")
    assert [(n["kind"], n["sha256"]) for n in lineage(finished, bag, "--up")["nodes"]] == [
        ("recording", sha256_of(finished.drive.body))
    ]
    down = lineage(finished, bag, "--down")
    assert [node["kind"] for node in down["nodes"][:2]] == ["recording", "upload"]
    assert sum(node["kind"] == "scene" for node in down["nodes"]) == 29


def test_nodes_and_edges_have_the_fields_that_others_build_on(finished: "Processed") -> None:
    document = lineage(finished, one_scene_of_each_type(finished)["turn_left"], "--up")
    assert {"id", "kind"} <= set.intersection(*(set(node) for node in document["nodes"]))
    assert all({"from", "to", "run"} <= set(edge) for edge in document["edges"])
    known = {node["id"] for node in document["nodes"]}
    assert {edge[end] for edge in document["edges"] for end in ("from", "to")} <= known
    files = [node for node in document["nodes"] if node["kind"] not in {"scene", "run"}]
    assert all(len(node["sha256"]) == 64 for node in files)


def test_a_depth_ends_the_walk(finished: "Processed") -> None:
    scene = one_scene_of_each_type(finished)["cut_in"]
    near = lineage(finished, scene, "--up", "--depth", "1")
    kinds = {node["kind"] for node in near["nodes"]}
    assert "scenes" in kinds
    assert "ego" in kinds
    assert not kinds & {"stream", "recording", "upload"}


def test_the_tree_ends_in_the_hash_of_the_file(finished: "Processed") -> None:
    scene = one_scene_of_each_type(finished)["cut_in"]
    shown = finished.desk.here("lineage", "show", scene, "--up").text.splitlines()
    assert shown[0].startswith("scene  cut_in")
    whole = sha256_of(finished.drive.sensors)
    assert any("upload  sensors.mcap" in line and line.endswith(whole) for line in shown)
    assert len(shown) < 25


def test_the_full_tree_has_a_line_for_every_table(finished: "Processed") -> None:
    scene = one_scene_of_each_type(finished)["cut_in"]
    document = lineage(finished, scene, "--up")
    full = finished.desk.here("lineage", "show", scene, "--up", "--format", "full").text
    missing = [n["id"] for n in document["nodes"] if n["id"] not in full]
    assert missing == []


def test_mermaid_draws_every_node_and_edge(finished: "Processed") -> None:
    scene = one_scene_of_each_type(finished)["cut_in"]
    document = lineage(finished, scene, "--up")
    chart = finished.desk.here("lineage", "show", scene, "--up", "--format", "mermaid").text
    lines = chart.splitlines()
    assert lines[0] == "flowchart LR"
    assert sum("-->" in line for line in lines) == len(document["edges"])
    assert sum('["' in line for line in lines) == len(document["nodes"])

"""Labels out and back over a finished drive: by command, by the orchestrator, and their lineage."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import avdataops as av
from avdataops.adapters.local_storage import LocalStorage
from avdataops.labels import read_labels
from avdataops.labels.coco import COCO
from avdataops.labels.openlabel import OPENLABEL
from avdataops.model.label_package import LabelPackage
from avdataops.model.labels import ObjectLabel, Track, box_of_corner
from avdataops.model.location import Location, Zone
from avdataops.settings import load_settings
from avdataops.steps.import_labels import read_package
from avdataops.testing.command_line import Desk
from avdataops.testing.invariants import broken_invariants
from avdataops.wiring.workspace import open_workspace
from tests.pipeline.test_orchestrate import TRACEPARENT, Node

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

WHY = "data protection officer, 2026-12"


@pytest.fixture
def desk(finished_short: "Processed", tmp_path: Path) -> Desk:
    """Return a copy of the finished workspace."""
    shutil.copytree(finished_short.desk.workspace, tmp_path / "lake")
    return Desk(tmp_path / "lake")


@pytest.fixture
def measurement(finished_short: "Processed") -> str:
    return finished_short.measurement


@pytest.fixture
def export(desk: Desk, measurement: str, tmp_path: Path) -> Callable[..., tuple[Any, Path]]:
    """Export into a folder of the name; return what was said and the folder."""

    def exported(name: str, *options: str) -> tuple[Any, Path]:
        folder = tmp_path / name
        done = desk.here("labels", "export", measurement, *options, "-o", folder)
        assert done.status == 0, done.err
        return done.json, folder

    return exported


Export = Callable[..., tuple[Any, Path]]


def manifest_in(folder: Path) -> LabelPackage:
    return read_package((folder / "manifest.json").read_bytes())


def with_a_car(folder: Path, width_px: float = 20.5, of: str = "car") -> bytes:
    """Return the OpenLABEL file of a package with one more box, as a partner sends it back."""
    _, labels = read_labels((folder / "labels.openlabel.json").read_bytes(), "it")
    picture = labels.pictures[0]
    car = ObjectLabel(
        track="7",
        shape="bbox",
        name="shape",
        frame=picture.frame,
        stream=picture.stream,
        box=box_of_corner(10.25, 20.125, width_px, 30.0),
        attributes={"occluded": "partly"},
    )
    tracks = (*labels.tracks, Track(key="7", object_class=of))
    return OPENLABEL.write(replace(labels, tracks=tracks, labels=(car,)))


def without_labels(folder: Path) -> bytes:
    """Return the OpenLABEL file of a package in which nobody labelled anything."""
    _, labels = read_labels((folder / "labels.openlabel.json").read_bytes(), "it")
    return OPENLABEL.write(replace(labels, labels=()))


def test_without_an_exemption_no_picture_leaves(desk: Desk, export: Export) -> None:
    told, folder = export("out")
    assert told["exemption"] is None
    assert told["pictures"] == told["frames"] > 0
    files = sorted(path.name for path in folder.rglob("*") if path.is_file())
    assert [name for name in files if not name.endswith(".pcd")] == [
        "calibration.json",
        "ego_poses.json",
        "labels.coco.json",
        "labels.openlabel.json",
        "manifest.json",
    ]
    package = manifest_in(folder)
    assert package.exemption is None
    assert {one.attributes["pii_status"] for one in package.pictures} == {"raw"}
    stored = desk.files("labeled")
    assert len(stored) == len(files)


def test_a_named_exemption_lets_pictures_out_and_is_recorded(
    desk: Desk, export: Export, measurement: str
) -> None:
    told, folder = export("out", "--exemption", WHY, "--scene-type", "night", "--rate-hz", "1")
    package = manifest_in(folder)
    assert package.exemption == WHY
    assert told["pictures"] == len(package.pictures) > 0
    for file in package.files:
        data = (folder / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.bytes, file.sha256)
    for picture in package.pictures:
        data = (folder / str(picture.file)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == picture.sha256
    with open_workspace(load_settings(workspace=desk.workspace)) as lake:
        (manifest,) = [
            one
            for one in lake.catalog.artifacts(measurement, kind="label_package")
            if one.attributes["role"] == "manifest"
        ]
        assert lake.catalog.run(str(manifest.run)).params["exemption"] == WHY


def test_the_same_wish_makes_the_same_package_once(export: Export) -> None:
    first, one = export("one", "--scene-type", "night")
    second, two = export("two", "--scene-type", "night")
    assert (first["nothing_to_do"], second["nothing_to_do"]) == (False, True)
    assert first["package"] == second["package"]
    for name in ("manifest.json", "labels.coco.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    other, _ = export("three", "--scene-type", "rain")
    assert other["package"] != first["package"]


def test_a_folder_with_other_content_is_left_alone(
    desk: Desk, measurement: str, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text("mine")
    done = desk.here("labels", "export", measurement, "-o", tmp_path / "out")
    assert (done.status, "other content" in done.err) == (65, True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.json"]


def test_a_type_that_the_drive_has_not_is_named_with_those_it_has(
    desk: Desk, measurement: str, tmp_path: Path
) -> None:
    asked = ("labels", "export", measurement, "--scene-type", "u_turn", "-o", tmp_path / "out")
    done = desk.here(*asked)
    assert done.status == 4
    assert "no scene of this measurement is one of: u_turn" in done.err
    assert "night" in done.err
    shown = desk.here("measurements", "show", measurement, "--format", "json").json
    assert shown["state"] == "complete"


def test_what_is_exported_is_valid_openlabel(export: Export, real_data: Path) -> None:
    from jsonschema import Draft7Validator

    schema = json.loads((real_data / "openlabel/openlabel_json_schema-v1.0.0.json").read_text())
    _, folder = export("out", "--exemption", WHY)
    validator = Draft7Validator(schema)
    for data in ((folder / "labels.openlabel.json").read_bytes(), with_a_car(folder)):
        assert [error.message for error in validator.iter_errors(json.loads(data))] == []


def counts(**some: int) -> dict[str, int]:
    return {"added": 0, "removed": 0, "moved": 0, "changed": 0, **some}


def test_deliveries_are_numbered_and_compared(
    desk: Desk, export: Export, measurement: str, tmp_path: Path
) -> None:
    _, folder = export("out")
    back = tmp_path / "back.json"

    def delivered(data: bytes) -> Any:
        back.write_bytes(data)
        asked = ("labels", "import", back, "--measurement", measurement, "--format", "json")
        done = desk.here(*asked)
        assert done.status == 0, done.err
        found = {word: one["count"] for word, one in done.json["changes"].items()}
        return done.json["delivery"], done.json["nothing_to_do"], found

    first, again = delivered(with_a_car(folder)), delivered(with_a_car(folder))
    scenes = len(manifest_in(folder).scenes)
    assert first == (1, False, counts(added=scenes + 1))
    assert again == (1, True, first[2])
    wider = delivered(with_a_car(folder, width_px=21.0))
    assert wider == (2, False, counts(moved=1))
    bare = delivered(without_labels(folder))
    assert bare == (3, False, counts(removed=1))
    _, labels = read_labels(with_a_car(folder), "it")
    as_coco = delivered(COCO.write(labels))
    assert as_coco == (4, False, counts(added=1))
    assert delivered(with_a_car(folder))[:2] == (5, False)
    with open_workspace(load_settings(workspace=desk.workspace)) as opened:
        assert broken_invariants(opened.storage, opened.catalog) == []
        (table,) = opened.catalog.artifacts(measurement, kind="labels")
        assert table.attributes["delivery"] == "5"


def test_a_label_leads_to_the_package_the_frames_and_the_uploaded_bytes(
    desk: Desk, export: Export, measurement: str, tmp_path: Path, finished_short: "Processed"
) -> None:
    told, folder = export("out")
    back = tmp_path / "back.json"
    back.write_bytes(with_a_car(folder))
    desk.here("labels", "import", back, "--measurement", measurement)
    with av.connect(desk.workspace) as lake:
        rows = lake.table(measurement, "labels").to_pylist()
        (car,) = [row for row in rows if row["shape"] == "bbox"]
        with open_workspace(load_settings(workspace=desk.workspace)) as opened:
            (table,) = opened.catalog.artifacts(measurement, kind="labels")
        nodes = lake.lineage(table.id).nodes
    picture = manifest_in(folder).pictures[0]
    assert (car["picture_sha256"], car["picture_t_ns"]) == (picture.sha256, picture.t_ns)
    assert (car["x_px"], car["width_px"], car["package"]) == (10.25, 20.5, told["package"])
    assert json.loads(car["attributes"]) == {"occluded": "partly"}
    kinds = {node.kind for node in nodes}
    assert {"label_delivery", "label_package", "frames", "stream", "recording", "upload"} <= kinds
    hashes = {node.sha256 for node in nodes}
    assert hashlib.sha256(back.read_bytes()).hexdigest() in hashes
    uploaded = {one["name"]: one["sha256"] for one in finished_short.uploaded["recordings"]}
    assert uploaded["sensors.mcap"] in hashes


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"of": "bycicle"}, "class 'bycicle' of track 7 is not in the taxonomy"),
        ({"width_px": 5000.0}, "px out of its picture"),
    ],
)
def test_labels_that_do_not_fit_are_refused_and_leave_nothing(
    desk: Desk, export: Export, measurement: str, tmp_path: Path, options: Any, text: str
) -> None:
    _, folder = export("out")
    before = desk.files("labeled", "derived")
    (tmp_path / "back.json").write_bytes(with_a_car(folder, **options))
    asked = ("labels", "import", tmp_path / "back.json", "--measurement", measurement)
    done = desk.here(*asked)
    assert (done.status, text in done.err) == (65, True), done.err
    assert desk.files("labeled", "derived") == before


def test_which_package_a_file_is_for_must_be_plain(
    desk: Desk, export: Export, measurement: str, tmp_path: Path
) -> None:
    told, _ = export("one")
    export("two", "--scene-type", "night")
    back = tmp_path / "back.json"
    back.write_text('{"images": [], "annotations": [], "categories": []}')
    asked = ("labels", "import", back, "--measurement", measurement)
    unsure = desk.here(*asked)
    assert (unsure.status, "does not say which package" in unsure.err) == (65, True)
    strange = desk.here(*asked, "--package", "pkg_0123456789abcdef")
    assert (strange.status, "never sent" in strange.err) == (4, True)
    named = desk.here(*asked, "--package", told["package"], "--format", "json")
    assert (named.status, named.json["labels"]) == (0, 0), named.err


def test_validate_tells_what_a_file_holds(desk: Desk, export: Export, tmp_path: Path) -> None:
    told, folder = export("out")
    (tmp_path / "back.json").write_bytes(with_a_car(folder))
    found = desk.here("labels", "validate", tmp_path / "back.json", "--format", "json").json
    assert (found["format"], found["package"]) == ("openlabel", told["package"])
    assert (found["classes"], found["labels"]) == (["car"], {"bbox": 1})
    assert sum(found["elements"].values()) == told["scenes"]
    (tmp_path / "old.json").write_text('{"vcd": {"schema_version": "4.3.1"}}')
    old = desk.here("labels", "validate", tmp_path / "old.json")
    assert (old.status, "VCD '4.3.1'" in old.err) == (65, True)


def test_the_orchestrator_sends_and_takes_in(desk: Desk, measurement: str, tmp_path: Path) -> None:
    node = Node(tmp_path / "node", desk)
    asked = {"action": "labels", "measurement": measurement, "traceparent": TRACEPARENT}
    status, sent = node.call(
        "orchestrate", **asked, direction="export", format="openlabel, nuscenes"
    )
    assert (status, sent["verdict"], sent["delivery"]) == (0, "done", None)
    assert sent["counts"]["pictures"] > 0
    key = f"label_packages/{measurement}/{sent['package']}/labels.openlabel.json"
    storage = LocalStorage(desk.workspace)
    file = storage.open(Location(Zone.LABELED, key))
    inbox = f"deliveries/inbox/{measurement}/back.json"
    storage.put(Location(Zone.LABELED, inbox), [file.read_at(0, file.size)])
    _, done = node.call("orchestrate", **asked, direction="import", delivery=inbox)
    assert (done["verdict"], done["package"], done["delivery"]) == ("done", sent["package"], 1)
    assert done["counts"]["added"] == done["counts"]["labels"] > 0
    bad = f"deliveries/inbox/{measurement}/bad.json"
    storage.put(Location(Zone.LABELED, bad), [b"{}"])
    status, told = node.call("orchestrate", **asked, direction="import", delivery=bad)
    assert (status, told["verdict"], told["reason"]["code"]) == (0, "rejected", "unreadable_file")
    assert told == node.outputs
    assert node.broken() == []


def test_deliveries_are_listed_shown_and_compared_at_any_distance(
    desk: Desk, export: Export, measurement: str, tmp_path: Path
) -> None:
    told, folder = export("out")
    package, other = told["package"], export("other", "--scene-type", "night")[0]["package"]
    back = tmp_path / "back.json"
    for width_px in (20.5, 21.0, 41.0):
        back.write_bytes(with_a_car(folder, width_px=width_px))
        desk.here("labels", "import", back, "--measurement", measurement)
    listed = desk.here("labels", "list", measurement, "--format", "json").json
    states = {(row["package"], row["delivery"]): row["state"] for row in listed}
    assert states == {
        (other, None): "sent",
        (package, 1): "superseded",
        (package, 2): "superseded",
        (package, 3): "current",
    }
    last = next(row for row in listed if row["delivery"] == 3)
    assert last["file_sha256"] == hashlib.sha256(back.read_bytes()).hexdigest()
    assert last["moved"] == 1
    assert desk.here("labels", "list").status == 0
    shown = desk.here("labels", "show", package, "--shape", "bbox", "--format", "json").json
    assert [row["width_px"] for row in shown] == [41.0]
    before = ("labels", "show", package, "--delivery", "1", "--shape", "bbox", "--format", "json")
    assert [row["width_px"] for row in desk.here(*before).json] == [20.5]

    def diff(*options: str) -> list[tuple[str, float | None]]:
        done = desk.here("labels", "diff", package, *options, "--format", "json")
        assert done.status == 0, done.err
        return [(row["change"], row["iou"]) for row in done.json if row["shape"] == "bbox"]

    assert diff() == [("moved", round(21 / 41, 4))]
    assert diff("--against", "1") == [("moved", 0.5)]
    assert diff("--delivery", "2") == [("moved", round(20.5 / 21, 4))]
    assert diff("--against", "0") == [("added", None)]


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        (("diff", "pkg_nothing"), 4, "no package 'pkg_nothing'"),
        (("show", "{package}"), 65, "nothing has come back"),
        (("list", "m_0123456789abcdef01234567"), 4, "m_0123456789abcdef01234567"),
    ],
    ids=["no_package", "not_back", "no_measurement"],
)
def test_a_label_set_that_is_not_there_is_told_with_what_to_do(
    desk: Desk, export: Export, options: tuple[str, ...], status: int, text: str
) -> None:
    package = export("out")[0]["package"]
    done = desk.here("labels", *(word.format(package=package) for word in options))
    assert (done.status, text in done.err) == (status, True), done.err


def test_a_schema_that_is_named_is_asked_and_stands_in_the_lineage(
    desk: Desk, export: Export, measurement: str, tmp_path: Path
) -> None:
    _, folder = export("out")
    back, schema = tmp_path / "back.json", tmp_path / "rules.json"
    back.write_bytes(with_a_car(folder))
    rules: dict[str, Any] = {"type": "object", "required": ["openlabel"]}
    schema.write_text(json.dumps(rules | {"maxProperties": 0}))
    asked = ("labels", "import", back, "--measurement", measurement, "--schema", schema)
    before = desk.files("labeled")
    refused = desk.here(*asked)
    assert (refused.status, "not as rules.json says" in refused.err) == (65, True)
    assert desk.here("labels", "validate", back, "--schema", schema).status == 65
    assert desk.files("labeled") == before
    schema.write_text(json.dumps(rules))
    done = desk.here(*asked, "--format", "json")
    assert done.status == 0, done.err
    nodes = desk.here("lineage", "show", done.json["made"][0], "--format", "json").json["nodes"]
    assert hashlib.sha256(schema.read_bytes()).hexdigest() in {one.get("sha256") for one in nodes}


def test_scenes_of_several_drives_or_each_scene_leave_as_packages_of_their_own(
    desk: Desk, measurement: str, tmp_path: Path
) -> None:
    found = desk.here("scenes", "find", "--format", "json").json
    ids = [row["id"] for row in found][:2]
    named = [word for one in ids for word in ("--scene", one)]
    usual = ("--no-sweeps", "--to", "openlabel", "-o")
    over = desk.here("labels", "export", *named, *usual, tmp_path / "over")
    assert over.status == 0, over.err
    (row,) = over.json["packages"]
    assert (row["folder"], sorted(row["scenes"])) == (measurement, sorted(ids))
    folder = tmp_path / "over" / measurement
    assert sorted(manifest_in(folder).scenes) == sorted(ids)
    manifest = (folder / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == row["manifest_sha256"]
    each = desk.here(
        "labels", "export", measurement, *named, "--each-scene", *usual, tmp_path / "e"
    )
    assert each.status == 0, each.err
    assert [row["folder"] for row in each.json["packages"]] == [
        row["scenes"][0] for row in each.json["packages"]
    ]
    assert {one.name for one in (tmp_path / "e").iterdir()} == {*ids, "selection.json"}
    again = desk.here(
        "labels", "export", measurement, *named, "--each-scene", *usual, tmp_path / "e"
    )
    assert again.json["nothing_to_do"]
    other = desk.here("labels", "export", "--scene", ids[0], *usual, tmp_path / "e")
    assert (other.status, "lists another selection" in other.err) == (65, True)
    nothing = desk.here("labels", "export", *usual, tmp_path / "n")
    assert (nothing.status, "no scene is chosen" in nothing.err) == (65, True)


def test_a_question_selects_scenes_and_one_that_cannot_be_is_refused(
    desk: Desk, measurement: str, tmp_path: Path
) -> None:
    usual = ("--no-sweeps", "--to", "openlabel", "-o")
    asked = desk.here("labels", "export", "--query", "night | rain", *usual, tmp_path / "asked")
    assert asked.status == 0, asked.err
    (row,) = asked.json["packages"]
    found = desk.here("scenes", "find", "night | rain", "--format", "json").json
    assert sorted(row["scenes"]) == sorted(one["id"] for one in found)
    assert len(found) > 1
    typed = ("labels", "export", measurement, "--query", "night", "--scene-type", "rain", *usual)
    none = desk.here(*typed, tmp_path / "none")
    assert (none.status, "no scene is chosen" in none.err) == (65, True)
    odd = desk.here("labels", "export", "--query", "nigt &", *usual, tmp_path / "odd")
    assert odd.status in {2, 65}
    assert not (tmp_path / "odd").exists()


def test_more_scenes_than_people_label_are_refused(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avdataops.wiring.label_selection.MAX_SCENES", 1)
    done = desk.here("labels", "export", "--query", "night | rain", "-o", tmp_path / "many")
    assert (done.status, "more than 1 scenes are chosen" in done.err) == (65, True)

"""docs/labels.md is typed as it stands, over the short sample drive."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avdataops.labels import read_labels
from avdataops.labels.openlabel import OPENLABEL
from avdataops.model.labels import ObjectLabel, Track, box_of_corner
from avdataops.testing.command_line import Desk
from avdataops.testing.onnx_by_hand import colour_network

if TYPE_CHECKING:
    import pytest

    from tests.pipeline.conftest import Processed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "labels.md").read_text(encoding="utf-8")
CAMERA = {
    "stream": "/camera/front/image/compressed",
    "kind": "camera",
    "placement": {"translation_m": [1.6, 0.0, 1.45], "rotation_xyzw": [-0.5, 0.5, -0.5, 0.5]},
}


def commands() -> list[str]:
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def labelled(folder: Path) -> bytes:
    """Return the OpenLABEL file of a package with one more box, as a partner sends it back."""
    _, labels = read_labels((folder / "labels.openlabel.json").read_bytes(), "it")
    picture = labels.pictures[0]
    box = ObjectLabel(
        track="7",
        shape="bbox",
        name="shape",
        frame=picture.frame,
        stream=picture.stream,
        box=box_of_corner(10.25, 20.125, 20.0, 30.0),
    )
    tracks = (*labels.tracks, Track(key="7", object_class="car"))
    return OPENLABEL.write(replace(labels, tracks=tracks, labels=(*labels.labels, box)))


def ids(desk: Desk, measurement: str) -> dict[str, str]:
    """Return what stands for the page's ids: the drive, its delivered package and its table."""
    rows: list[Any] = desk.here("labels", "list", measurement, "--format", "json").json
    back = [row for row in rows if row["delivery"] is not None]
    found = {"m": measurement}
    return found | ({"pkg": back[-1]["package"], "art": back[-1]["artifact"]} if back else {})


def with_ids(words: list[str], known: dict[str, str]) -> list[str]:
    found = [re.fullmatch(r"(m|pkg|art)_\w+", word) for word in words]
    return [known[one[1]] if one else word for word, one in zip(words, found, strict=True)]


def test_every_command_of_the_page_works_in_order(
    finished_short: "Processed", tmp_path: Path, monkeypatch: "pytest.MonkeyPatch"
) -> None:
    shutil.copytree(finished_short.desk.workspace, tmp_path / "lake")
    desk, measurement = Desk(tmp_path / "lake"), finished_short.measurement
    monkeypatch.chdir(tmp_path)
    Path("faces.onnx").write_bytes(colour_network())
    Path("mine.json").write_text(json.dumps({"sensors": [CAMERA]}))
    typed = commands()
    assert len(typed) >= 9
    printed: dict[str, str] = {}
    for command in typed:
        words = shlex.split(command)[1:]
        words = with_ids(words, ids(desk, measurement))
        if words[:2] == ["labels", "validate"]:
            Path(words[2]).write_bytes(labelled(Path("out")))
        done = desk.here(*words)
        assert done.status == 0, f"{command}\n{done.err}"
        printed[" ".join(words[:2])] = done.text
    assert "/camera" in printed["labels show"]
    assert "added" in printed["labels diff"]
    assert "upload" in printed["lineage show"]
    assert sorted(path.name for path in Path("out").iterdir()) == [
        *("calibration.json", "ego_poses.json", "frames", "labels.coco.json"),
        *("labels.openlabel.json", "lidar", "lidar_deskewed", "manifest.json", "maps", "samples"),
        "v1.0-avdataops",
    ]


def test_the_page_names_every_file_of_a_package() -> None:
    table = PAGE.partition("| file |")[2].partition("\n\n")[0]
    for name in ("manifest.json", "calibration.json", "ego_poses.json", "lidar_deskewed"):
        assert name in table

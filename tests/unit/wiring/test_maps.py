"""Tables of the configured map: made once, named after the map, and none for a damaged one."""

import hashlib
from pathlib import Path

import pytest

from avdataops.enrichers.road_osm import edge_table
from avdataops.model.artifact import Artifact
from avdataops.model.location import Zone
from avdataops.ports.storage import read_all
from avdataops.settings import Settings
from avdataops.wiring import maps
from avdataops.wiring.workspace import Workspace, open_workspace

ROAD = """<osm version="0.6">
  <node id="1" lat="47.1" lon="9.500"/><node id="2" lat="47.1" lon="9.504"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
</osm>"""


def opened(tmp_path: Path, text: str = ROAD) -> Workspace:
    (tmp_path / "town.osm").write_text(text, encoding="utf-8")
    return open_workspace(Settings(workspace=tmp_path / "w", map=tmp_path / "town.osm"))


def test_a_map_has_its_tables_beside_it_and_they_name_it(tmp_path: Path) -> None:
    with opened(tmp_path) as workspace:
        town, *tables = workspace.references()
        assert [one.name for one in tables] == ["town.osm edges", "town.osm places"]
        for one, content in zip(tables, ("edges", "places"), strict=True):
            assert one.attributes == {
                "role": "map",
                "content": content,
                "map_sha256": town.sha256,
                "extractor": str(edge_table.VERSION),
            }
            assert one.location.zone is Zone.RAW
            assert (
                one.location.key
                == f"reference/{town.sha256[:16]}/{content}-v{edge_table.VERSION}.parquet"
            )
            data = read_all(workspace.storage.open(one.location))
            assert (len(data), hashlib.sha256(data).hexdigest()) == (one.bytes, one.sha256)
            assert workspace.catalog.artifact(one.id) == one


def test_tables_are_made_once_per_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as workspace:
        first = workspace.references()

    def never(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(maps, "_made", never)
    with opened(tmp_path) as workspace:
        assert workspace.references() == first
    with (
        opened(tmp_path, ROAD.replace("primary", "trunk")) as workspace,
        pytest.raises(AssertionError, match="made again"),
    ):
        workspace.references()


def test_one_lost_table_is_made_again_with_the_same_bytes(tmp_path: Path) -> None:
    with opened(tmp_path) as workspace:
        first = workspace.references()
        (tmp_path / "w" / "raw" / first[2].location.key).unlink()
        assert workspace.references() == first


@pytest.mark.parametrize("text", ["no map", ROAD[:-20]])
def test_a_map_that_cannot_be_read_has_no_tables(tmp_path: Path, text: str) -> None:
    with opened(tmp_path, text) as workspace:
        found: tuple[Artifact, ...] = workspace.references()
        assert [one.name for one in found] == ["town.osm"]

"""Pages over a finished drive say and give what the command line says and gives."""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from avdataops.api import Door, make_app
from avdataops.model.errors import InputError
from avdataops.ports.catalog import SceneQuery
from avdataops.settings import load_settings
from avdataops.wiring.scene_questions import Asking
from avdataops.wiring.sensor_pictures import SensorPictures
from avdataops.wiring.stored_tables import read_table
from avdataops.wiring.workspace import Workspace, open_workspace
from tests.pipeline.conftest import Processed
from tests.unit.api.door_kit import Client, OneToken

FILES = ("clip.mcap", "tables.zip?as=parquet", "tables.zip?as=csv")


@pytest.fixture(scope="module")
def workspace(finished: Processed) -> Iterator[Workspace]:
    with open_workspace(load_settings(workspace=finished.desk.workspace)) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Iterator[Client]:
    door = Door(
        catalog=workspace.catalog,
        desk=workspace.catalog,
        checker=OneToken(),
        asking=Asking(workspace.catalog),
        read=partial(read_table, workspace.storage),
        pictures=SensorPictures(workspace.storage),
    )
    with asyncio.Runner() as loop:
        yield Client(make_app(door), loop)


def text_of(client: Client, path: str, **query: str) -> str:
    answer = client.ask("GET", f"{path}?{urlencode(query)}")
    assert answer.status == 200, answer.body[:1000]
    return answer.body.decode()


def scene_of(workspace: Workspace, kind: str) -> str:
    return workspace.catalog.scenes(SceneQuery(types=(kind,)), limit=1)[0].id


def test_a_question_in_words_finds_what_the_command_line_finds(
    client: Client, finished: Processed
) -> None:
    question = "turn_left & rain & night & near junction"
    text = text_of(client, "/scenes", q=question)
    told = finished.desk.here("scenes", "find", question, "--format", "json").json
    assert re.findall(r'<tr data-id="(\w+)"', text) == [one["id"] for one in told] != []
    assert f"avdataops scenes find &#39;{question.replace('&', '&amp;')}&#39;" in text


@pytest.mark.parametrize("by", ["weather", "light", "road_class"])
def test_what_was_around_is_counted_and_each_count_leads_to_its_scenes(
    client: Client, finished: Processed, by: str
) -> None:
    text = text_of(client, "/scenes", q="ego_motion")
    told = finished.desk.here("scenes", "count", "ego_motion", "--by", by, "--format", "json").json
    part = text.split(f"{by.replace('_', ' ').capitalize()} when it began")[1].split("</ul>")[0]
    found = re.findall(
        r'href="([^"]+)"><span class="name">([^<]+)</span><span class="count">(\d+)', part
    )
    assert {name: int(count) for _, name, count in found} == {
        one[by].replace("_", " "): one["scenes"] for one in told
    }
    for address, _, count in found:
        narrowed = client.ask("GET", address.replace("&amp;", "&")).body.decode()
        assert f"<b>{count}</b>" in narrowed


def test_a_question_that_is_wrong_is_told_with_a_mark_under_the_word(client: Client) -> None:
    text = text_of(client, "/scenes", q="cutin & rain")
    assert "did you mean &#39;cut_in&#39;?" in text
    assert re.search(r"\n *\^{5}", text)
    assert 'value="cutin &amp; rain"' in text


def test_how_often_is_told_with_its_denominator(client: Client, finished: Processed) -> None:
    text = text_of(client, "/scenes/rate", q="junction & rain", per="1km")
    rows = finished.desk.here(
        "scenes", "rate", "junction & rain", "--per", "1km", "--format", "json"
    )
    (told,) = rows.json if isinstance(rows.json, list) else [rows.json]
    assert f"{told['rate']:.4g} per 1 km" in text
    assert f"{told['low']:.4g} to {told['high']:.4g}" in text
    assert f"{told['judged_km']:.4g} of {told['exposure_km']:.4g} km" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "cutin"}, "did you mean &#39;cut_in&#39;?"),
        ({"q": "any"}, "a rate needs to know which types"),
        ({"q": "cut_in", "per": "3 bananas"}, "is no distance and no time"),
        ({"q": ""}, "How often"),
    ],
)
def test_a_rate_that_cannot_be_is_told(
    client: Client, query: dict[str, str], expected: str
) -> None:
    assert expected in text_of(client, "/scenes/rate", **query)


def test_why_nothing_was_found_is_told_with_what_was_missing(
    client: Client, finished: Processed
) -> None:
    asked = {"measurement": finished.measurement, "at": "+30s", "type": "hard_accel"}
    text = text_of(client, "/why-not", **asked)
    told = finished.desk.here(
        "scenes", "why-not", finished.measurement, "+30s", "hard_accel", "--format", "json"
    ).json
    assert told["verdict"].replace("_", " ") in text
    (missed,) = told["thresholds"]
    assert f"{missed['had']:.4g}" in text
    assert f"{missed['short_by']:.4g}" in text


def test_a_clip_is_to_the_byte_the_one_of_the_command_line(
    client: Client, workspace: Workspace, finished: Processed, tmp_path: Path
) -> None:
    scene = scene_of(workspace, "cut_in")
    answer = client.ask("GET", f"/scenes/{scene}/clip.mcap")
    assert answer.status == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{scene}.mcap"'
    file = tmp_path / "clip.mcap"
    assert finished.desk.here("scenes", "export", scene, "-o", file).status == 0
    assert answer.body == file.read_bytes()


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_tables_come_packed_with_what_they_are_made_from(
    client: Client, workspace: Workspace, form: str
) -> None:
    scene = scene_of(workspace, "cut_in")
    answer = client.ask("GET", f"/scenes/{scene}/tables.zip?as={form}")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert packed.testzip() is None
        manifest: Any = json.loads(packed.read("clip.json"))
        assert manifest["scene"] == scene
        names = {name for name in packed.namelist() if name != "clip.json"}
    assert {one["path"] for one in manifest["files"]} == names != set()


def test_nothing_is_left_behind_by_a_clip(
    client: Client, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    scene = scene_of(workspace, "cut_in")
    for name in FILES:
        assert client.ask("GET", f"/scenes/{scene}/{name}").status == 200
    monkeypatch.setattr("avdataops.api.pages.clip_download.export_clip", _fails)
    for name in FILES:
        assert client.ask("GET", f"/scenes/{scene}/{name}").status == 422
    assert list(tmp_path.iterdir()) == []


def _fails(*_: object) -> None:
    raise InputError("the disk is full")


@pytest.mark.parametrize("form", ["rrd", "mp4", "mcap", "exe", "../csv", ""])
def test_tables_are_given_in_two_forms_and_no_other(
    client: Client, workspace: Workspace, form: str
) -> None:
    scene = scene_of(workspace, "cut_in")
    assert client.ask("GET", f"/scenes/{scene}/tables.zip", params={"as": form}).status == 422


def test_a_long_scene_is_for_the_command_line(
    client: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avdataops.api.pages.clip_download.MAX_CLIP_S", 1.0)
    scene = scene_of(workspace, "night")
    for name, hint in (
        ("clip.mcap", f"--to mcap -o {scene}.mcap"),
        ("tables.zip?as=csv", f"--to csv -o {scene}"),
    ):
        answer = client.ask("GET", f"/scenes/{scene}/{name}")
        assert answer.status == 422
        assert answer.json["hint"] == f"avdataops scenes export {scene} {hint}"


def test_the_page_of_a_scene_leads_to_clips_lineage_and_why_not(
    client: Client, workspace: Workspace
) -> None:
    scene = scene_of(workspace, "cut_in")
    text = text_of(client, f"/scenes/{scene}")
    for name in FILES:
        assert f'href="/scenes/{scene}/{name}"' in text
    assert f'href="/lineage/{scene}"' in text
    assert "/why-not?measurement=" in text

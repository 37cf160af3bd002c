"""What the scripts of pages draw, over stored tables."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from avdataops.api.pages.scenes_page import MAX_MAPS
from avdataops.model.errors import NotFound
from avdataops.model.measurement import Measurement, Recording, State
from avdataops.model.review import Review
from avdataops.model.run import Outcome, RunRecord
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import SceneQuery
from avdataops.testing.facts import T0_NS, scene
from tests.unit.api.door_kit import Answer, Client, app_over
from tests.unit.wiring.viewed import MEASUREMENT, Shelf

JPEG = cv2.imencode(".jpg", np.full((9, 16, 3), 99, np.uint8))[1].tobytes()
FOR_EVER = "private, max-age=31536000, immutable"
FOUND = replace(
    scene(MEASUREMENT, "cut_in", 10 * NS_PER_S, evidence={"min_ttc_s": 1.5}),
    actor="red",
    lat_deg=56.0,
    lon_deg=10.0,
)
ELSEWHERE = replace(scene("m_" + "2" * 24, "cut_in"), lat_deg=None)


def at(seconds: float) -> int:
    return FOUND.t_start_ns + round(seconds * NS_PER_S)


class Drive(Shelf):
    """One drive with all that pages look at."""

    def __init__(self) -> None:
        super().__init__()
        frames = {"t_ns": range(3), "data": [JPEG + bytes([n]) for n in range(3)]}
        self.camera = self.put(
            "stream", pa.table(frames), "/cam", part="a", attributes={"topic_class": "camera"}
        )
        points = {f"points_{axis}": [[10.0], [20.0]] for axis in ("x_m", "y_m", "z_m")}
        self.lidar = self.put(
            "stream",
            pa.table({**points, "header_frame_id": ["base_link"] * 2}),
            "/lidar",
            part="a",
            attributes={"topic_class": "lidar"},
        )
        rows = [("/cam", "camera", n) for n in range(3)] + [
            ("/lidar", "lidar", n) for n in range(2)
        ]
        self.put(
            "frame_facts",
            pa.table(
                {
                    "t_ns": [at(row) for *_, row in rows],
                    "stream": [stream for stream, *_ in rows],
                    "topic_class": [kind for _, kind, _ in rows],
                    "frame_row": [row for *_, row in rows],
                    "part": ["a"] * len(rows),
                }
            ),
        )
        self.put(
            "ego",
            pa.table(
                {
                    "t_ns": [at(0), at(1)],
                    "ego_speed_mps": [12.0, 11.0],
                    "lat_deg": [56.0, 56.001],
                    "lon_deg": [10.0, 10.001],
                }
            ),
        )
        self.put(
            "context",
            pa.table(
                {"t_ns": [at(0)], "light": ["night"], "rain": [True], "road_class": ["primary"]}
            ),
        )
        self.roads = self.put("reference", pa.table({"x": [1]}), attributes={"content": "edges"})
        self.records.append(
            RunRecord(
                run="run_" + "0" * 24, step="enrich", version=1, measurement=MEASUREMENT, part="",
                attempt=1, outcome=Outcome.DONE, params={}, used=(self.camera.id, self.roads.id),
            )
        )  # fmt: skip

    def scene(self, wanted: str) -> Scene:
        for one in (FOUND, ELSEWHERE):
            if one.id == wanted:
                return one
        raise NotFound(wanted)

    def scenes(
        self, query: SceneQuery, *, after: str | None = None, limit: int = 100
    ) -> list[Scene]:
        del query, after, limit
        return [FOUND]

    def count_scenes(self, query: SceneQuery, *, by: str = "type") -> dict[str, int]:
        del query
        return {"cut_in" if by == "type" else "car-1": 1}

    def measurement(self, measurement: str) -> Measurement:
        return Measurement(
            id=measurement, vehicle="car-1", state=State.COMPLETE, created_ns=0,
            start_ns=T0_NS, stop_ns=T0_NS + 60 * NS_PER_S,
        )  # fmt: skip

    def recordings(self, measurement: str) -> list[Recording]:
        del measurement
        return []

    def reviews(self, wanted: str) -> list[Review]:
        del wanted
        return []

    def measurements(self, **given: Any) -> list[Measurement]:
        del given
        return [self.measurement(MEASUREMENT)]


@pytest.fixture(scope="module")
def drive() -> Drive:
    return Drive()


@pytest.fixture(scope="module")
def client(drive: Drive, loop: asyncio.Runner) -> Client:
    catalog: Any = drive
    return Client(app_over(catalog, storage=drive.storage), loop)


def told(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_a_frame_is_given_as_recorded_and_may_be_kept_for_ever(
    client: Client, drive: Drive
) -> None:
    answer = client.ask("GET", f"/frames/{drive.camera.id}?row=1")
    assert (answer.status, answer.body) == (200, JPEG + b"\x01")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("query", "status"),
    [("row=3", 404), ("row=-1", 422), ("row=x", 422), ("", 422), ("row=99999999999999999999", 422)],
)
def test_a_frame_that_is_not_there_is_refused(
    client: Client, drive: Drive, query: str, status: int
) -> None:
    assert client.ask("GET", f"/frames/{drive.camera.id}?{query}").status == status


def test_only_streams_of_cameras_are_given_as_frames(client: Client, drive: Drive) -> None:
    for artifact in (drive.lidar, drive.roads, drive.artifacts(MEASUREMENT, kind="ego")[0]):
        assert client.ask("GET", f"/frames/{artifact.id}?row=0").status == 404
    assert client.ask("GET", "/frames/art_0000000000000000?row=0").status == 404


def test_a_sweep_is_a_picture_from_above(client: Client, drive: Drive) -> None:
    address = f"/scenes/{FOUND.id}/clouds/{drive.lidar.id}"
    answer = client.ask("GET", f"{address}?row=1&t_ns={at(1)}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == FOR_EVER
    assert cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR) is not None
    assert client.ask("GET", f"{address}?row=9&t_ns={at(1)}").status == 404
    assert client.ask("GET", f"{address}?row=1").status == 422


def test_a_sweep_of_another_drive_does_not_belong_to_the_scene(
    client: Client, drive: Drive
) -> None:
    address = f"/scenes/{ELSEWHERE.id}/clouds/{drive.lidar.id}?row=1&t_ns=0"
    assert client.ask("GET", address).status == 422
    address = f"/scenes/{FOUND.id}/clouds/{drive.camera.id}?row=1&t_ns=0"
    assert client.ask("GET", address).status == 404


def test_signals_and_the_way_are_in_seconds_after_the_start(client: Client, drive: Drive) -> None:
    signals = told(client.ask("GET", f"/scenes/{FOUND.id}/signals.json"))
    assert signals["ego"]["t"] == [0.0, 1.0]
    assert signals["ego"]["series"][0]["values"] == [12.0, 11.0]
    assert signals["actor"] == {"t": [], "series": []}
    way = told(client.ask("GET", f"/scenes/{FOUND.id}/way.json"))
    assert way == {"way": [[0.0, 10.0, 56.0], [1.0, 10.001, 56.001]], "maps": [drive.roads.id]}


@pytest.mark.parametrize("piece", ["nan", "inf", "x", "1e9"])
def test_a_piece_that_cannot_be_is_refused(client: Client, piece: str) -> None:
    for name in ("signals.json", "way.json"):
        assert client.ask("GET", f"/scenes/{FOUND.id}/{name}?at={piece}").status == 422


@pytest.mark.parametrize(
    "box",
    ["south=0&west=0&north=1&east=1", "south=1&west=0&north=0&east=1", "south=0&west=0&north=0.1",
     "south=0&west=0&north=nan&east=0.1", "south=0&west=0&north=0.1&east=400"],
)  # fmt: skip
def test_roads_are_drawn_in_a_small_box_only(client: Client, drive: Drive, box: str) -> None:
    assert client.ask("GET", f"/maps/{drive.roads.id}/roads.json?{box}").status == 422


def test_what_is_no_map_has_no_roads(client: Client, drive: Drive) -> None:
    box = "south=0&west=0&north=0.1&east=0.1"
    assert client.ask("GET", f"/maps/{drive.camera.id}/roads.json?{box}").status == 404
    # This one says that it is one, and is none.
    assert client.ask("GET", f"/maps/{drive.roads.id}/roads.json?{box}").status == 422


def test_points_on_the_map_have_a_colour_and_name_the_map_under_them(
    client: Client, drive: Drive
) -> None:
    found = told(client.ask("GET", "/scenes/points.json"))
    (feature,) = found["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [10.0, 56.0]}
    assert feature["properties"]["id"] == FOUND.id
    assert feature["properties"]["colour"].startswith("hsl(")
    assert found["maps"] == [drive.roads.id]
    assert len(found["maps"]) <= MAX_MAPS


def test_the_page_of_a_scene_lists_its_frames_and_surroundings(
    client: Client, drive: Drive
) -> None:
    text = client.ask("GET", f"/scenes/{FOUND.id}").body.decode()
    for expected in (
        'class="view camera" data-stream="/cam"',
        'class="view lidar" data-stream="/lidar"',
        ">light</th><td>night",
        ">rain</th><td>yes",
        ">road</th><td>primary",
        "Nobody has looked at this scene yet",
    ):
        assert expected in text
    view = json.loads(text.split('data-view="')[1].split('"')[0].replace("&#34;", '"'))
    assert view["zero"] == str(FOUND.t_start_ns)
    camera = next(one for one in view["sensors"] if one["class"] == "camera")
    assert camera["frames"] == [[float(n), drive.camera.id, n] for n in range(3)]


def test_a_reader_sees_no_button_to_judge_with(client: Client) -> None:
    assert 'value="accepted"' not in client.ask("GET", f"/scenes/{FOUND.id}").body.decode()


def test_the_page_of_a_drive_shows_its_surroundings_over_time(client: Client) -> None:
    text = client.ask("GET", f"/measurements/{MEASUREMENT}").body.decode()
    for expected in ("strip-night", "strip-rain", f'href="/scenes/{FOUND.id}"'):
        assert expected in text
    assert client.ask("GET", f"/measurements/{MEASUREMENT}/sync.svg").status == 404


def test_health_tells_where_was_driven(client: Client) -> None:
    text = client.ask("GET", "/health").body.decode()
    for expected in ("Driven by light", "Driven by weather", "Driven by road", "primary"):
        assert expected in text


def test_a_door_without_tables_shows_what_the_catalog_knows(
    drive: Drive, loop: asyncio.Runner
) -> None:
    catalog: Any = drive
    client = Client(app_over(catalog), loop)
    text = client.ask("GET", f"/scenes/{FOUND.id}").body.decode()
    assert "min_ttc_s" in text
    assert 'id="player"' not in text
    assert client.ask("GET", f"/measurements/{MEASUREMENT}").status == 200
    for address in (f"/frames/{drive.camera.id}?row=0", f"/scenes/{FOUND.id}/signals.json"):
        answer = client.ask("GET", address)
        assert (answer.status, b"shows no data" in answer.body) == (404, True)

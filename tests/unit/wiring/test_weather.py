"""Weather of a service for a measurement: what is asked, kept, and done when it fails."""

import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.model.artifact import Artifact
from avdataops.model.errors import (
    AvdataopsError,
    ConfigError,
    InputError,
    PermissionDenied,
    TransientError,
)
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Measurement, State
from avdataops.model.time import NS_PER_S, parse_time
from avdataops.ports.catalog import Catalog
from avdataops.ports.weather import Ask
from avdataops.settings import Settings
from avdataops.wiring.weather import FetchedWeather, fetched_weather, weather_service
from tests.doubles.played import Answer, Played, playing

DAY_NS = 86_400 * NS_PER_S
NOON = parse_time("2021-07-26T12:00:00Z")
DRIVE = Measurement(id="m_1", vehicle="V", state=State.RUNNING, created_ns=0)


@dataclass
class Service:
    """Answers with what it was asked, or fails."""

    asked: list[Ask] = field(default_factory=list)
    error: AvdataopsError | None = None
    knows: bool = True
    name: str = "open-meteo"
    period_ns: int = DAY_NS

    def document(self, ask: Ask) -> bytes | None:
        self.asked.append(ask)
        if self.error is not None:
            raise self.error
        return f"{ask.lat_deg} {len(self.asked)}".encode() if self.knows else None


@dataclass
class Shelf:
    """As much of a catalog as this needs."""

    ego: list[Artifact] = field(default_factory=list)
    taken: list[Artifact] = field(default_factory=list)

    def artifacts(self, measurement: str, *, kind: str | None = None) -> Sequence[Artifact]:
        assert (measurement, kind) == ("m_1", "ego")
        return self.ego

    def reference(self, artifacts: Sequence[Artifact]) -> None:
        self.taken.extend(artifacts)


@dataclass
class Kit:
    """A lake with one drive."""

    service: Service = field(default_factory=Service)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    shelf: Shelf = field(default_factory=Shelf)

    def drives(self, *rows: tuple[int, float, float]) -> None:
        """Add an ego table with these times and places."""
        t_ns, lat, lon = (np.array(column) for column in zip(*rows, strict=True))
        table = pa.table({
            "t_ns": pa.array(t_ns, pa.int64()),
            "ts": pa.array(t_ns // 1000, pa.timestamp("us", tz="UTC")),
            "lat_deg": pa.array(lat, pa.float64(), from_pandas=True),
            "lon_deg": pa.array(lon, pa.float64(), from_pandas=True),
        })  # fmt: skip
        sink = io.BytesIO()
        pq.write_table(table, sink)
        at = Location(Zone.DERIVED, f"ego/{len(self.shelf.ego)}.parquet")
        self.storage.put(at, [sink.getvalue()])
        self.shelf.ego.append(
            Artifact(id=f"art_{len(self.shelf.ego)}", kind="ego", measurement="m_1", name="ego",
                     location=at, bytes=len(sink.getvalue()), sha256="0" * 64)
        )  # fmt: skip

    def fetch(self) -> tuple[Artifact, ...]:
        """In a process of its own."""
        catalog = cast("Catalog", self.shelf)
        return FetchedWeather(self.service, self.storage, catalog).references(DRIVE)


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_each_rounded_cell_and_day_is_asked_for_once(kit: Kit) -> None:
    kit.drives(
        (NOON, 56.163, 10.203), (NOON + 1, 56.158, 10.199), (NOON + 2, 56.17, 10.26),
        (NOON + DAY_NS, 56.16, 10.2),
    )  # fmt: skip
    kit.drives((NOON + 3, 56.24, 10.201), (NOON + 4, np.nan, 10.2), (NOON + 5, 56.2, np.nan))
    kit.fetch()
    midnight = NOON - DAY_NS // 2
    assert kit.service.asked == [
        Ask(56.2, 10.2, midnight), Ask(56.2, 10.3, midnight), Ask(56.2, 10.2, midnight + DAY_NS),
    ]  # fmt: skip


def test_a_document_becomes_a_reference_with_its_checksum(kit: Kit) -> None:
    kit.drives((NOON, 56.16, 10.2))
    (found,) = kit.fetch()
    data = kit.storage.open(found.location).read_at(0, 100)
    assert data == b"56.2 1"
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.name == "open-meteo +56.2+10.2 20210726T00.json"
    assert (found.kind, found.measurement, found.bytes) == ("reference", None, 6)
    assert found.attributes == {"role": "weather", "service": "open-meteo"}
    assert found.location.zone is Zone.RAW
    assert kit.shelf.taken == [found]


def test_a_rerun_asks_nobody_and_gives_the_same(kit: Kit) -> None:
    kit.drives((NOON, 56.16, 10.2), (NOON, 56.3, 10.2))
    first = kit.fetch()
    kit.service.error = TransientError("the cable is cut")
    assert kit.fetch() == first
    assert len(kit.service.asked) == 2


def test_before_there_are_ego_signals_nothing_is_asked(kit: Kit) -> None:
    assert kit.fetch() == ()
    kit.drives((NOON, np.nan, np.nan))
    assert kit.fetch() == ()
    assert kit.service.asked == []
    assert kit.shelf.taken == []


@pytest.mark.parametrize("error", [TransientError("no answer"), InputError("no use")])
def test_a_service_that_fails_leaves_weather_unknown_and_is_asked_once(
    kit: Kit, error: AvdataopsError, caplog: pytest.LogCaptureFixture
) -> None:
    kit.drives((NOON, 56.16, 10.2), (NOON, 56.3, 10.2))
    kit.service.error = error
    fetched = FetchedWeather(kit.service, kit.storage, cast("Catalog", kit.shelf))
    with caplog.at_level(logging.WARNING):
        assert fetched.references(DRIVE) == ()
        assert fetched.references(DRIVE) == ()
    assert len(kit.service.asked) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"weather stays unknown: {error.message}"
    ]


@pytest.mark.parametrize("error", [ConfigError("elsewhere"), PermissionDenied("bad key")])
def test_settings_that_the_service_refuses_are_told(kit: Kit, error: AvdataopsError) -> None:
    kit.drives((NOON, 56.16, 10.2))
    kit.service.error = error
    with pytest.raises(type(error)):
        kit.fetch()


def test_what_the_service_cannot_know_is_asked_again_in_another_run(kit: Kit) -> None:
    kit.drives((NOON, 56.16, 10.2))
    kit.service.knows = False
    fetched = FetchedWeather(kit.service, kit.storage, cast("Catalog", kit.shelf))
    assert (fetched.references(DRIVE), fetched.references(DRIVE)) == ((), ())
    assert len(kit.service.asked) == 1
    kit.service.knows = True
    assert len(kit.fetch()) == 1


def test_a_drive_round_the_world_is_not_asked_for_at_any_length(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    kit.drives(*((NOON + n, 10.0, n / 10) for n in range(300)))
    with caplog.at_level(logging.WARNING):
        assert len(kit.fetch()) == 200
    assert "m_1 passes 300 cells" in caplog.text


@pytest.fixture
def server() -> Iterator[Played]:
    with playing() as played:
        yield played


def settings(tmp_path: Path, **given: object) -> Settings:
    return Settings.model_validate({"workspace": tmp_path, **given})


def test_unless_a_setting_names_a_service_nobody_is_asked(tmp_path: Path, kit: Kit) -> None:
    assert weather_service(settings(tmp_path)) is None
    kit.drives((NOON, 56.16, 10.2))
    give: Callable[[Measurement], Sequence[Artifact]] = fetched_weather(
        settings(tmp_path), kit.storage, cast("Catalog", kit.shelf)
    )
    assert give(DRIVE) == ()
    assert kit.shelf.taken == []


def test_settings_make_the_service_that_they_name(tmp_path: Path, kit: Kit, server: Played) -> None:
    column = [1.0] * 24
    names = ("temperature_2m", "precipitation", "rain", "snowfall", "cloud_cover",
             "weather_code", "wind_speed_10m")  # fmt: skip
    day = {
        "latitude": 56.2, "longitude": 10.2, "utc_offset_seconds": 0,
        "hourly_units": {"temperature_2m": "°C", "precipitation": "mm", "wind_speed_10m": "m/s"},
        "hourly": {"time": [f"2021-07-26T{n:02d}:00" for n in range(24)],
                   **dict.fromkeys(names, column)},
    }  # fmt: skip
    server.answers = [Answer(body=json.dumps(day).encode())]
    given = settings(
        tmp_path, weather_service="open-meteo", weather_url=server.url, weather_key="s3cret"
    )
    kit.drives((NOON, 56.16, 10.2))
    (found,) = fetched_weather(given, kit.storage, cast("Catalog", kit.shelf))(DRIVE)
    assert found.attributes["service"] == "open-meteo"
    assert "apikey=s3cret" in server.paths[0]
    assert "56.16" not in server.paths[0]
    stored = kit.storage.open(found.location)
    assert b"s3cret" not in stored.read_at(0, stored.size)


def test_a_service_with_hours_is_asked_by_the_hour(tmp_path: Path) -> None:
    service = weather_service(
        settings(tmp_path, weather_service="azure-maps", weather_key="s3cret")
    )
    assert service is not None
    assert (service.name, service.period_ns) == ("azure-maps", 3600 * NS_PER_S)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weather_service": "azure-maps"}, "needs a key"),
        ({"weather_service": "open-meteo", "weather_key": "a\nb"}, "characters that no key has"),
        ({"weather_service": "open-meteo", "weather_key": ""}, "characters that no key has"),
        ({"weather_service": "open-meteo", "weather_url": "http://far.example"}, "weather_url"),
    ],
)
def test_settings_of_no_use_are_named(tmp_path: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        weather_service(settings(tmp_path, **given))

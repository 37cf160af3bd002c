"""What each service is asked, and what is kept of its answer."""

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from avdataops.adapters.weather_services import AzureMaps, OpenMeteo, Patience
from avdataops.adapters.weather_services.open_meteo import HOURLY
from avdataops.model.errors import SchemaMismatch
from avdataops.model.time import NS_PER_S, parse_time
from avdataops.ports.weather import Ask
from tests.doubles.played import Answer, Played, playing

ONCE = Patience(tries=1)
ASK = Ask(56.2, -0.1, parse_time("2021-07-26T00:00:00Z"))
ARCHIVE: dict[str, Any] = {
    "latitude": 56.203865,
    "longitude": -0.112305,
    "generationtime_ms": 0.2,
    "utc_offset_seconds": 0,
    "timezone": "GMT",
    "elevation": 38.0,
    "hourly_units": {"time": "iso8601", "temperature_2m": "°C", "precipitation": "mm",
                     "rain": "mm", "snowfall": "cm", "cloud_cover": "%",
                     "weather_code": "wmo code", "wind_speed_10m": "m/s"},
    "hourly": {"time": ["2021-07-26T00:00", "2021-07-26T01:00"],
               **{name: [1, 2] for name in HOURLY}},
}  # fmt: skip
CURRENT = {"results": [{"dateTime": "2021-07-26T02:10:00+02:00", "phrase": "Ø", "iconCode": 12,
                        "hasPrecipitation": True, "isDayTime": False,
                        "temperature": {"value": 9.4, "unit": "C", "unitType": 17}}]}  # fmt: skip


@pytest.fixture
def server() -> Iterator[Played]:
    with playing() as played:
        yield played


def answer(document: object) -> Answer:
    return Answer(body=json.dumps(document).encode())


def asked(server: Played) -> dict[str, str]:
    (path,) = server.paths
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def test_the_archive_is_asked_for_a_day_and_a_rounded_place(server: Played) -> None:
    server.answers = [answer(ARCHIVE)]
    data = OpenMeteo(url=server.url, patience=ONCE).document(ASK)
    assert asked(server) == {
        "latitude": "56.2",
        "longitude": "-0.1",
        "start_date": "2021-07-26",
        "end_date": "2021-07-26",
        "hourly": ",".join(HOURLY),
        "timezone": "UTC",
        "wind_speed_unit": "ms",
    }
    assert data is not None
    kept = json.loads(data)
    assert kept == {name: ARCHIVE[name] for name in kept}
    # How long the service took would make the same weather different bytes.
    assert "generationtime_ms" not in kept


def test_the_archive_gets_a_key_only_if_there_is_one(server: Played) -> None:
    server.answers = [answer(ARCHIVE)]
    service = OpenMeteo(url=server.url, key=lambda: "s3cret", patience=ONCE)
    service.document(ASK)
    assert asked(server)["apikey"] == "s3cret"
    assert "s3cret" not in repr(service)


def test_a_day_that_the_archive_does_not_have_whole_is_not_kept(server: Played) -> None:
    late = copy.deepcopy(ARCHIVE)
    late["hourly"]["temperature_2m"] = [1, None]
    server.answers = [answer(late)]
    assert OpenMeteo(url=server.url, patience=ONCE).document(ASK) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [(("hourly_units", "wind_speed_10m"), "km/h"), (("utc_offset_seconds",), 7200),
     (("latitude",), 91), (("latitude",), "56"), (("hourly", "rain"), ["1"]),
     (("hourly", "time"), None), (("hourly",), [])],
)  # fmt: skip
def test_an_archive_of_another_shape_is_refused(
    server: Played, path: tuple[str, ...], value: object
) -> None:
    changed = copy.deepcopy(ARCHIVE)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    server.answers = [answer(changed)]
    with pytest.raises(SchemaMismatch, match="in another shape than it promises"):
        OpenMeteo(url=server.url, patience=ONCE).document(ASK)


def azure(server: Played, hours_later: float) -> AzureMaps:
    now_ns = ASK.start_ns + round(hours_later * 3600 * NS_PER_S)
    return AzureMaps(url=server.url, key=lambda: "s3cret", now_ns=lambda: now_ns, patience=ONCE)


def test_current_conditions_are_asked_with_the_key_in_a_header(server: Played) -> None:
    server.answers = [answer(CURRENT)]
    service = azure(server, 0.5)
    data = service.document(ASK)
    assert asked(server) == {
        "api-version": "1.1",
        "query": "56.2,-0.1",
        "duration": "24",
        "unit": "metric",
    }
    assert server.headers[0]["Subscription-Key"] == "s3cret"
    assert "s3cret" not in repr(service)
    assert data is not None
    assert json.loads(data) == {"asked": {"lat_deg": 56.2, "lon_deg": -0.1}, **CURRENT}


@pytest.mark.parametrize("hours_later", [-1.0, 24.1, 24 * 365])
def test_older_hours_are_not_asked_for(server: Played, hours_later: float) -> None:
    assert azure(server, hours_later).document(ASK) is None
    assert server.paths == []


def test_conditions_of_another_shape_are_refused(server: Played) -> None:
    server.answers = [answer({"results": [{"dateTime": 5}]})]
    with pytest.raises(SchemaMismatch):
        azure(server, 1.0).document(ASK)


def test_documents_are_what_the_enricher_reads(server: Played) -> None:
    from avdataops.enrichers.weather.sources import source_of

    server.answers = [answer(ARCHIVE), answer(CURRENT)]
    first = OpenMeteo(url=server.url, patience=ONCE).document(ASK)
    second = azure(server, 1.0).document(ASK)
    names = [one.name for data in (first, second) if (one := source_of(data or b"")) is not None]
    assert names == ["open-meteo", "azure-maps"]

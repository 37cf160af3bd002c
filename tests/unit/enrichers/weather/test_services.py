"""Documents of services, in the shapes that their documentation shows."""

import json
from typing import Any

import pytest

from avdataops.enrichers.weather.report import Asked, Report, Rules, Source, Tally
from avdataops.enrichers.weather.services import AZURE_MAPS, OPEN_METEO
from avdataops.enrichers.weather.sources import SOURCES, source_of
from avdataops.model.errors import UnreadableFile
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.files import BytesFile

ASKED = Asked(time=TimeRange(0, 4_000_000_000_000_000_000), rules=Rules())


def archive(**columns: list[float | None]) -> dict[str, Any]:
    hours = len(next(iter(columns.values())))
    return {
        "latitude": 56.15,
        "longitude": 10.25,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "hourly_units": {"time": "iso8601", "wind_speed_10m": "m/s", "precipitation": "mm"},
        "hourly": {"time": [f"2021-07-26T{hour:02d}:00" for hour in range(hours)], **columns},
    }


def read(source: Source, document: object, *, asked: Asked = ASKED) -> list[Report]:
    data = json.dumps(document).encode()
    assert source_of(data) is source or not isinstance(document, dict)
    return list(source.observations(BytesFile("d.json", data), asked, Tally()))


def test_an_hour_of_the_archive_has_the_sum_of_the_hour_that_it_begins() -> None:
    first, second = read(
        OPEN_METEO,
        archive(
            temperature_2m=[12.5, 13.0], precipitation=[9.0, 1.2], weather_code=[61, 3],
            cloud_cover=[100, 30], wind_speed_10m=[4.0, None],
        ),
    )  # fmt: skip
    assert first.t_ns == parse_time("2021-07-26T00:00:00Z")
    assert (first.lat_deg, first.lon_deg, first.weather_source) == (56.15, 10.25, "open-meteo")
    assert (first.precipitation_mmph, first.rain, first.snow, first.fog) == (
        1.2, True, False, False,
    )  # fmt: skip
    assert (first.temperature_c, first.wind_mps, first.cloud_okta) == (12.5, 4.0, 8)
    assert first.visibility_m is None
    assert (second.precipitation_mmph, second.rain, second.cloud_okta) == (None, False, 2)


@pytest.mark.parametrize(
    ("code", "rain", "snow", "fog"),
    [(0, False, False, False), (45, False, False, True), (55, True, False, False),
     (66, True, False, False), (75, False, True, False), (80, True, False, False),
     (86, False, True, False), (None, None, None, None)],
)  # fmt: skip
def test_codes_of_the_archive(
    code: int | None, rain: bool | None, snow: bool | None, fog: bool | None
) -> None:
    (report,) = read(OPEN_METEO, archive(weather_code=[code], temperature_2m=[1.0]))
    assert (report.rain, report.snow, report.fog) == (rain, snow, fog)


def test_amounts_tell_where_no_code_does() -> None:
    warm, cold, _ = read(
        OPEN_METEO,
        archive(temperature_2m=[5.0, 0.0, 0.0], precipitation=[0, 1, 1], snowfall=[0, 0, 0.7]),
    )
    assert (warm.rain, warm.snow) == (True, False)
    assert (cold.rain, cold.snow) == (None, True)


def test_wind_in_the_units_that_the_document_says() -> None:
    document = archive(wind_speed_10m=[36.0])
    for unit, wind in (("km/h", 10.0), ("m/s", 36.0), ("mp/h", None)):
        document["hourly_units"]["wind_speed_10m"] = unit
        reports = read(OPEN_METEO, document)
        assert [one.wind_mps for one in reports] == ([] if wind is None else [pytest.approx(wind)])


def test_hours_outside_the_time_are_left_out() -> None:
    start = parse_time("2021-07-26T01:00:00Z")
    asked = Asked(time=TimeRange(start, start + 1), rules=Rules())
    found = read(OPEN_METEO, archive(temperature_2m=[1.0, 2.0, 3.0]), asked=asked)
    assert [one.temperature_c for one in found] == [2.0]


def current(**more: object) -> dict[str, Any]:
    return {
        "asked": {"lat_deg": 47.6, "lon_deg": -122.3},
        "results": [
            {
                "dateTime": "2024-08-08T09:22:00-07:00",
                "phrase": "Sunny",
                "iconCode": 1,
                "hasPrecipitation": False,
                "isDayTime": True,
                "temperature": {"value": 19.5, "unit": "C", "unitType": 17},
                "wind": {"direction": {"degrees": 0.0}, "speed": {"value": 7.2, "unit": "km/h"}},
                "visibility": {"value": 16.1, "unit": "km", "unitType": 6},
                "cloudCover": 5,
                "precipitationSummary": {"pastHour": {"value": 0.0, "unit": "mm", "unitType": 3}},
                **more,
            }
        ],
    }


def test_current_conditions_in_our_units() -> None:
    (report,) = read(AZURE_MAPS, current())
    assert report.t_ns == parse_time("2024-08-08T16:22:00Z")
    assert (report.lat_deg, report.lon_deg, report.weather_source) == (47.6, -122.3, "azure-maps")
    assert (report.rain, report.snow, report.fog) == (False, False, False)
    assert (report.temperature_c, report.cloud_okta) == (19.5, 0)
    assert report.visibility_m == pytest.approx(16_100.0)
    assert report.wind_mps == pytest.approx(2.0)
    assert report.precipitation_mmph == 0.0


@pytest.mark.parametrize(
    ("icon", "falls", "expected"),
    [(18, True, (True, False)), (22, True, (False, True)), (29, True, (True, True)),
     (7, True, (True, False)), (11, False, (False, False)), (None, None, (False, False))],
)  # fmt: skip
def test_icons_tell_what_falls(
    icon: int | None, falls: bool | None, expected: tuple[bool, bool]
) -> None:
    (report,) = read(AZURE_MAPS, current(iconCode=icon, hasPrecipitation=falls))
    assert (report.rain, report.snow) == expected


def test_fog_has_an_icon() -> None:
    (report,) = read(AZURE_MAPS, current(iconCode=11))
    assert report.fog is True


def test_rain_that_ended_within_the_hour_is_no_rain_now() -> None:
    wet = {"pastHour": {"value": 3.0, "unit": "mm"}}
    (report,) = read(AZURE_MAPS, current(precipitationSummary=wet))
    assert (report.rain, report.precipitation_mmph) == (False, 3.0)


def test_a_short_answer_leaves_the_rest_unknown() -> None:
    document = current()
    document["results"] = [{"dateTime": "2024-08-08T09:22:00-07:00", "iconCode": 12}]
    (report,) = read(AZURE_MAPS, document)
    assert report.rain is True
    assert (report.temperature_c, report.visibility_m, report.wind_mps) == (None, None, None)


@pytest.mark.parametrize(
    "document",
    [[], {"hourly": {}}, {"hourly": {"time": ["soon"]}, "latitude": 1, "longitude": 2},
     {"results": [{}]}, {"results": 5, "asked": {}}],
)  # fmt: skip
def test_other_documents_are_refused_by_name(document: object) -> None:
    for source in (OPEN_METEO, AZURE_MAPS):
        data = json.dumps(document).encode()
        with pytest.raises(UnreadableFile, match=r"d\.json: not a document of a weather service"):
            list(source.observations(BytesFile("d.json", data), ASKED, Tally()))


def test_no_json_is_refused_by_name() -> None:
    with pytest.raises(UnreadableFile, match=r"d\.json: not a document"):
        list(OPEN_METEO.observations(BytesFile("d.json", b'{"hourly"'), ASKED, Tally()))


def test_each_file_belongs_to_one_source_at_most() -> None:
    samples = [
        json.dumps(archive(temperature_2m=[1.0])).encode(), json.dumps(current()).encode(),
        b"time,lat_deg,lon_deg\n", b"METAR EKAH 261320Z 27010KT=\n",
        b"0012722540139042014100101537+30183-097680FM-15",
    ]  # fmt: skip
    for sample in samples:
        assert sum(source.matches(sample) for source in SOURCES) == 1
    assert source_of(b"") is None
    assert len({source.name for source in SOURCES}) == len(SOURCES)

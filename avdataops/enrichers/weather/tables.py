"""Weather from tables of the user's own, Parquet or CSV, and tables of stations.

A table of weather has a column ``time`` (RFC 3339, or a Parquet timestamp) or ``t_ns``, the
columns ``lat_deg`` and ``lon_deg``, and any of the weather columns of the context table, in its
units; ``source`` tells where a row comes from.  Empty is unknown; other columns do not matter.

A table of stations is a CSV with ICAO, LAT and LON among its columns, as NOAA publishes them
beside the Integrated Surface Database; METAR reports get their places from it.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from avdataops.enrichers.weather.report import Asked, Place, Report, Source, Tally
from avdataops.enrichers.weather.texts import lines_of
from avdataops.model.errors import InputError, UnreadableFile
from avdataops.model.time import parse_time
from avdataops.ports.files import ReadableFile, as_stream

_FLAG_WORDS = {"true": True, "1": True, "false": False, "0": False}
_WANTED = (
    "time", "t_ns", "lat_deg", "lon_deg", "source", "precipitation_mmph", "rain", "snow", "fog",
    "visibility_m", "temperature_c", "wind_mps", "cloud_okta",
)  # fmt: skip
_MAGIC = b"PAR1"
_STATION = ("ICAO", "LAT", "LON")
_MAX_LAT_DEG, _MAX_LON_DEG = 90.0, 180.0


def observations(file: ReadableFile, asked: Asked, tally: Tally) -> Iterator[Report]:
    """Yield the rows of the time asked for; a row without time or place is counted as damaged."""
    is_parquet = file.read_at(0, len(_MAGIC)) == _MAGIC
    rows = _parquet_rows(file) if is_parquet else _csv_rows(file, asked, tally)
    for row in rows:
        tally.lines += 1
        try:
            report = _report(file.name, row)
        except (ValueError, TypeError, InputError):
            tally.damaged += 1
            continue
        if asked.time.start_ns <= report.t_ns < asked.time.stop_ns and report.known:
            yield report


def stations_of(file: ReadableFile, asked: Asked, tally: Tally) -> dict[str, Place]:
    """Return the places of a table of stations; of a code given twice the last one counts."""
    found: dict[str, Place] = {}
    for row in _csv_rows(file, asked, tally):
        code = (row.get("ICAO") or "").strip().upper()
        try:
            place = _place(row.get("LAT"), row.get("LON"))
        except (ValueError, TypeError):
            continue
        # (0, 0) is how such tables write that they do not know.
        if code and any(place):
            found[code] = place
    return found


def is_station_table(head: bytes) -> bool:
    """Say whether a file is a table of stations."""
    return _has_columns(head, _STATION)


def _csv_rows(file: ReadableFile, asked: Asked, tally: Tally) -> Iterator[Mapping[str, Any]]:
    lines = lines_of(file, asked.rules.max_text_mb << 20, tally)
    try:
        yield from csv.DictReader(lines, strict=True)
    except csv.Error as error:
        raise UnreadableFile(f"{file.name}: not a CSV table: {error}") from error


def _parquet_rows(file: ReadableFile) -> Iterator[Mapping[str, Any]]:
    try:
        with pq.ParquetFile(as_stream(file)) as opened:
            schema = opened.schema_arrow
            names = [name for name in _WANTED if name in schema.names]
            for batch in opened.iter_batches(columns=names, use_threads=False):
                yield from _rows(batch)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"{file.name}: not a Parquet table: {error}") from error


def _rows(batch: pa.RecordBatch) -> Iterable[Mapping[str, Any]]:
    if "time" in batch.schema.names and pa.types.is_timestamp(batch.schema.field("time").type):
        # Timestamps without a zone are UTC, as everywhere here; integers of ns keep all digits.
        t_ns = batch.column("time").cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64())
        batch = batch.drop_columns(["time"]).append_column("t_ns", t_ns)
    rows: list[Mapping[str, Any]] = batch.to_pylist()
    return rows


def _report(name: str, row: Mapping[str, Any]) -> Report:
    """Return one row as a report; ``ValueError`` or ``TypeError`` if it is none."""
    given = row.get("t_ns")
    t_ns = parse_time(row["time"]) if given in (None, "") else int(given)
    lat_deg, lon_deg = _place(row.get("lat_deg"), row.get("lon_deg"))
    return Report(
        t_ns=t_ns,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        weather_source=f"table:{row.get('source') or name}",
        precipitation_mmph=_amount(row.get("precipitation_mmph")),
        rain=_flag(row.get("rain")),
        snow=_flag(row.get("snow")),
        visibility_m=_amount(row.get("visibility_m")),
        temperature_c=_number(row.get("temperature_c")),
        wind_mps=_amount(row.get("wind_mps")),
        cloud_okta=_amount(row.get("cloud_okta")),
        fog=_flag(row.get("fog")),
    )


def _place(lat: object, lon: object) -> Place:
    lat_deg, lon_deg = float(str(lat)), float(str(lon))
    if not (abs(lat_deg) <= _MAX_LAT_DEG and abs(lon_deg) <= _MAX_LON_DEG):
        raise ValueError(f"{lat_deg}, {lon_deg}")
    return lat_deg, lon_deg


def _number(value: object) -> float | None:
    if value is None or value == "":
        return None
    number = float(str(value))
    return number if math.isfinite(number) else None


def _amount(value: object) -> float | None:
    number = _number(value)
    if number is not None and number < 0:
        raise ValueError(str(number))
    return number


def _flag(value: object) -> bool | None:
    if value is None or value == "":
        return None
    word = str(value).strip().lower()
    if word not in _FLAG_WORDS:
        raise ValueError(word)
    return _FLAG_WORDS[word]


def _has_columns(head: bytes, wanted: Iterable[str]) -> bool:
    first = head.decode("latin-1").splitlines()[:1]
    names = {name.strip() for row in csv.reader(first) for name in row}
    return names.issuperset(wanted)


def _matches(head: bytes) -> bool:
    timed = _has_columns(head, ("time",)) or _has_columns(head, ("t_ns",))
    return head.startswith(_MAGIC) or (timed and _has_columns(head, ("lat_deg", "lon_deg")))


TABLE = Source(name="table", matches=_matches, observations=observations)

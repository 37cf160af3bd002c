"""Weather of a service for one measurement, fetched before the step that reads it.

Each document stays in the raw zone and becomes a reference with its checksum: a rerun reads the
same bytes, asks nobody, and lineage leads to what was said.
"""

import functools
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from avdataops.engine.table_files import ParquetTable
from avdataops.model.artifact import Artifact
from avdataops.model.errors import ConfigError, InputError, TransientError
from avdataops.model.ids import fingerprint, path_part
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Measurement
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import Catalog
from avdataops.ports.storage import Storage, read_all
from avdataops.ports.weather import Ask, WeatherService
from avdataops.settings import Settings

_PER_DEG = 10
"""Places are told to a tenth of a degree, about 11 km."""
_MAX_ASKS = 200
"""Documents for one measurement; a drive of a day passes fewer cells."""
_log = logging.getLogger(__name__)


def fetched_weather(
    settings: Settings, storage: Storage, catalog: Catalog
) -> Callable[[Measurement], tuple[Artifact, ...]]:
    """Return what gives the documents of a measurement: nothing unless a service is set."""
    service = weather_service(settings)
    if service is None:
        return lambda _: ()
    return FetchedWeather(service, storage, catalog).references


def weather_service(settings: Settings) -> WeatherService | None:
    """Return the service that the settings name, or None; raises ``ConfigError``."""
    if settings.weather_service is None:
        return None
    from avdataops.adapters.weather_services import AzureMaps, OpenMeteo, checked_url

    key = functools.partial(_key, settings)
    key()
    service: OpenMeteo | AzureMaps = OpenMeteo(key=key)
    if settings.weather_service == "azure-maps":
        service = AzureMaps(key=key)
        if settings.weather_key is None:
            raise ConfigError("weather_service 'azure-maps' needs a key", hint="set weather_key")
    if settings.weather_url is not None:
        service = replace(service, url=checked_url(settings.weather_url, "weather_url"))
    return service


def _key(settings: Settings) -> str | None:
    if settings.weather_key is None:
        return None
    key = settings.weather_key.get_secret_value()
    if not (key.isascii() and key.isprintable() and key.strip()):
        raise ConfigError("setting 'weather_key' holds characters that no key has")
    return key


@dataclass(slots=True)
class FetchedWeather:
    """The documents of a service for the drives of one workspace."""

    service: WeatherService
    storage: Storage
    catalog: Catalog
    _silent: bool = field(init=False, default=False)
    """The service failed: it is not asked again in this process."""
    _told: set[Ask] = field(init=False, default_factory=set)
    """What the service cannot know: it is not asked again in this process."""

    def references(self, measurement: Measurement) -> tuple[Artifact, ...]:
        """Return the documents for where and when the measurement drove, fetched if need be.

        Nothing before its ego signals are there.  A service that fails leaves its weather unknown;
        raises ``ConfigError`` or ``PermissionDenied`` for settings that it refuses.
        """
        asks = self._asks(measurement)
        if len(asks) > _MAX_ASKS:
            _log.warning(
                "%s passes %d cells of weather; only the first %d are asked for",
                measurement.id, len(asks), _MAX_ASKS,
            )  # fmt: skip
        found = tuple(
            document for ask in asks[:_MAX_ASKS] if (document := self._reference(ask)) is not None
        )
        if found:
            self.catalog.reference(found)
        return found

    def _asks(self, measurement: Measurement) -> list[Ask]:
        asks: set[Ask] = set()
        for artifact in self.catalog.artifacts(measurement.id, kind="ego"):
            table = ParquetTable(artifact, self.storage.open(artifact.location))
            if {"lat_deg", "lon_deg"}.issubset(table.schema.names):
                for batch in table.batches(["t_ns", "lat_deg", "lon_deg"]):
                    t_ns, lat, lon = (
                        column.to_numpy(zero_copy_only=False) for column in batch.columns
                    )
                    asks |= _cells(t_ns, lat, lon, self.service.period_ns)
        return sorted(asks, key=lambda ask: (ask.start_ns, ask.lat_deg, ask.lon_deg))

    def _reference(self, ask: Ask) -> Artifact | None:
        name = _name(self.service.name, ask)
        at = Location(Zone.RAW, f"reference/weather/{path_part(name)}")
        if self.storage.stat(at) is None and not self._fetch(ask, at):
            return None
        data = read_all(self.storage.open(at))
        sha256 = hashlib.sha256(data).hexdigest()
        return Artifact(
            id=f"art_{fingerprint(['reference', 'weather', name, sha256])}",
            kind="reference",
            measurement=None,
            name=name,
            location=at,
            bytes=len(data),
            sha256=sha256,
            attributes={"role": "weather", "service": self.service.name},
        )

    def _fetch(self, ask: Ask, at: Location) -> bool:
        if self._silent or ask in self._told:
            return False
        try:
            document = self.service.document(ask)
        except (TransientError, InputError) as error:
            self._silent = True
            _log.warning("weather stays unknown: %s", error.message)
            return False
        if document is None:
            self._told.add(ask)
            _log.warning("%s has no weather for the time of this drive", self.service.name)
            return False
        # Of two processes that fetch at once the first one's document counts.
        self.storage.put(at, [document])
        return True


def _cells(t_ns: np.ndarray, lat: np.ndarray, lon: np.ndarray, period_ns: int) -> set[Ask]:
    known = np.isfinite(lat) & np.isfinite(lon)
    cells = np.stack(
        (
            np.round(lat[known] * _PER_DEG).astype(np.int64),
            np.round(lon[known] * _PER_DEG).astype(np.int64),
            t_ns[known] // period_ns,
        ),
        axis=1,
    )
    return {
        Ask(lat / _PER_DEG, lon / _PER_DEG, number * period_ns)
        for lat, lon, number in np.unique(cells, axis=0).tolist()
    }


def _name(service: str, ask: Ask) -> str:
    moment = datetime.fromtimestamp(ask.start_ns // NS_PER_S, UTC)
    return f"{service} {ask.lat_deg:+.1f}{ask.lon_deg:+.1f} {moment:%Y%m%dT%H}.json"

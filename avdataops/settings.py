"""Settings: flag over ``AVDATAOPS_*`` over ``avdataops.toml`` over default."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from avdataops.model.errors import ConfigError
from avdataops.model.location import Zone

FILE_NAME = "avdataops.toml"
TRACE_VARIABLE = "TRACEPARENT"
"""Where a process finds the W3C trace context of whoever started it; not a setting."""

_GUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

DomainName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,120}$")]
VehiclePattern = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9 ._-]{0,63})?\*?$", min_length=1)
]

Engine = Literal["local", "azure-batch"]
"""Who runs tasks."""


class AzureSettings(BaseModel):
    """Where the cloud is.  What is absent stays local; keys are for emulators only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    storage: dict[Zone, SecretStr] = Field(
        default_factory=dict,
        description="Storage account of each zone: its blob endpoint, or an emulator's "
        "connection string.",
    )
    cosmos_endpoint: str | None = Field(default=None, description="Cosmos DB account endpoint.")
    cosmos_database: str = Field(default="avdataops", description="Database of the catalog.")
    cosmos_key: SecretStr | None = Field(default=None, description="Key of an emulator.")
    batch_endpoint: str | None = Field(default=None, description="Batch account endpoint.")
    batch_key: SecretStr | None = Field(default=None, description="Key of an emulator.")
    batch_pool: str = Field(default="execution", description="Pool that runs the tasks.")
    pool_identity: str | None = Field(
        default=None,
        description="Resource id of the pool's managed identity, with which nodes upload the logs "
        "of tasks; none: logs stay on the nodes.",
    )
    image: str | None = Field(
        default=None, description="Worker image with its digest; only an emulator does without."
    )
    client_id: str | None = Field(
        default=None, description="Managed identity to use; none: DefaultAzureCredential."
    )


class LimitSettings(BaseModel):
    """What one task may take on this machine, so that no recording takes it down; 0: no limit.

    On Azure Batch the pool's facts and the containers say it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory_mb: int = Field(default=4096, ge=0, description="Resident memory of a worker, MiB.")
    cpu_s: float = Field(default=3600, ge=0, description="Processor time of a task.")
    wall_s: float = Field(default=3600, ge=0, description="Wall time of a task.")
    s_per_gib: float = Field(
        default=1200, ge=0, description="More of both times for each GiB of input."
    )


class ApiSettings(BaseModel):
    """Who may ask the Metadata API.  Without them: whoever has this machine's token, from here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str | None = Field(
        default=None, pattern=_GUID, description="Entra ID tenant whose tokens are taken."
    )
    audience: str | None = Field(
        default=None, min_length=1, description="Client id of the API's app registration."
    )
    domains: dict[DomainName, Annotated[tuple[VehiclePattern, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="App role or scope -> vehicles whose data it opens, each a name or its "
        "beginning and '*'; none: every role sees all.",
    )
    jwks_url: str | None = Field(
        default=None,
        pattern=r"^http://127\.0\.0\.1:\d{1,5}/",
        description="Where a test has the tenant's keys; only an address of this machine.",
    )
    front_end_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,99}$",
        description="Header in which an authenticated front end passes on the access token of "
        "whoever looks at a page (Easy Auth: X-MS-TOKEN-AAD-ACCESS-TOKEN); none: people cannot "
        "sign in to pages in the cloud.",
    )


class Settings(BaseSettings):
    """All that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="AVDATAOPS_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    workspace: Path = Field(
        default=Path("workspace"), description="Folder of the local zones and the catalog."
    )
    jobs: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Worker processes."
    )
    pipeline: str = Field(
        default="drive_to_scenes", description="Name of a shipped pipeline, or a YAML file."
    )
    engine: Engine = Field(
        default="local", description="Who runs tasks: processes here, or Azure Batch."
    )
    limits: LimitSettings = Field(
        default_factory=LimitSettings, description="What a task may take."
    )
    azure: AzureSettings = Field(default_factory=AzureSettings, description="Cloud resources.")
    api: ApiSettings = Field(default_factory=ApiSettings, description="The Metadata API.")
    weather: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="Files with weather: NOAA ISD, METAR (with a CSV of stations), Parquet or CSV.",
    )
    map: Path | None = Field(default=None, description="OpenStreetMap extract (.osm, .osm.pbf).")
    map_tiles: Path | None = Field(
        default=None,
        description="Tar of Valhalla's tiles of the map, for enrich.road_osm.matcher = valhalla.",
    )
    model: Path | None = Field(
        default=None, description="ONNX weights for the step see_objects; yours, with your licence."
    )
    anonymiser: Path | None = Field(
        default=None,
        description="ONNX weights that see faces and plates, for labels anonymise; yours as well.",
    )
    params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by step: params.sync.rate_hz = 20."
    )
    weather_service: Literal["open-meteo", "azure-maps"] | None = Field(
        default=None,
        description="Service that is asked for the weather of drives, by day and place rounded to "
        "0.1 degrees; none: nobody is asked.",
    )
    weather_key: SecretStr | None = Field(default=None, description="Key of that service.")
    weather_url: str | None = Field(
        default=None, description="Address of that service, if it is not its public one."
    )

    rules: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="Files of rules for own scene types; each may be a pattern (rules/*.yaml).",
    )

    @field_validator("weather", "rules", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        if isinstance(value, str):
            return [part for part in value.split(os.pathsep) if part]
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources; first wins."""
        del dotenv_settings, file_secret_settings
        file = settings_file(env_settings() | init_settings())
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)


def settings_file(above: Mapping[str, Any]) -> Path | None:
    """Return the settings file under what the flags and the environment say (``above``).

    It is the ``avdataops.toml`` in the workspace that they name, else the nearest one from the
    current folder upwards.
    """
    here = Path.cwd()
    named = [Path(above["workspace"])] if "workspace" in above else []
    for folder in (*named, here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return None


def load_settings(**flags: object) -> Settings:
    """Return the settings with ``flags`` (those that are not None) on top.

    Paths in a settings file count from its folder.  Raises ``ConfigError`` naming the setting.
    """
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigError(
            f"setting '{name}': {first['msg']}", hint="avdataops config show --origin"
        ) from error
    except SettingsError as error:
        raise ConfigError(f"a setting in the environment or a file: {error}") from error
    except (ValueError, OSError) as error:
        raise ConfigError(f"{FILE_NAME} cannot be read: {error}") from error
    return _anchored(settings, given)


def inherited_trace() -> str | None:
    """Return the trace context that the process was started with, if there is one."""
    return os.environ.get(TRACE_VARIABLE)


def _sources(flags: Mapping[str, Any]) -> tuple[dict[str, Any], Path | None, dict[str, Any]]:
    """Return what the environment sets, the settings file, and what that sets."""
    in_environment = EnvSettingsSource(Settings)()
    file = settings_file(in_environment | dict(flags))
    return in_environment, file, TomlConfigSettingsSource(Settings, file)()


def _anchored(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    in_environment, file, in_file = _sources(flags)
    if file is None:
        return settings
    changed: dict[str, object] = {}
    paths = {"workspace", "weather", "map", "map_tiles", "model", "anonymiser", "rules"}
    for name in in_file.keys() & paths - set(flags) - set(in_environment):
        value = getattr(settings, name)
        if isinstance(value, tuple):
            changed[name] = tuple(file.parent / path for path in value)
        elif value is not None:
            changed[name] = file.parent / value
    return settings.model_copy(update=changed)


def origins(**flags: object) -> dict[str, tuple[object, str]]:
    """Return every setting with its value and where it came from.

    Settings of a group have names with dots (``azure.storage.raw``); secrets stay ``SecretStr``.
    """
    settings = load_settings(**flags)
    given = {name: value for name, value in flags.items() if value is not None}
    in_environment, file, in_file = _sources(given)
    found: dict[str, tuple[object, str]] = {}
    for path, value in _leaves((), settings):
        origin = "default"
        if _holds(given, path):
            origin = "flag"
        elif _holds(in_environment, path):
            origin = f"AVDATAOPS_{'__'.join(path).upper()}"
        elif _holds(in_file, path):
            origin = str(file)
        found[".".join(path)] = (value, origin)
    return found


def _leaves(above: tuple[str, ...], group: BaseModel) -> Iterator[tuple[tuple[str, ...], object]]:
    for name in type(group).model_fields:
        path, value = (*above, name), getattr(group, name)
        if isinstance(value, BaseModel):
            yield from _leaves(path, value)
        elif path == ("azure", "storage") and value:
            yield from (((*path, zone.value), place) for zone, place in sorted(value.items()))
        else:
            yield path, value


def _holds(source: object, path: Sequence[str]) -> bool:
    for name in path:
        if not isinstance(source, Mapping) or name not in source:
            return False
        source = source[name]
    return True

"""Settings: flag over ``AVDATAOPS_*`` over ``avdataops.toml`` over default."""

import os
from collections.abc import Mapping
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
    image: str | None = Field(
        default=None, description="Worker image with its digest; none: no container."
    )
    client_id: str | None = Field(
        default=None, description="Managed identity to use; none: DefaultAzureCredential."
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
    engine: Literal["local", "azure-batch"] = Field(
        default="local", description="Who runs tasks: processes here, or Azure Batch."
    )
    azure: AzureSettings = Field(default_factory=AzureSettings, description="Cloud resources.")
    weather: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="NOAA ISD files with weather observations."
    )
    map: Path | None = Field(default=None, description="OpenStreetMap extract (.osm, .osm.pbf).")
    params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by step: params.sync.rate_hz = 20."
    )

    @field_validator("weather", mode="before")
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


def _sources(flags: Mapping[str, Any]) -> tuple[set[str], Path | None, set[str]]:
    """Return the names set in the environment, the settings file, and the names set in it."""
    in_environment = EnvSettingsSource(Settings)()
    file = settings_file(in_environment | dict(flags))
    return set(in_environment), file, set(TomlConfigSettingsSource(Settings, file)())


def _anchored(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    in_environment, file, in_file = _sources(flags)
    if file is None:
        return settings
    changed: dict[str, object] = {}
    for name in in_file & {"workspace", "weather", "map"} - set(flags) - in_environment:
        value = getattr(settings, name)
        if isinstance(value, tuple):
            changed[name] = tuple(file.parent / path for path in value)
        elif value is not None:
            changed[name] = file.parent / value
    return settings.model_copy(update=changed)


def origins(**flags: object) -> dict[str, tuple[object, str]]:
    """Return every setting with its value and where it came from."""
    settings = load_settings(**flags)
    given = {name: value for name, value in flags.items() if value is not None}
    in_environment, file, in_file = _sources(given)
    found: dict[str, tuple[object, str]] = {}
    for name in Settings.model_fields:
        origin = "default"
        if name in given:
            origin = "flag"
        elif name in in_environment:
            origin = f"AVDATAOPS_{name.upper()}"
        elif name in in_file:
            origin = str(file)
        found[name] = (getattr(settings, name), origin)
    return found

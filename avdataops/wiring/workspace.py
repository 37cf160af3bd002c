"""Everything joined: storage, catalog, leases, dispatcher and steps of one workspace."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from avdataops.engine.pipeline import Machinery, Pipeline, PipelineEvent, parse_pipeline
from avdataops.model.artifact import Artifact
from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.model.ids import fingerprint, path_part
from avdataops.model.location import Location, Zone
from avdataops.ports.catalog import Catalog
from avdataops.ports.leases import Leases
from avdataops.ports.storage import CHUNK_BYTES, Storage
from avdataops.settings import Engine, Settings
from avdataops.wiring.catalogs import open_catalog
from avdataops.wiring.dispatchers import open_dispatcher
from avdataops.wiring.maps import map_tables
from avdataops.wiring.storages import place_of, storage_at
from avdataops.wiring.trace import Trace
from avdataops.wiring.weather import fetched_weather

_INSIDE = Path(__file__).parents[1] / "pipelines"
_BESIDE = Path(__file__).parents[2] / "pipelines"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One opened workspace; use as a context manager, or close it."""

    settings: Settings
    storage: Storage
    catalog: Catalog
    leases: Leases
    """Hold the id of a measurement before changing anything about it."""
    resources: ExitStack
    trace: Trace | None = None
    """The trace that tasks belong to."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release storage and catalog."""
        self.resources.close()

    @property
    def root(self) -> Path:
        """Folder of the local zones, and of what only this machine needs."""
        return self.settings.workspace

    def with_engine(self, engine: Engine | None) -> "Workspace":
        """Return the same workspace with another engine, or with its own for None."""
        if engine is None:
            return self
        return replace(self, settings=self.settings.model_copy(update={"engine": engine}))

    @contextmanager
    def machinery(self, watch: Callable[[PipelineEvent], None]) -> Iterator[Machinery]:
        """Give what a pipeline run needs, with the dispatcher of the engine while it lasts."""
        from avdataops.steps import STEPS

        with open_dispatcher(self.settings, self.storage, self.trace) as dispatcher:
            yield Machinery(
                storage=self.storage,
                catalog=self.catalog,
                dispatcher=dispatcher,
                steps=STEPS,
                references=self.references(),
                fetched=fetched_weather(self.settings, self.storage, self.catalog),
                watch=watch,
            )

    def references(self) -> tuple[Artifact, ...]:
        """Bring the configured weather, map and weights files into the raw zone; repeatable."""
        set_to = self.settings
        given = [("weather", "weather", path) for path in set_to.weather]
        named = (
            ("map", set_to.map),
            ("map_tiles", set_to.map_tiles),
            ("model", set_to.model),
            ("anonymiser", set_to.anonymiser),
        )
        given += [(name.removesuffix("_tiles"), name, path) for name, path in named if path]
        found = tuple(self.reference(role, path, name) for role, name, path in given)
        for one in found:
            if one.attributes["role"] == "map":
                found += map_tables(self.storage, one)
        if found:
            self.catalog.reference(found)
        return found

    def reference(self, role: str, path: Path, setting: str = "") -> Artifact:
        """Bring a file into the raw zone and return the fact about it; the catalog is not told."""
        if not path.is_file():
            raise ConfigError(f"setting '{setting or role}': there is no file '{path}'")
        sha256 = _sha256(path)
        at = Location(Zone.RAW, f"reference/{sha256[:16]}/{path_part(path.name)}")
        self.storage.put(at, _chunks(path))
        return Artifact(
            id=f"art_{fingerprint(['reference', role, path.name, sha256])}",
            kind="reference",
            measurement=None,
            name=path.name,
            location=at,
            bytes=path.stat().st_size,
            sha256=sha256,
            attributes={"role": role},
        )

    def pipeline(self) -> Pipeline:
        """Return the configured pipeline with the configured parameters and rules."""
        pipeline = load_pipeline(self.settings.pipeline).with_params(self.settings.params)
        if not self.settings.rules:
            return pipeline
        from avdataops.wiring.rules import RULES_STEP, rule_documents

        return pipeline.with_params({RULES_STEP: {"rules": rule_documents(self.settings.rules)}})


def open_workspace(settings: Settings, trace: Trace | None = None) -> Workspace:
    """Open, and on first use create, the workspace that ``settings`` name."""
    place = place_of(settings)
    with ExitStack() as resources:
        storage = resources.enter_context(storage_at(place))
        catalog, leases = open_catalog(settings, resources)
        return Workspace(settings, storage, catalog, leases, resources.pop_all(), trace)


def load_pipeline(name: str) -> Pipeline:
    """Return a shipped pipeline by name, or one from a YAML file."""
    if name.endswith((".yaml", ".yml")):
        if not Path(name).is_file():
            raise ConfigError(f"there is no pipeline file '{name}'")
        return parse_pipeline(Path(name).read_text(encoding="utf-8"))
    folder = _INSIDE if _INSIDE.is_dir() else _BESIDE
    shipped = {path.stem: path for path in folder.glob("*.yaml")}
    if name not in shipped:
        raise ConfigError(f"there is no pipeline '{name}'{did_you_mean(name, shipped)}")
    return parse_pipeline(shipped[name].read_text(encoding="utf-8"))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def expand_id(text: str, known: Sequence[str]) -> str:
    """Return the one id of ``known`` that starts with ``text``, or ``text`` itself."""
    matches = [found for found in known if found.startswith(text)]
    return matches[0] if len(matches) == 1 else text

"""Everything joined: storage, catalog, dispatcher and steps of one workspace."""

import fcntl
import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from avdataops.adapters.local_pool import LocalPool
from avdataops.adapters.local_storage import LocalStorage
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.engine.pipeline import Machinery, Pipeline, PipelineEvent, parse_pipeline
from avdataops.model.artifact import Artifact
from avdataops.model.errors import Busy, ConfigError, did_you_mean
from avdataops.model.ids import fingerprint, path_part
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import CHUNK_BYTES
from avdataops.settings import Settings
from avdataops.wiring.worker import run_task

_INSIDE = Path(__file__).parents[1] / "pipelines"
_BESIDE = Path(__file__).parents[2] / "pipelines"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One opened workspace; use as a context manager."""

    settings: Settings
    storage: LocalStorage
    catalog: SqliteCatalog

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.catalog.close()

    @property
    def root(self) -> Path:
        """Folder of the zones."""
        return self.settings.workspace

    @contextmanager
    def machinery(self, watch: Callable[[PipelineEvent], None]) -> Iterator[Machinery]:
        """Give what a pipeline run needs, with a pool of local processes while it lasts."""
        from avdataops.steps import STEPS

        execute = functools.partial(run_task, self.root.resolve())
        with LocalPool(execute, self.settings.jobs) as pool:
            yield Machinery(
                storage=self.storage,
                catalog=self.catalog,
                dispatcher=pool,
                steps=STEPS,
                references=self.references(),
                watch=watch,
            )

    def references(self) -> tuple[Artifact, ...]:
        """Bring the configured weather and map files into the raw zone; repeatable."""
        given = [("weather", path) for path in self.settings.weather]
        given += [("map", self.settings.map)] if self.settings.map else []
        found = tuple(self._reference(role, path) for role, path in given)
        if found:
            self.catalog.reference(found)
        return found

    def _reference(self, role: str, path: Path) -> Artifact:
        if not path.is_file():
            raise ConfigError(f"setting '{role}': there is no file '{path}'")
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

    @contextmanager
    def locked(self, measurement: str) -> Iterator[None]:
        """Hold a measurement for one process; the system frees it if that process dies."""
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{path_part(measurement)}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(
                    f"another process is working on measurement {measurement}",
                    hint="wait for it, then run the same command again",
                ) from error
            yield

    def pipeline(self) -> Pipeline:
        """Return the configured pipeline with the configured parameters."""
        return load_pipeline(self.settings.pipeline).with_params(self.settings.params)


def open_workspace(settings: Settings) -> Workspace:
    """Open, and on first use create, the workspace that ``settings`` name."""
    settings.workspace.mkdir(parents=True, exist_ok=True)
    return Workspace(
        settings=settings,
        storage=LocalStorage(settings.workspace),
        catalog=SqliteCatalog(settings.workspace / "catalog.sqlite"),
    )


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

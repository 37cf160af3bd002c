"""The Python door: ``import avdataops as av; lake = av.connect()``.  Results speak Arrow."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from avdataops.adapters.duckdb_tables import DuckTables
from avdataops.lake.datasets import Datasets
from avdataops.lake.found import FoundScene, Scenes
from avdataops.lake.tables import Tables
from avdataops.model.artifact import Artifact
from avdataops.model.measurement import Measurement
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.catalog import Direction, Lineage, SceneQuery, Statement
from avdataops.ports.questions import AnyOf, Comparison, Condition, Near
from avdataops.settings import load_settings
from avdataops.signals.rethreshold import Moved
from avdataops.signals.scene_changes import Changes
from avdataops.wiring.scene_questions import Asking, per_of
from avdataops.wiring.scene_rates import Rate, Rates
from avdataops.wiring.scene_relations import relations
from avdataops.wiring.second_looks import SecondLook
from avdataops.wiring.stored_tables import read_table
from avdataops.wiring.why_not import Questioner, WhyNot
from avdataops.wiring.workspace import Workspace, open_workspace


def connect(workspace: str | Path | None = None) -> "Lake":
    """Open a workspace: the folder given, or what the settings name, here or on Azure.

    >>> with av.connect(workspace) as opened:
    ...     len(opened.measurements())
    1
    """
    return Lake(open_workspace(load_settings(workspace=workspace and Path(workspace))))


class Lake(Datasets):
    """Measurements, scenes and streams of one workspace; use as a context manager or close it.

    >>> lake.scenes("drive_off", "standstill")
    <2 scenes: 1 drive_off, 1 standstill>
    >>> lake.table(measurement, "ego").num_rows
    1199
    >>> [node.kind for node in lake.lineage(scene.id).nodes][:2]
    ['scene', 'scenes']
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._tables = Tables(workspace.catalog, workspace.storage)
        self._opened: list[DuckTables] = []

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
        """Release the catalog, and what ``sql`` has opened."""
        while self._opened:
            self._opened.pop().close()
        self._workspace.close()

    def measurements(self) -> Sequence[Measurement]:
        """Return all measurements by id."""
        return self._workspace.catalog.measurements(limit=1_000_000)

    def scenes(
        self,
        *asked: str,
        measurement: str | None = None,
        vehicle: str | None = None,
        time: TimeRange | None = None,
        near: tuple[float, float, float] | None = None,
        **conditions: float | str | bool,
    ) -> Scenes:
        """Return the scenes for which all that is given holds, ordered by time.

        ``asked``: one query in the query language (``cut_in & rain & ego_speed > 30 km/h``, see
        docs/query.md), or several of which any will do: ``"cut_in", "hard_brake"``.
        ``near``: latitude and longitude in degrees, radius in metres.
        ``conditions``: evidence by name, ``min_ax_mps2__lt=-4``; the endings are ``__lt``,
        ``__le``, ``__gt``, ``__ge``, ``__ne``; without one it means equal.  A scene whose value
        is unknown matches no condition.
        """
        texts = [self._asking.matching(text, measurement) for text in asked]
        query = SceneQuery(
            matching=AnyOf(tuple(texts)) if texts else None,
            measurement=measurement,
            vehicle=vehicle,
            time=time,
            near=Near(*near) if near else None,
            where=tuple(_condition(name, value) for name, value in conditions.items()),
        )
        return Scenes(self._tables, tuple(self._workspace.catalog.scenes(query, limit=0)))

    def scene(self, scene: str) -> FoundScene:
        """Return one scene; raises ``NotFound``."""
        return FoundScene(self._tables, self._workspace.catalog.scene(scene))

    def count(self, query: str = "any", by: str = "type") -> dict[str, int]:
        """Return how many scenes match a query, by type, vehicle, day, weather, light and so on."""
        matching = SceneQuery(matching=self._asking.matching(query))
        return self._workspace.catalog.count_scenes(matching, by=by)

    def rate(self, query: str, per: str = "100km") -> Rate:
        """Return how often scenes happen per distance or time driven in their conditions.

        ``lake.rate("cut_in & rain")``: cut-ins per 100 km in rain, with the exposure, the share
        of it that could be judged, and an exact 95 % interval.
        """
        return Rates(self._workspace.catalog, self._read).rate(
            self._asking.matching(query), per_of(per)
        )

    def explain(self, query: str) -> Sequence[Statement]:
        """Return how the catalog looks for the scenes of a query, and by which index."""
        matching = SceneQuery(matching=self._asking.matching(query))
        return self._workspace.catalog.explain(matching)

    def why_not(self, measurement: str, at: int | str, scene_type: str) -> WhyNot:
        """Return why no scene of a type was found at a moment (ns, RFC 3339 or ``+12.5s``)."""
        self._asking.check_type(scene_type)
        catalog = self._workspace.catalog
        start_ns = catalog.measurement(measurement).start_ns
        t_ns = at if isinstance(at, int) else parse_time(at, start_ns)
        return Questioner(catalog, self._read).why_not(measurement, t_ns, scene_type)

    def sql(self, select: str, *values: object) -> Any:
        """Return the DuckDB relation of one SELECT over the published tables of scenes.

        ``lake.sql("select type, count(*) from scenes group by 1")``; the tables are ``scenes``,
        ``evidence``, ``coverage``, ``reviews`` and ``measurements``.  They are read through the
        storage, here or on Azure, into memory of their own: nothing can be changed by it, and no
        file and no network be reached.  ``values`` are bound where it says ``?``.  The relation
        lives as long as the lake is open.
        """
        opened = DuckTables(relations(self._workspace.catalog, self._read))
        self._opened.append(opened)
        return opened.sql(select, values)

    def _read(self, artifact: Artifact) -> pa.Table:
        return read_table(self._workspace.storage, artifact)

    @property
    def _asking(self) -> Asking:
        return Asking(self._workspace.catalog, self._workspace.settings.rules)

    def rethreshold(
        self, scene_type: str, *, measurement: str | None = None, **thresholds: float
    ) -> Moved:
        """Return which scenes of a type other thresholds leave, take and add, without a rerun.

        ``thresholds`` are the detector's parameters, in the units of their names:
        ``lake.rethreshold("hard_brake", on_mps2=-2.5)``.  Raises ``InputError`` for a threshold
        looser than near misses were kept for (70 %), naming the limit.
        """
        return self._second_look().rethreshold(scene_type, thresholds, measurement)

    def scene_changes(
        self, measurement: str, *, before: str | None = None, after: str | None = None
    ) -> Changes:
        """Return what changed from one detection to another, given by run: more, gone, moved.

        Without them, from the detection before to the current one.
        """
        return self._second_look().changes(measurement, before, after)

    def _second_look(self) -> SecondLook:
        return SecondLook(self._workspace.catalog, self._read)

    def lineage(self, start: str, direction: str = "up") -> Lineage:
        """Return what ``start`` was made from (``up``) or what was made from it (``down``)."""
        return self._workspace.catalog.lineage(start, Direction(direction))

    def table(self, measurement: str, kind: str) -> pa.Table:
        """Return all rows of a measurement's tables of one kind: ``ego``, ``context`` and so on."""
        return self._tables.table(measurement, kind)

    def stream(self, measurement: str, name: str, time: TimeRange | None = None) -> pa.Table:
        """Return the rows of one raw stream, by recorder time, with ``t_ref_ns`` beside it.

        ``t_ref_ns`` is the time on the measurement's reference clock (null if the recorder's
        clock could not be tied to it).  ``time`` is on the reference clock.  Only the row groups
        that it touches are read.
        """
        return self._tables.stream(measurement, name, time)


_ENDINGS = {
    "lt": Comparison.LT,
    "le": Comparison.LE,
    "gt": Comparison.GT,
    "ge": Comparison.GE,
    "ne": Comparison.NE,
}


def _condition(name: str, value: float | str | bool) -> Condition:
    attribute, _, ending = name.rpartition("__")
    if attribute and ending in _ENDINGS:
        return Condition(attribute, _ENDINGS[ending], value)
    return Condition(name, Comparison.EQ, value)

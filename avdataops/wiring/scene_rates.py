"""How often: scenes per distance or time driven under the conditions that a query names.

The denominator is what was driven while the conditions held that concern time and place (company
of other scenes, surroundings, times, places), and of that what the detectors of the wanted types
could judge.  What only a scene has (evidence, actors, sequences) restricts what is counted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError
from avdataops.model.measurement import Measurement
from avdataops.ports.catalog import CatalogReader, SceneQuery
from avdataops.ports.question_forms import normal, parts_of, types_of, written
from avdataops.ports.questions import Comparison, Condition, OfType, Question
from avdataops.signals.coverage import NO_SIGNALS
from avdataops.signals.drives import context_signals
from avdataops.signals.exposure import Driven, odometer, rate_bounds
from avdataops.signals.intervals import intersect
from avdataops.signals.nullable import floats
from avdataops.wiring.driven_conditions import Conditions, DrivePart, is_driven, tiles_of

ReadTable = Callable[[Artifact], pa.Table]
_ALL = 1_000_000
_SPEED = "ego_speed_mps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Per:
    """The unit of a rate: a distance in m or a time in s."""

    amount: float
    is_distance: bool
    text: str
    """As it was asked for: ``100 km``."""

    def of(self, driven: Driven) -> float:
        """Return how many of it were driven."""
        return (driven.distance_m if self.is_distance else driven.duration_s) / self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often something was found, and in how much."""

    scenes: int
    per: Per
    exposure: Driven
    """Driven while the conditions held."""
    judged: Driven
    """Of that, where every wanted type could be judged: the denominator."""
    unknown: Driven
    """Driven while nobody knows whether the conditions held."""
    measurements: int
    not_searched: int
    """Measurements that nobody has looked for scenes in; they count nowhere."""
    conditions: str
    """What the exposure is of, in the query language."""
    only_counted: tuple[str, ...] = ()
    """Parts of the query that restrict what is counted and not what was driven."""

    @property
    def rate(self) -> float | None:
        """Scenes per unit; None where nothing was judged."""
        amount = self.per.of(self.judged)
        return self.scenes / amount if amount > 0 else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Exact 95 % interval of the rate."""
        amount = self.per.of(self.judged)
        return rate_bounds(self.scenes, amount) if amount > 0 else None

    @property
    def coverage(self) -> float | None:
        """Share of the exposure that could be judged; None where there is none."""
        whole = self.per.of(self.exposure)
        return self.per.of(self.judged) / whole if whole > 0 else None


@dataclass(slots=True)
class _Sum:
    exposure: Driven = field(default_factory=Driven)
    judged: Driven = field(default_factory=Driven)
    unknown: Driven = field(default_factory=Driven)
    measurements: int = 0
    not_searched: int = 0


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates over one catalog, and a way to read the tables that it names."""

    catalog: CatalogReader
    read: ReadTable

    def rate(self, question: Question, per: Per) -> Rate:
        """Return how often the scenes of a question happen.

        Reads the context and the coverage of every measurement that may have them.  Raises
        ``InputError`` for a question that names no scene type.
        """
        shaped = normal(question)
        types = types_of(shaped)
        if not types:
            raise InputError(
                "a rate needs to know which types could have been found",
                hint="name one first: 'cut_in & rain'",
            )
        total = _Sum()
        for measurement in self._measurements(shaped):
            self._add(total, measurement, shaped, types)
        asked = [one for one in parts_of(shaped) if is_driven(one)]
        return Rate(
            scenes=sum(self.catalog.count_scenes(SceneQuery(matching=shaped)).values()),
            per=per,
            exposure=total.exposure,
            judged=total.judged,
            unknown=total.unknown,
            measurements=total.measurements,
            not_searched=total.not_searched,
            conditions=" & ".join(map(written, asked)) or "any",
            only_counted=tuple(written(one) for one in parts_of(shaped) if _only_counts(one)),
        )

    def _measurements(self, question: Question) -> Iterator[Measurement]:
        for part in parts_of(question):
            match part:
                case Condition("measurement", Comparison.EQ, str(name)):
                    yield self.catalog.measurement(name)
                    return
        yield from self.catalog.measurements(limit=_ALL)

    def _add(
        self, total: _Sum, measurement: Measurement, question: Question, types: Sequence[str]
    ) -> None:
        coverage = self._table(measurement.id, "scene_coverage")
        if coverage is None or not coverage.num_rows:
            total.not_searched += 1
            return
        total.measurements += 1
        context = self._table(measurement.id, "context")
        ways = context if context is not None else self._table(measurement.id, "ego")
        signals = NO_SIGNALS if ways is None else context_signals(ways)
        part = DrivePart(
            measurement=measurement.id,
            vehicle=measurement.vehicle,
            context=signals,
            coverage=coverage,
            catalog=self.catalog,
        )
        held = Conditions(part).held(question)
        speed = floats(signals.columns, _SPEED, signals.t_ns.size)
        way = odometer(signals.t_ns, speed, signals.max_gap_ns)
        judged = part.span
        for name in types:
            judged = intersect(judged, tiles_of(coverage, name, known=True))
        total.exposure += way.within(held.true)
        total.judged += way.within(intersect(held.true, judged))
        total.unknown += way.within(part.unknown(held))

    def _table(self, measurement: str, kind: str) -> pa.Table | None:
        found = self.catalog.artifacts(measurement, kind=kind)
        if not found:
            return None
        return pa.concat_tables([self.read(one) for one in found], promote_options="default")


def _only_counts(part: Question) -> bool:
    return not is_driven(part) and not isinstance(part, OfType)


def rate_row(rate: Rate) -> dict[str, object]:
    """Return a rate as a row of a table."""
    low, high = rate.bounds or (None, None)
    finite = None if high is None or not np.isfinite(high) else high
    return {
        "scenes": rate.scenes,
        "rate": rate.rate,
        "low": low,
        "high": finite,
        "per": rate.per.text,
        "coverage": rate.coverage,
        "judged_km": rate.judged.distance_m / 1e3,
        "exposure_km": rate.exposure.distance_m / 1e3,
        "unknown_km": rate.unknown.distance_m / 1e3,
        "judged_h": rate.judged.duration_s / 3600,
        "exposure_h": rate.exposure.duration_s / 3600,
        "unknown_h": rate.unknown.duration_s / 3600,
        "measurements": rate.measurements,
        "not_searched": rate.not_searched,
        "conditions": rate.conditions,
        "only_counted": list(rate.only_counted),
    }

"""Rules become detectors: conditions to episodes, episodes to scenes with evidence."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, make_dataclass
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from avdataops.detectors.rules.columns import Nature
from avdataops.detectors.rules.document import Aggregate, Rule, by_scene, read_rule
from avdataops.detectors.rules.expressions import Compare, Expression, Flag, InScene, leaves
from avdataops.detectors.rules.truth import numbers_of, truth, words_of
from avdataops.model.errors import ConfigError
from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.arrays import Bools, Floats, Pairs
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, number
from avdataops.signals.held import held
from avdataops.signals.intervals import complement, drop_short, intersect

_OFF, _STAYS, _ON = 0.0, 1.0, 2.0
_CUT = "cut by a gap before it lasted"
_MAX_TOTAL_BYTES = 262_144
"""Of all rules together: they travel with every task."""
Evidence = dict[str, float | str | bool | None]


def rule_detectors(
    documents: Mapping[str, str], scene_types: Collection[str]
) -> tuple[Detector, ...]:
    """Return a detector for each rule file (name -> text), those that others refer to first.

    ``scene_types`` are the types of all other detectors.  The parameters of such a detector are
    the SHA-256 of its file, so every scene tells which text made it.  Raises ``ConfigError`` that
    names file, line and near miss.
    """
    if sum(len(text.encode()) for text in documents.values()) > _MAX_TOTAL_BYTES:
        raise ConfigError(f"all rules together have at most {_MAX_TOTAL_BYTES} bytes")
    files = by_scene(documents, scene_types)
    known = (*scene_types, *files)
    rules = {name: read_rule(file, documents[file], known) for name, file in files.items()}
    graph = {name: sorted(rule.needs & rules.keys()) for name, rule in rules.items()}
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ConfigError(f"rules refer to each other in a circle: {circle}") from error
    return tuple(_detector(rules[name]) for name in order)


def _detector(rule: Rule) -> Detector:
    params = make_dataclass(
        "Params", [("rule_sha256", str, rule.sha256)], frozen=True, slots=True, kw_only=True
    )
    return Detector(
        name=rule.scene,
        version=rule.version,
        types=(rule.scene,),
        params=params,
        find=partial(_find, rule),
        tags={} if rule.openlabel is None else {rule.scene: rule.openlabel},
        doc=rule.doc,
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """How a rule went over the ego's ticks."""

    level: Floats
    """On, stays on once begun, off, or NaN where that cannot be told."""
    told: Bools
    """Whether ``when`` could be told."""


def _find(rule: Rule, drive: Drive, params: object) -> Detection:
    """Return the scenes of a rule, and where its inputs do not tell."""
    del params
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    when, stay = truth(drive, rule.when), truth(drive, rule.stay)
    level = np.where(stay.yes, _STAYS, np.where(stay.no, _OFF, np.nan))
    course = _Course(np.where(when.yes, _ON, level), when.known)
    rows = np.flatnonzero(~np.isnan(course.level))
    trigger = Trigger(on=_ON, off=_STAYS, max_gap_ns=gap_ns, merge_ns=rule.merge_ns)
    lasting, unknown = held(
        t[rows], course.level[rows], trigger, min_s=rule.min_ns / NS_PER_S, cut=_CUT
    )
    found: list[Found] = []
    for episode in lasting:
        meets = _meets(rule, drive, episode)
        if meets is None:
            unknown.append(_lost(episode, f"no telling of {' and '.join(rule.overlaps)}"))
        elif meets:
            whole = slice(int(rows[episode.onset]), int(rows[episode.last]) + 1)
            found.append(_scene(rule, drive, episode, course.told[whole], whole))
    decided = course.told & ~(np.isnan(course.level) & _was_on(course.level))
    return settle(found, [*unknown, *_unknown(rule, drive, decided)])


def _was_on(level: Floats) -> Bools:
    """Say for each tick whether the last one that could be told left the scene going on."""
    known = ~np.isnan(level)
    last = np.maximum.accumulate(np.where(known & (level != _STAYS), np.arange(level.size), -1))
    return np.asarray((last >= 0) & (level[np.maximum(last, 0)] == _ON)) if level.size else known


def _lost(episode: Episode, reason: str) -> Unknown:
    return Unknown(start_ns=episode.start_ns, stop_ns=episode.stop_ns, reason=reason)


def _meets(rule: Rule, drive: Drive, episode: Episode) -> bool | None:
    """Say whether a scene of each type to overlap does; None where that is unknown."""
    answer: bool | None = True
    for name in rule.overlaps:
        detection = drive.scenes.get(name)
        if detection is not None and any(_overlap(one, episode) for one in detection.found):
            continue
        if detection is not None and not any(_overlap(one, episode) for one in detection.unknown):
            return False
        answer = None
    return answer


def _overlap(one: Found | Unknown, episode: Episode) -> bool:
    return one.start_ns < episode.stop_ns and episode.start_ns < one.stop_ns


def _unknown(rule: Rule, drive: Drive, decided: Bools) -> list[Unknown]:
    """Return where the rule could not be told, each stretch with the input that it lacked."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    asked = {_name(leaf): leaf for tree in (rule.when, rule.stay) for leaf in leaves(tree)}
    spans = {name: known_spans(t, truth(drive, leaf).known, gap_ns) for name, leaf in asked.items()}
    told = known_spans(t, decided, gap_ns)
    shortest_ns = gap_ns + 1 if len(told) else 0
    lost = drop_short(complement(told, drive.start_ns, drive.stop_ns), shortest_ns)
    found = []
    for stretch in missing(drive.start_ns, drive.stop_ns, spans, gap_ns):
        both = intersect(_pair(stretch.start_ns, stretch.stop_ns), lost)
        found += [Unknown(start_ns=int(a), stop_ns=int(b), reason=stretch.reason) for a, b in both]
    return found


def _pair(start_ns: int, stop_ns: int) -> Pairs:
    return np.array([(start_ns, stop_ns)], dtype=np.int64)


def _name(leaf: Compare | Flag | InScene) -> str:
    return leaf.type if isinstance(leaf, InScene) else leaf.column.name


def _scene(rule: Rule, drive: Drive, episode: Episode, told: Bools, rows: slice) -> Found:
    evidence: Evidence = {one.name: _figure(drive, one, rows) for one in rule.evidence}
    severity = _severity(rule, drive, rows)
    if severity is not None:
        evidence["severity"] = severity
    evidence["rule"] = f"{rule.file} sha256:{rule.sha256[:16]}"
    return Found(
        type=rule.scene,
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(float(told.mean()), *_confidences(rule, drive, episode)),
        evidence=evidence,
        truncated=episode.truncated,
    )


def _confidences(rule: Rule, drive: Drive, episode: Episode) -> list[float]:
    """Return the confidences of the scenes that it rests on and overlaps."""
    detections = (drive.scenes.get(name, Detection()) for name in sorted(rule.needs))
    return [
        one.confidence
        for detection in detections
        for one in detection.found
        if _overlap(one, episode)
    ]


_AGGREGATES: dict[str, Callable[[Floats], Any]] = {
    "max": np.max,
    "min": np.min,
    "mean": np.mean,
    "first": lambda x: x[0],
    "last": lambda x: x[-1],
}


def _figure(drive: Drive, wanted: Aggregate, rows: slice) -> float | str | None:
    if wanted.column.nature is Nature.TEXT:
        text = [item for item in words_of(drive, wanted.column)[rows] if item is not None]
        return None if not text else str(text[0 if wanted.how == "first" else -1])
    values = numbers_of(drive, wanted.column)[rows]
    known = values[~np.isnan(values)]
    if known.size == 0:
        return None
    return number(float(_AGGREGATES[wanted.how](np.abs(known) if wanted.absolute else known)))


def _severity(rule: Rule, drive: Drive, rows: slice) -> str | None:
    """Return the first class whose condition holds at some tick of the scene."""
    for name, condition in rule.severity:
        if condition is None or _ever(drive, condition, rows):
            return name
    return None


def _ever(drive: Drive, condition: Expression, rows: slice) -> bool:
    return bool(truth(drive, condition).yes[rows].any())

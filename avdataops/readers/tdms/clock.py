"""Times of samples: waveforms exactly rounded, stored moments, and what a file says instead.

A waveform's samples are at ``wf_start_time + wf_start_offset + i * wf_increment`` (NI, "TDMS
waveform properties").  The sum is formed from the exact values of the stored numbers and rounded
once, so no error adds up over any number of samples.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from avdataops.model.time import NS_PER_S
from avdataops.readers.tdms.kinds import EPOCH_S, Stamp, Value

Times = npt.NDArray[np.int64]
_INT64 = 2**63
_FAR = 2**62
"""Waveforms stay between 1823 and 2116; so steps and sums fit into 64 bits as well."""
_SECONDS = ("", "s", "sec", "second", "seconds", "time", "zeit")
_STARTS = (
    "datetime",
    "starttime",
    "creationtime",
    "creationdate",
    "gpstimestamp",
    "timestamp",
    "cputimestamp",
)
"""Properties of file or group that say when it began, best first, as letters only."""
_RATES = ("samplingfrequencyhz", "samplingratehz", "samplerate")


@dataclass(frozen=True, slots=True)
class Ticks:
    """Evenly spaced times: exact ns since the Unix epoch of sample 0, and ns between samples."""

    first_ns: Fraction
    step_ns: Fraction

    def at(self, row: int) -> int:
        """Return the time of one sample, rounded to whole ns, half up."""
        return math.floor(self.first_ns + row * self.step_ns + Fraction(1, 2))

    def fits(self, rows: int) -> bool:
        """Say whether the times of that many samples are 64-bit numbers."""
        return all(-_FAR <= self.at(row) < _FAR for row in (0, max(rows - 1, 0)))

    def times(self, start: int, rows: int) -> Times:
        """Return the times of ``rows`` samples from number ``start`` on, as ``at`` gives them.

        Whole and fractional ns are summed apart: the whole in integers, the fractions in doubles.
        Where a double comes so near to a whole number that its error might tip the rounding, the
        exact sum decides.
        """
        if rows == 1:
            return np.array([self.at(start)], np.int64)
        base = self.first_ns + start * self.step_ns + Fraction(1, 2)
        whole, part = divmod(base, 1)
        step, step_part = divmod(self.step_ns, 1)
        rank = np.arange(rows, dtype=np.int64)
        found = whole + rank * step
        if not step_part:
            return found
        parts = float(part) + rank * float(step_part)
        found += np.floor(parts).astype(np.int64)
        near = np.abs(parts - np.rint(parts)) <= (rows + 1) * 2.0**-50
        for row in np.flatnonzero(near).tolist():
            found[row] = math.floor(base + row * self.step_ns)
        return found


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of the times of a channel that has no time channel."""

    kind: str
    """``waveform`` or ``index``."""
    ticks: Ticks
    note: str | None = None
    """What is missing, for the problem that says so."""
    is_guess: bool = False
    """No time at all: the numbers are no times."""


@dataclass(frozen=True, slots=True)
class FileClock:
    """What file or group say of the start and rate of their channels."""

    start: Stamp | None = None
    start_name: str = ""
    rate_hz: float | None = None
    rate_name: str = ""


def file_clock(*levels: Mapping[str, Value]) -> FileClock:
    """Look for start and rate in the properties of the group, then of the file."""
    found = FileClock()
    for properties in levels:
        plain = {re.sub(r"[^a-z]", "", name.lower()): name for name in properties}
        for name in (plain[key] for key in _STARTS if key in plain):
            value = properties[name]
            if found.start is None and isinstance(value, Stamp) and value.is_set:
                found = replace(found, start=value, start_name=name)
        for name in (plain[key] for key in _RATES if key in plain):
            rate = _number(properties[name])
            if found.rate_hz is None and rate is not None and rate > 0:
                found = replace(found, rate_hz=rate, rate_name=name)
    return found


def waveform_clock(properties: Mapping[str, Value], given: FileClock) -> Clock | None:
    """Return the clock of a channel with an increment in seconds, None for other channels."""
    step_s = _number(properties.get("wf_increment"))
    unit = str(properties.get("wf_xunit_string", "")).strip().lower()
    if step_s is None or step_s <= 0 or unit not in _SECONDS:
        return None
    offset = Fraction(_number(properties.get("wf_start_offset")) or 0.0) * NS_PER_S
    step = Fraction(step_s) * NS_PER_S
    own = _own_start(properties)
    if own:
        return Clock("waveform", Ticks(own.unix_ns + offset, step))
    if given.start:
        note = f"its start is '{given.start_name}' of the file"
        return Clock("waveform", Ticks(given.start.unix_ns + offset, step), note)
    note = "its start is not known; its times count from 1970"
    return Clock("waveform", Ticks(offset, step), note, is_guess=True)


def other_clock(properties: Mapping[str, Value], given: FileClock) -> Clock:
    """Return the clock of a channel without increment and without channel of moments."""
    own = _own_start(properties)
    moment = own or given.start
    name = "wf_start_time" if own else given.start_name
    if moment and given.rate_hz:
        step = NS_PER_S / Fraction(given.rate_hz)
        note = f"its times follow '{name}' and '{given.rate_name}' of the file"
        return Clock("waveform", Ticks(moment.unix_ns, step), note)
    if moment:
        return numbered(moment.unix_ns, f"'{name}'")
    return numbered(Fraction(0), "0")


def numbered(first_ns: Fraction, name: str) -> Clock:
    """Return sample numbers in place of times."""
    note = f"its samples have no times; t_ns is their number, counted from {name}"
    return Clock("index", Ticks(first_ns, Fraction(1)), note, is_guess=True)


def _own_start(properties: Mapping[str, Value]) -> Stamp | None:
    start = properties.get("wf_start_time")
    return start if isinstance(start, Stamp) and start.is_set else None


def _number(value: Value | None) -> float | None:
    """Return a finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def stamps_ns(stamps: npt.NDArray[Any]) -> tuple[Times, npt.NDArray[np.bool_]]:
    """Return ns since the Unix epoch, rounded half up, and which moments a 64-bit number holds.

    A fraction of 2**-64 s times 1e9 needs 94 bits; its halves are multiplied apart.
    """
    seconds, fractions = stamps["seconds"], stamps["fractions"]
    ns_per_s, half_word = np.uint64(NS_PER_S), np.uint64(32)
    high = (fractions >> half_word) * ns_per_s
    low = ((fractions & np.uint64(0xFFFFFFFF)) * ns_per_s) >> half_word
    ns = ((high + low + np.uint64(1 << 31)) >> half_word).astype(np.int64)
    limit = _INT64 // NS_PER_S - 1
    since = np.clip(seconds, -limit + EPOCH_S, limit + EPOCH_S)
    return (since - EPOCH_S) * NS_PER_S + ns, since == seconds

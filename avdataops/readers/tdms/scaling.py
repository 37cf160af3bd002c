"""Scales of channels, as npTDMS computes them, kept from harm by what a file claims."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from avdataops.model.errors import InputError
from avdataops.readers.tdms.kinds import KINDS, Kind, Stamp, Value
from avdataops.readers.tdms.samples import Raw

_MAX_SCALES = 256
_MAX_STEPS = 1024
_NEWTON_STEPS = 12
RAW = 0xFFFFFFFF
"""Input of a scale that takes the stored values (npTDMS has the same number)."""
_SCALE = re.compile(r"NI_Scale\[(\d+)\]_Scale_Type")
Samples = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Scaling:
    """The scales of one channel."""

    scales: Any
    """npTDMS's chain of scales."""
    is_plain: bool
    """The values come out as they are stored."""

    def apply(self, raw: Raw) -> Samples:
        """Return scaled values as doubles; raises whatever npTDMS trips over."""
        from nptdms.base_segment import RawChannelDataChunk

        values = {scale: _widened(found) for scale, found in raw.items()}
        plain = values.pop(None, None)
        with np.errstate(all="ignore"):
            found = self.scales.scale(RawChannelDataChunk(plain, values or None))
        wanted = np.complex128 if np.iscomplexobj(found) else np.float64
        return np.asarray(found, dtype=wanted)


def _widened(values: Samples) -> Samples:
    """Return doubles for singles, in which NumPy would do the sums otherwise."""
    return values.astype(np.float64) if values.dtype == np.float32 else values


def scaling_of(
    kinds: Mapping[int | None, Kind], levels: Sequence[Mapping[str, Value]]
) -> Scaling | None:
    """Return the scaling of a channel, None if there is none.

    ``kinds`` are the types of its values by DAQmx scaler; ``levels`` are the properties of
    channel, group and file, of which the first with scales counts.  Raises ``InputError`` for
    scales that cannot be computed.
    """
    if not any(_has_scales(properties) for properties in levels):
        return None
    probe = {scale: np.ones(1, _code(kind)) for scale, kind in kinds.items()}
    try:
        found = _scaling(kinds, levels)
        shape = found.apply(probe).shape if found else (1,)
    except InputError:
        raise
    except Exception as error:  # npTDMS trips over contradictions in many ways.
        raise InputError(f"{type(error).__name__} {error}"[:200]) from error
    if shape != (1,):
        raise InputError("they do not give one value for one")
    return None if found is None or found.is_plain else found


def _scaling(
    kinds: Mapping[int | None, Kind], levels: Sequence[Mapping[str, Value]]
) -> Scaling | None:
    from nptdms import scaling as nptdms

    found = nptdms.get_scaling(*levels)
    if found is None:
        if any(level.get("NI_Scaling_Status") == "scaled" for level in levels):
            return None
        raise InputError("one is of a type that is not known")
    _check(found.scalings)
    for number, one in enumerate(found.scalings):
        if isinstance(one, nptdms.RtdScaling):
            found.scalings[number] = Rtd.of(one)
    last = found.scalings[-1]
    is_raw = isinstance(last, nptdms.NoOpScaling) and last.input_source == RAW and None in kinds
    is_scaler = isinstance(last, nptdms.DaqMxScalerScaling) and len(kinds) == 1
    return Scaling(found, is_raw or is_scaler)


def _code(kind: Kind) -> str:
    return "?" if kind is KINDS[0x21] else kind.code


def _has_scales(properties: Mapping[str, Value]) -> bool:
    """Say whether there are scales; raises ``InputError`` for more than anybody has."""
    numbers = [int(found[1]) + 1 for name in properties if (found := _SCALE.match(name))]
    stated = properties.get("NI_Number_Of_Scales", 0)
    if isinstance(stated, Stamp) or not str(stated).isdecimal():
        raise InputError(f"their number is {str(stated)[:40]!a}")
    if max([int(stated), *numbers]) > _MAX_SCALES:
        raise InputError(f"they are more than {_MAX_SCALES}")
    return bool(numbers) or int(stated) > 0


def _check(scales: list[Any]) -> None:
    """Refuse scales that feed themselves, or each other more often than anybody needs."""
    costs: dict[int, int] = {}

    def cost(number: Any, above: frozenset[int]) -> int:
        if number == RAW:
            return 0
        if not isinstance(number, int) or not 0 <= number < len(scales) or number in above:
            raise InputError(f"scale {str(number)[:20]!a} feeds itself or is none")
        if number not in costs:
            one = scales[number]
            names = ("input_source", "left_input_source", "right_input_source")
            inputs = [getattr(one, name) for name in names if hasattr(one, name)]
            costs[number] = 1 + sum(cost(fed, above | {number}) for fed in inputs)
        if costs[number] > _MAX_STEPS:
            raise InputError(f"they take more than {_MAX_STEPS} steps")
        return costs[number]

    cost(len(scales) - 1, frozenset())


@dataclass(frozen=True, slots=True)
class Rtd:
    """Volts of a resistance thermometer to degrees Celsius, below 0 as fast as above.

    Callendar-Van Dusen (IEC 60751): R = R0 (1 + A T + B T² + C (T - 100) T³), C only below 0 °C.
    npTDMS solves for each value below 0 °C by itself; here Newton's method solves for all.
    """

    current: float
    r0: float
    a: float
    b: float
    c: float
    lead: float
    """Ohms of the lead wires that are in the measured ones."""
    input_source: int

    @classmethod
    def of(cls, one: Any) -> "Rtd":
        """Return the same scale as npTDMS's."""
        leads = {2: 2.0, 3: 1.0}.get(one.resistance_configuration, 0.0)
        return cls(
            current=one.current_excitation,
            r0=one.r0_nominal_resistance,
            a=one.a,
            b=one.b,
            c=one.c,
            lead=leads * one.lead_wire_resistance,
            input_source=one.input_source,
        )

    def scale(self, volts: Samples) -> Samples:
        """Return degrees Celsius; NaN where no temperature has that resistance."""
        ratio = (volts / self.current - self.lead) / self.r0
        root = np.sqrt(np.asarray(self.a**2 - 4.0 * self.b * (1.0 - ratio)))
        warm = (root - self.a) / (2.0 * self.b)
        cold = np.flatnonzero(ratio < 1.0)
        warm[cold] = self._below_zero(ratio[cold], warm[cold])
        return warm

    def _below_zero(self, ratio: Samples, t: Samples) -> Samples:
        for _ in range(_NEWTON_STEPS):
            value = 1.0 + self.a * t + self.b * t**2 + self.c * (t - 100.0) * t**3 - ratio
            slope = self.a + 2.0 * self.b * t + self.c * (4.0 * t - 300.0) * t**2
            t = t - value / slope
        return t

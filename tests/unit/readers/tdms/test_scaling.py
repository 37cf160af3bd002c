"""Tests of scales: equal to npTDMS where that is right, harmless where files lie."""

import re
import time
import warnings
from typing import Any

import numpy as np
import pytest
from nptdms import scaling as nptdms

from avdataops.model.errors import InputError
from avdataops.readers.tdms.kinds import KINDS, Stamp, Value
from avdataops.readers.tdms.samples import Raw
from avdataops.readers.tdms.scaling import RAW, Rtd, Scaling, scaling_of

F64, I16, F32 = KINDS[0x0A], KINDS[0x02], KINDS[0x09]
PT100: dict[str, Value] = {
    "NI_Scale[0]_Scale_Type": "RTD",
    "NI_Scale[0]_RTD_Current_Excitation": 0.001,
    "NI_Scale[0]_RTD_R0_Nominal_Resistance": 100.0,
    "NI_Scale[0]_RTD_A": 3.9083e-3,
    "NI_Scale[0]_RTD_B": -5.775e-7,
    "NI_Scale[0]_RTD_C": -4.183e-12,
    "NI_Scale[0]_RTD_Lead_Wire_Resistance": 0.0,
    "NI_Scale[0]_RTD_Resistance_Configuration": 4,
    "NI_Scale[0]_RTD_Input_Source": RAW,
}


def _linear(number: int, slope: Value, source: Value | None = None) -> dict[str, Value]:
    name = f"NI_Scale[{number}]"
    found: dict[str, Value] = {
        f"{name}_Scale_Type": "Linear",
        f"{name}_Linear_Slope": slope,
        f"{name}_Linear_Y_Intercept": 1.0,
    }
    return found if source is None else {**found, f"{name}_Linear_Input_Source": source}


def _sum(number: int, left: int, right: int) -> dict[str, Value]:
    name = f"NI_Scale[{number}]"
    return {
        f"{name}_Scale_Type": "Add",
        f"{name}_Add_Left_Operand_Input_Source": left,
        f"{name}_Add_Right_Operand_Input_Source": right,
    }


def _table(inputs: list[float], outputs: list[float]) -> dict[str, Value]:
    name = "NI_Scale[0]_Table"
    return {
        "NI_Scale[0]_Scale_Type": "Table",
        f"{name}_Pre_Scaled_Values_Size": len(inputs),
        f"{name}_Scaled_Values_Size": len(outputs),
        **{f"{name}_Pre_Scaled_Values[{n}]": value for n, value in enumerate(inputs)},
        **{f"{name}_Scaled_Values[{n}]": value for n, value in enumerate(outputs)},
    }


def _scaling(*levels: dict[str, Value], kind: Any = F64) -> Scaling | None:
    three = (*levels, {}, {}, {})[:3]
    return scaling_of({None: kind}, three)


def _apply(properties: dict[str, Value], values: Any, kind: Any = F64) -> list[float]:
    found = _scaling(properties, kind=kind)
    assert found is not None
    return [float(one) for one in found.apply({None: np.asarray(values)})]


def test_channels_without_scales_have_none() -> None:
    assert _scaling({"unit_string": "V"}) is None
    assert _scaling({"NI_Number_Of_Scales": 0}) is None


def test_linear_scales_follow_each_other() -> None:
    properties = {**_linear(0, 2.0), **_linear(1, 10.0, 0)}
    assert _apply(properties, [0.0, 1.0]) == [11.0, 31.0]


def test_whole_numbers_become_doubles() -> None:
    found = _scaling(_linear(0, 0.5), kind=I16)
    assert found is not None
    scaled = found.apply({None: np.array([1, 32767], np.int16)})
    assert scaled.dtype == np.float64
    assert scaled.tolist() == [1.5, 16384.5]


def test_singles_are_scaled_as_doubles() -> None:
    value = np.float32(0.1)
    assert _apply(_linear(0, 3.0), [value], F32) == [float(value) * 3.0 + 1.0]


def test_complex_values_are_scaled_too() -> None:
    found = _scaling(_linear(0, 2.0), kind=KINDS[0x10000D])
    assert found is not None
    assert found.apply({None: np.array([1 + 2j])}).tolist() == [3 + 4j]


def test_a_scale_of_the_channel_goes_before_the_group_and_that_before_the_file() -> None:
    of_file = _scaling({}, {}, _linear(0, 4.0))
    of_group = _scaling({}, _linear(0, 3.0), _linear(0, 4.0))
    own = _scaling(_linear(0, 2.0), _linear(0, 3.0), _linear(0, 4.0))
    raw: Raw = {None: np.array([1.0])}
    assert [one.apply(raw)[0] for one in (own, of_group, of_file) if one] == [3.0, 4.0, 5.0]


def test_data_written_scaled_are_not_scaled_again() -> None:
    assert _scaling({**_linear(0, 2.0), "NI_Scaling_Status": "scaled"}) is None


def test_a_scale_that_does_nothing_keeps_the_stored_type() -> None:
    assert _scaling({"NI_Scale[0]_Scale_Type": "AdvancedAPI"}, kind=I16) is None


def test_a_table_is_interpolated() -> None:
    assert _apply(_table([0.0, 1.0, 3.0], [0.0, 10.0, 20.0]), [0.5, 2.0, 9.0]) == [5.0, 15.0, 20.0]
    assert _apply(_table([3.0, 1.0, 0.0], [20.0, 10.0, 0.0]), [0.5]) == [5.0]


def test_daqmx_scalers_are_inputs() -> None:
    properties = {"NI_Number_Of_Scales": 2, **_linear(1, 2.0, 0)}
    found = scaling_of({0: I16}, (properties, {}, {}))
    assert found is not None
    assert found.apply({0: np.array([1, 2], np.int16)}).tolist() == [3.0, 5.0]
    assert scaling_of({0: I16}, ({"NI_Number_Of_Scales": 1}, {}, {})) is None


@pytest.mark.parametrize("configuration", [2, 3, 4])
def test_resistance_thermometers_agree_with_the_standard_and_with_nptdms(
    configuration: int,
) -> None:
    lead = 0.5
    properties = {
        **PT100,
        "NI_Scale[0]_RTD_Lead_Wire_Resistance": lead,
        "NI_Scale[0]_RTD_Resistance_Configuration": configuration,
    }
    celsius = np.linspace(-190, 600, 80)
    a, b = 3.9083e-3, -5.775e-7
    c = np.where(celsius < 0, -4.183e-12, 0.0)
    ohms = 100 * (1 + a * celsius + b * celsius**2 + c * (celsius - 100) * celsius**3)
    leads = {2: 2 * lead, 3: lead, 4: 0.0}[configuration]
    volts = (ohms + leads) * 0.001
    np.testing.assert_allclose(_apply(properties, volts), celsius, atol=1e-7)
    theirs = nptdms.get_scaling(properties, {}, {}).scalings[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        np.testing.assert_allclose(_apply(properties, volts), theirs.scale(volts), atol=1e-7)


def test_a_broken_thermometer_costs_only_its_own_samples() -> None:
    scaled = _apply(PT100, [0.1, np.nan, 0.2, np.inf, -1e9])
    assert scaled[0] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(scaled[1])
    assert scaled[2] == pytest.approx(266.348, abs=1e-3)


def test_frost_is_read_as_fast_as_warmth() -> None:
    start = time.perf_counter()
    scaled = _apply(PT100, np.full(200_000, 0.09))
    assert time.perf_counter() - start < 5.0
    assert scaled[0] == scaled[-1] == pytest.approx(-25.47, abs=0.1)


def test_the_same_thermometer_is_taken_over_from_nptdms() -> None:
    theirs = nptdms.get_scaling(PT100, {}, {}).scalings[0]
    assert Rtd.of(theirs) == Rtd(0.001, 100.0, 3.9083e-3, -5.775e-7, -4.183e-12, 0.0, RAW)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        (_linear(0, "steep"), "Error"),
        (_linear(0, Stamp(1, 2)), "Error"),
        ({"NI_Scale[0]_Scale_Type": "Linear"}, "KeyError"),
        ({"NI_Scale[0]_Scale_Type": "Magic"}, "a type that is not known"),
        ({"NI_Scale[0]_Scale_Type": 5}, "a type that is not known"),
        ({"NI_Scale[300]_Scale_Type": "Linear"}, "more than 256"),
        ({f"NI_Scale[{'0' * 30}999999999]_Scale_Type": "Linear"}, "more than 256"),
        ({"NI_Number_Of_Scales": 2**31}, "more than 256"),
        ({"NI_Number_Of_Scales": -1}, "their number is '-1'"),
        ({"NI_Number_Of_Scales": "many"}, "their number is 'many'"),
        ({"NI_Number_Of_Scales": Stamp(1, 1)}, "their number is"),
        ({"NI_Number_Of_Scales": 1}, "Error"),
        (_linear(0, 1.0, 0), "scale '0' feeds itself"),
        ({**_linear(0, 1.0, 1), **_linear(1, 1.0, 0)}, "feeds itself"),
        (_linear(0, 1.0, -1), "scale '-1' feeds itself or is none"),
        (_linear(0, 1.0, "x"), "feeds itself or is none"),
        (_linear(0, 1.0, 7), "scale '7' feeds itself or is none"),
        (_table([0.0, 1.0], [1.0]), "ValueError"),
        (_table([0.0, 1.0, 0.5], [1.0, 2.0, 3.0]), "ValueError"),
        (
            {
                "NI_Scale[0]_Scale_Type": "Polynomial",
                "NI_Scale[0]_Polynomial_Coefficients_Size": 2**32 - 1,
            },
            "KeyError",
        ),
        (
            {
                "NI_Scale[0]_Scale_Type": "Thermocouple",
                "NI_Scale[0]_Thermocouple_Thermocouple_Type": 3,
            },
            "KeyError",
        ),
    ],
)
def test_scales_that_cannot_be_are_refused_with_the_reason(
    properties: dict[str, Value], words: str
) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        _scaling(properties)


def test_scales_that_feed_each_other_twice_over_do_not_explode() -> None:
    properties = _linear(0, 1.0)
    for number in range(1, 200):
        properties |= _sum(number, number - 1, number - 1)
    start = time.perf_counter()
    with pytest.raises(InputError, match="more than 1024 steps"):
        _scaling(properties)
    assert time.perf_counter() - start < 5.0


def test_a_few_sums_are_computed() -> None:
    properties = {**_linear(0, 2.0), **_linear(1, 3.0, RAW), **_sum(2, 0, 1)}
    assert _apply(properties, [1.0]) == [7.0]

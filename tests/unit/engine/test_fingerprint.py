"""Fingerprints and parameters."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.engine.fingerprint import complete_params, task_fingerprint
from avdataops.model.errors import ConfigError
from avdataops.model.run import TaskInput
from avdataops.ports.step import Bytes, Inputs, Need, Rows, Split, Step, StepContext
from avdataops.testing.engine_kit import loose_artifact


@dataclass(frozen=True, slots=True)
class Inner:
    gain: float = 2.0


@dataclass(frozen=True, slots=True)
class Params:
    rate_hz: float = 10.0
    names: tuple[str, ...] = ("a",)
    inner: Inner = field(default_factory=Inner)
    by_name: dict[str, float] = field(default_factory=dict)


def _run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows | Bytes]:
    del ctx, inputs, params
    yield from ()


STEP = Step(
    name="thin",
    version=3,
    split=Split.MEASUREMENT,
    needs={"stream": Need(kind="stream")},
    makes=("thinned",),
    params=Params,
    run=_run,
)
ONE = TaskInput(role="stream", artifact=loose_artifact("stream", "/one", sha256="1" * 64))
TWO = TaskInput(role="stream", artifact=loose_artifact("stream", "/two", sha256="2" * 64))
values = st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.booleans())


@given(values)
def test_the_order_of_parameters_does_not_matter(params: dict[str, object]) -> None:
    backwards = dict(reversed(params.items()))
    assert task_fingerprint(STEP, "m", params, [ONE]) == task_fingerprint(
        STEP, "m", backwards, [ONE]
    )


def test_the_order_of_inputs_does_not_matter() -> None:
    assert task_fingerprint(STEP, "m", {}, [ONE, TWO]) == task_fingerprint(
        STEP, "m", {}, [TWO, ONE]
    )


def test_everything_that_a_result_depends_on_changes_the_fingerprint() -> None:
    prints = {
        task_fingerprint(STEP, "m", {}, [ONE]),
        task_fingerprint(STEP, "n", {}, [ONE]),
        task_fingerprint(STEP, "m", {"rate_hz": 1}, [ONE]),
        task_fingerprint(STEP, "m", {}, [TWO]),
        task_fingerprint(STEP, "m", {}, [replace(ONE, role="other")]),
        task_fingerprint(replace(STEP, version=4), "m", {}, [ONE]),
        task_fingerprint(replace(STEP, name="thick"), "m", {}, [ONE]),
    }
    assert len(prints) == 7


def test_given_parameters_lie_over_the_defaults_and_get_their_types() -> None:
    assert complete_params(STEP, {"rate_hz": "20", "inner": {"gain": 3}}) == {
        "rate_hz": 20.0,
        "names": ("a",),
        "inner": {"gain": 3.0},
        "by_name": {},
    }


def test_a_number_written_as_integer_or_float_is_the_same_parameter() -> None:
    prints = {
        task_fingerprint(STEP, "m", complete_params(STEP, {"rate_hz": rate}), [ONE])
        for rate in (20, 20.0, "20")
    }
    assert len(prints) == 1


def test_an_unknown_parameter_names_the_near_miss_and_all_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'thin' has no parameter 'rate'.*'rate_hz'") as caught:
        complete_params(STEP, {"rate": 1})
    assert caught.value.hint == "it has: by_name, inner, names, rate_hz"


def test_an_unknown_parameter_inside_another_is_not_ignored() -> None:
    with pytest.raises(ConfigError, match=r"no parameter 'inner\.gian'; did you mean 'gain'"):
        complete_params(STEP, {"inner": {"gian": 1}})


def test_a_free_table_of_parameters_takes_any_name() -> None:
    assert complete_params(STEP, {"by_name": {"/imu": 1}})["by_name"] == {"/imu": 1.0}


@pytest.mark.parametrize(
    ("given_params", "place"),
    [({"rate_hz": "fast"}, "rate_hz"), ({"inner": 3}, "inner"), ({"names": "abc"}, "names")],
)
def test_an_ill_typed_parameter_is_named(given_params: dict[str, object], place: str) -> None:
    with pytest.raises(ConfigError, match=f"parameters of step 'thin'.*{place}"):
        complete_params(STEP, given_params)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_parameter_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match="parameters of step 'thin'"):
        complete_params(STEP, {"rate_hz": value})

from typing import Any

import cantools
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.can_database import FRAMES, Frame, Signal, dbc_text, pack

DATABASE: Any = cantools.database.load_string(dbc_text(), "dbc")


def test_the_database_names_every_frame_and_signal() -> None:
    for frame in FRAMES:
        message = DATABASE.get_message_by_frame_id(frame.identifier)
        assert message.name == frame.name
        assert message.length == frame.size
        assert [s.name for s in message.signals] != []
        assert {s.name for s in message.signals} == {s.name for s in frame.signals}


def test_units_and_cycle_times_are_in_the_database() -> None:
    dynamics = DATABASE.get_message_by_name("VehicleDynamics")
    assert dynamics.cycle_time == 20
    assert dynamics.get_signal_by_name("VehicleSpeed").unit == "km/h"
    assert dynamics.get_signal_by_name("YawRate").byte_order == "big_endian"
    assert DATABASE.get_message_by_name("WheelSpeeds").signals[0].byte_order == "little_endian"


def test_value_tables_are_in_the_database() -> None:
    body = DATABASE.get_message_by_name("Body")
    gear = body.get_signal_by_name("Gear").choices
    assert {raw: str(text) for raw, text in gear.items()} == {0: "P", 1: "R", 2: "N", 3: "D"}
    assert str(body.get_signal_by_name("WiperStatus").choices[2]) == "Fast"


def test_the_powertrain_frame_is_multiplexed() -> None:
    message = DATABASE.get_message_by_name("Powertrain")
    assert message.is_multiplexed()
    assert message.get_signal_by_name("BatteryVoltage").multiplexer_ids == [1]


def physical_values(frame: Frame, page: int | None) -> st.SearchStrategy[dict[str, float]]:
    signals = [s for s in frame.signals if s.page in (None, page) and not s.multiplexer]

    def scaled(signal: Signal) -> st.SearchStrategy[float]:
        return st.integers(*signal.raw_range).map(lambda raw: raw * signal.factor + signal.offset)

    return st.fixed_dictionaries({signal.name: scaled(signal) for signal in signals})


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
@given(data=st.data())
def test_an_independent_decoder_reads_back_what_was_packed(
    frame: Frame, data: st.DataObject
) -> None:
    page = data.draw(st.sampled_from((0, 1))) if frame.name == "Powertrain" else None
    values = data.draw(physical_values(frame, page))
    columns = {s.name: np.array([values.get(s.name, 0.0)]) for s in frame.signals}
    if page is not None:
        columns["Mux"] = np.array([float(page)])
    payload = pack(frame, columns)[0].tobytes()[: frame.size]
    decoded = DATABASE.decode_message(frame.identifier, payload, decode_choices=False)
    for name, value in values.items():
        assert decoded[name] == pytest.approx(value, abs=1e-9), name


def test_values_beyond_the_range_are_clipped() -> None:
    frame = next(f for f in FRAMES if f.name == "Steering")
    payload = pack(frame, {"SteeringAngle": np.array([1e6, -1e6])})
    decoded = [
        DATABASE.decode_message(frame.identifier, row.tobytes()[: frame.size])["SteeringAngle"]
        for row in payload
    ]
    assert decoded == pytest.approx([3276.7, -3276.8])


def test_bytes_beyond_the_frame_stay_zero() -> None:
    frame = next(f for f in FRAMES if f.name == "Body")
    full = {s.name: np.array([1e9]) for s in frame.signals}
    assert pack(frame, full)[0, frame.size :].tolist() == [0, 0, 0, 0]


def test_raw_ranges_are_those_of_the_bits() -> None:
    assert Signal("a", 0, 8, "").raw_range == (0, 255)
    assert Signal("a", 0, 8, "", signed=True).raw_range == (-128, 127)


def test_signals_do_not_overlap_within_a_page() -> None:
    for frame in FRAMES:
        for page in (0, 1):
            used = np.zeros(8, dtype=np.uint8)
            for signal in frame.signals:
                if signal.page not in (None, page):
                    continue
                low, high = signal.raw_range
                one = {s.name: np.array([s.offset]) for s in frame.signals}
                full_raw = -1 if signal.signed else high
                one[signal.name] = np.array([full_raw * signal.factor + signal.offset])
                if signal.page is not None:
                    one["Mux"] = np.array([float(signal.page)])
                bits = pack(frame, one)[0]
                if signal.page is not None:
                    bits = bits.copy()
                    bits[0] &= 0xF0
                assert not (used & bits).any(), signal.name
                used |= bits
                assert low <= 0

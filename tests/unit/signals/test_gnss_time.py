"""Time of satellites in tables, and the clock of the recorder by it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.clocks import ClockModel, Refusal, apply
from avdataops.signals.gnss_time import gnss_clock, time_columns, utc_stamps

MS = 1_000_000
S = 1_000_000_000
T0 = 1_627_305_213 * S


def _can(epoch_s: np.ndarray, recorded: np.ndarray, **flags: list[int]) -> pa.Table:
    fields = [
        pa.field("t_ns", pa.int64()),
        pa.field("epoch", pa.float64(), metadata={"source": "Epoch", "unit": "sec"}),
    ]
    columns = [pa.array(recorded), pa.array(epoch_s, from_pandas=True)]
    for name, values in flags.items():
        fields.append(pa.field(name, pa.int64(), metadata={"source": name, "unit": "1"}))
        columns.append(pa.array(values))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _ros(time_ref: list[int | None], recorded: list[int]) -> pa.Table:
    fields = [
        pa.field("t_ns", pa.int64()),
        pa.field("time_ref_ns", pa.int64(), metadata={"source": "time_ref", "unit": "ns"}),
    ]
    return pa.Table.from_arrays(
        [pa.array(recorded), pa.array(time_ref, pa.int64())], schema=pa.schema(fields)
    )


def test_a_can_message_tells_utc_to_the_microsecond() -> None:
    epoch_s = np.array([T0 / S + 0.001, T0 / S + 1.999])
    table = _can(epoch_s, np.array([T0, T0 + S]))
    names = time_columns("can/GnssTime", table.schema)
    utc, recorded = utc_stamps(table, names)
    assert names == ("t_ns", "epoch")
    assert np.abs(utc - [T0 + MS, T0 + 1999 * MS]).max() < 1000
    assert recorded.tolist() == [T0, T0 + S]


def test_messages_that_are_not_sure_of_their_time_are_left_out() -> None:
    table = _can(
        np.array([T0 / S, T0 / S + 1, np.nan, T0 / S + 3, 1000.0]),
        T0 + np.arange(5) * S,
        TimeValid=[1, 0, 1, 1, 1],
        TimeConfirmed=[1, 1, 1, 0, 1],
    )
    utc, recorded = utc_stamps(table, time_columns("can/gnss_time", table.schema))
    assert (utc.tolist(), recorded.tolist()) == ([T0], [T0])


def test_a_time_reference_tells_utc_to_the_nanosecond() -> None:
    table = _ros([T0 + 123_456_789, None], [T0 + S, T0 + 2 * S])
    names = time_columns("sensor_msgs/msg/TimeReference", table.schema)
    utc, recorded = utc_stamps(table, names)
    assert (utc.tolist(), recorded.tolist()) == ([T0 + 123_456_789], [T0 + S])


@pytest.mark.parametrize("kind", ["can/GnssSpeed", "sensor_msgs/msg/Imu", "can/MyGnssTime", ""])
def test_other_messages_tell_no_utc(kind: str) -> None:
    assert time_columns(kind, _can(np.zeros(1), np.zeros(1, dtype=np.int64)).schema) == ()


def test_an_epoch_in_an_unknown_unit_tells_no_utc() -> None:
    field = pa.field("epoch", pa.float64(), metadata={"source": "Epoch", "unit": "week"})
    assert time_columns("can/GnssTime", pa.schema([pa.field("t_ns", pa.int64()), field])) == ()


def _late(count: int, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).uniform(0, 100, count) * MS).astype(np.int64)


def _recorder(utc: np.ndarray, ahead_s: float, ppm: float) -> np.ndarray:
    return utc + round(ahead_s * S) + ((utc - T0) * (ppm * 1e-6)).astype(np.int64)


def test_a_recorder_seconds_off_is_found_in_spite_of_slow_messages() -> None:
    utc = T0 + np.arange(2700, dtype=np.int64) * S
    true = _recorder(utc, 5.6, 40.0)
    found = gnss_clock(utc, true + _late(utc.size))
    assert isinstance(found, ClockModel)
    assert np.abs(apply(found, true) - utc).max() < 5 * MS
    assert found.skew_ppm == pytest.approx(-40.0, abs=2.0)
    assert found.sigma_ms is None


def test_a_wrong_start_is_cut_off_and_order_does_not_matter() -> None:
    utc = T0 + np.arange(600, dtype=np.int64) * S
    true = _recorder(utc, -2.0, 0.0)
    told = utc.copy()
    told[:40] += 18 * S
    order = np.random.default_rng(2).permutation(utc.size)
    found = gnss_clock(told[order], (true + _late(600))[order])
    assert isinstance(found, ClockModel)
    assert np.abs(apply(found, true) - utc).max() < 10 * MS
    assert found.points == 560


def test_a_recorder_that_was_set_half_way_is_refused() -> None:
    utc = T0 + np.arange(600, dtype=np.int64) * S
    true = _recorder(utc, 3.0, 0.0)
    true[300:] -= 3 * S
    found = gnss_clock(utc, true + _late(600))
    assert isinstance(found, Refusal)
    assert found.reason == "clock_stepped"


@pytest.mark.parametrize("count", [0, 1, 49])
def test_too_few_messages_are_refused(count: int) -> None:
    utc = T0 + np.arange(count, dtype=np.int64) * S
    found = gnss_clock(utc, utc)
    assert isinstance(found, Refusal)
    assert found.reason == "too_few_samples"


def test_the_commute_was_recorded_five_and_a_half_seconds_ahead(real_data: Path) -> None:
    asammdf = pytest.importorskip("asammdf")
    recorded, utc = [], []
    database = {"CAN": [(real_data / "dbc" / "canmod-gps.dbc", 2)]}
    for path in sorted((real_data / "mdf4").glob("css_3BA199E2_00000165_*"))[:2]:
        with asammdf.MDF(path) as mdf, mdf.extract_bus_logging(database_files=database) as found:
            epoch = found.get("Epoch")
            start_ns = int(mdf.header.abs_time)
            recorded.append(start_ns + np.rint(epoch.timestamps * 1e9).astype(np.int64))
            utc.append(np.rint(epoch.samples * 1e3).astype(np.int64) * MS)
    t = np.concatenate(recorded)
    model = gnss_clock(np.concatenate(utc), t)
    assert isinstance(model, ClockModel)
    late_s = (apply(model, t) - np.concatenate(utc)) / S
    assert model.offset_ns / S == pytest.approx(-5.5, abs=0.1)
    # What is left over is how long the receiver took for each message.
    assert float(np.percentile(late_s, 95)) < 0.15
    assert float(np.median(late_s)) > 0

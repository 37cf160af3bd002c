"""Real MDF 4 recordings read as asammdf and cantools read them."""

from pathlib import Path
from typing import Any

import cantools
import numpy as np
import pyarrow as pa
import pytest
from asammdf import MDF

from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader, Sidecars
from avdataops.readers import open_recording
from avdataops.readers.names import snake_case
from avdataops.testing.reader_suite import tables_of

DRIVE = "css_3BA199E2_00000165_0000000"
GNSS_DBC = "canmod-gps.dbc"
OBD_DBC = "OBD-v4.4.dbc"


def _open(path: Path, *dbc: str) -> Reader:
    folder = path.parent.parent / "dbc"
    texts = {name: (folder / name).read_bytes() for name in dbc}
    return open_recording(BytesFile(path.name, path.read_bytes()), Sidecars(dbc=texts))


def _drive(real_data: Path) -> list[Path]:
    files = sorted((real_data / "mdf4").glob(f"{DRIVE}*"))
    assert len(files) == 6
    return files


def _frames(mdf: Any) -> dict[str, Any]:
    frame = mdf.get("CAN_DataFrame", group=mdf_group(mdf))
    names = ("BusChannel", "ID", "IDE", "DataLength", "DataBytes", "Dir")
    found = {name: frame.samples[f"CAN_DataFrame.{name}"] for name in names}
    found["t_ns"] = np.rint(frame.timestamps * 1e9).astype(np.int64) + mdf.header.abs_time
    return found


def mdf_group(mdf: Any) -> int:
    return next(
        index
        for index, group in enumerate(mdf.groups)
        if group.channel_group.acq_name == "CAN_DataFrame"
    )


@pytest.mark.parametrize("number", range(6))
def test_frames_of_the_commute_equal_asammdf(real_data: Path, number: int) -> None:
    path = _drive(real_data)[number]
    with MDF(path) as mdf:
        theirs = _frames(mdf)
    with _open(path) as reader:
        ours = tables_of(reader.batches())
        rows = {stream.name: stream.rows for stream in reader.streams}
    for bus in (1, 2):
        here = theirs["BusChannel"] == bus
        table = ours[f"CAN{bus}"]
        assert table.num_rows == rows[f"CAN{bus}"] == here.sum()
        assert table["t_ns"].to_pylist() == theirs["t_ns"][here].tolist()
        assert table["id"].to_pylist() == theirs["ID"][here].tolist()
        assert table["extended"].to_pylist() == (theirs["IDE"][here] != 0).tolist()
        assert table["direction"].to_pylist() == [
            "tx" if way else "rx" for way in theirs["Dir"][here]
        ]
        lengths = theirs["DataLength"][here].tolist()
        payloads = zip(theirs["DataBytes"][here], lengths, strict=True)
        assert table["data"].to_pylist() == [data[:size].tobytes() for data, size in payloads]


@pytest.mark.parametrize("number", [0, 5])
@pytest.mark.parametrize(("bus", "dbc"), [(2, GNSS_DBC), (1, OBD_DBC)])
def test_every_decoded_value_equals_cantools(
    real_data: Path, number: int, bus: int, dbc: str
) -> None:
    path = _drive(real_data)[number]
    database: Any = cantools.database.load_file(real_data / "dbc" / dbc, strict=False)
    with _open(path, dbc) as reader:
        tables = tables_of(reader.batches())
        streams = [one for one in reader.streams if one.name.startswith(f"CAN{bus}.")]
    frames = tables[f"CAN{bus}"].select(["t_ns", "id", "data"]).to_pylist()
    assert streams
    for stream in streams:
        message = database.get_message_by_name(stream.type.removeprefix("can/"))
        mine = [one for one in frames if one["id"] == message.frame_id]
        table = tables[stream.name]
        assert table["t_ns"].to_pylist() == [one["t_ns"] for one in mine]
        columns = {
            (field.metadata or {}).get(b"source", b"").decode(): table[field.name].to_pylist()
            for field in table.schema
            if not field.name.endswith("_label")
        }
        for row, frame in enumerate(mine):
            values = message.decode(frame["data"], decode_choices=False, allow_truncated=True)
            got = {one.name: columns[one.name][row] for one in message.signals}
            assert {name: value for name, value in got.items() if value is not None} == values


def test_the_commute_decodes_to_the_values_of_asammdf(real_data: Path) -> None:
    path = _drive(real_data)[1]
    sources: Any = {"CAN": [(real_data / "dbc" / GNSS_DBC, 2)]}
    with MDF(path) as mdf, mdf.extract_bus_logging(database_files=sources) as decoded:
        theirs = {
            name: decoded.get(name)
            for name in ("Speed", "Latitude", "Longitude", "AccelerationX", "AngularRateZ")
        }
    with _open(path, GNSS_DBC) as reader:
        ours = tables_of(reader.batches())
    places = {
        "Speed": "CAN2.gnss_speed",
        "Latitude": "CAN2.gnss_pos",
        "Longitude": "CAN2.gnss_pos",
        "AccelerationX": "CAN2.gnss_imu",
        "AngularRateZ": "CAN2.gnss_imu",
    }
    for name, stream in places.items():
        column = ours[stream][snake_case(name)].to_numpy()
        np.testing.assert_allclose(column, theirs[name].samples, rtol=1e-12, err_msg=name)
    speed = ours["CAN2.gnss_speed"]
    assert speed.schema.field("speed").metadata[b"unit"] == b"m/s"
    assert 0 <= min(speed["speed"].to_pylist()) < max(speed["speed"].to_pylist()) < 60


def test_j1939_messages_match_by_parameter_group(real_data: Path) -> None:
    path = real_data / "mdf4" / "css_11111111_00000012_00000001.MF4"
    with _open(path, "CSS-Electronics-SAE-J1939-DEMO.dbc") as reader:
        tables = tables_of(reader.batches())
        codes = [problem.code for problem in reader.problems()]
    engine = tables["CAN1.EEC1"]
    assert engine.num_rows == 12_719
    assert set(engine["source_address"].to_pylist()) == {0}
    ids = tables["CAN1"]["id"].to_numpy()
    assert engine.num_rows == ((ids >> 8) & 0x3FFFF == 0xF004).sum()
    assert "undecoded_ids" in codes
    assert "unfinalised" in codes


def test_measured_channels_equal_asammdf(real_data: Path) -> None:
    names = (
        "ASAP2_Demo_V171.mf4",
        "asammdf_dimensional_demo.mf4",
        "gomdf_sample_compressed.mf4",
        "mdf4j_KonvektionKalt1-20140123-143636.mf4",
        "all_datatypes_test.mf4",
    )
    for name in names:
        path = real_data / "mdf4" / name
        with _open(path) as reader, MDF(path) as mdf:
            tables = list(tables_of(reader.batches()).values())
            assert len(tables) == len(mdf.groups)
            for index, table in enumerate(tables):
                _compare_group(mdf, index, table)


def _compare_group(mdf: Any, index: int, table: pa.Table) -> None:
    by_source: dict[str, list[str]] = {}
    for field in table.schema:
        source = (field.metadata or {}).get(b"source")
        if source is not None:
            by_source.setdefault(source.decode(), []).append(field.name)
    for number, channel in enumerate(mdf.groups[index].channels):
        if channel.channel_type in (2, 3):
            continue
        theirs = mdf.get(group=index, index=number, ignore_invalidation_bits=True)
        ours = table[by_source[channel.name][0]].to_pylist()
        if theirs.samples.dtype.names is not None:
            continue
        if theirs.samples.dtype.kind in "SUO":
            texts = [_text(value) for value in theirs.samples.tolist()]
            assert [text or "" for text in ours] == texts, channel.name
        elif theirs.samples.dtype.kind == "c":
            assert [complex(*pair) for pair in ours] == theirs.samples.tolist(), channel.name
        elif isinstance(ours[0], bytes):
            assert ours == [row.tobytes() for row in theirs.samples], channel.name
        else:
            np.testing.assert_array_equal(np.array(ours), theirs.samples, err_msg=channel.name)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def test_every_mdf_recording_opens_or_says_why_not(real_data: Path) -> None:
    files = sorted((real_data / "mdf4").iterdir())
    assert len(files) == 17
    for path in files:
        with _open(path) as reader:
            counts: dict[str, int] = {}
            for batch in reader.batches():
                batch.rows.validate(full=True)
                lost = sum(batch.dropped.values())
                counts[batch.stream] = counts.get(batch.stream, 0) + batch.messages + lost
            assert counts == {stream.name: stream.rows for stream in reader.streams}, path.name


def test_unfinalised_logs_cut_anywhere_give_a_prefix(real_data: Path) -> None:
    path = real_data / "mdf4" / "css_11111111_00000012_00000001.MF4"
    data = path.read_bytes()
    with open_recording(BytesFile(path.name, data)) as reader:
        whole = tables_of(reader.batches())
    for share in (0.1, 0.5, 0.97):
        with open_recording(BytesFile(path.name, data[: int(len(data) * share)])) as reader:
            part = tables_of(reader.batches())
        for name in ("CAN1", "CAN2"):
            rows = part[name].num_rows
            assert 0 < rows < whole[name].num_rows
            assert part[name] == whole[name].slice(0, rows)


def _tables(real_data: Path, recording: str, dbc: str) -> dict[str, pa.Table]:
    with _open(real_data / "mdf4" / recording, dbc) as reader:
        return tables_of(reader.batches())


def test_a_broadcast_of_a_truck_is_put_together(real_data: Path) -> None:
    tables = _tables(real_data, "css_FCBF0606_00003482_00000001-60B621D9.MF4", "tp_j1939.dbc")
    speeds = tables["CAN1.EC1"]["engine_speed_at_point5"].to_pylist()
    assert len(speeds) == 13
    assert set(speeds) == {1566.5, 1600.0}


def test_answers_of_a_battery_are_put_together(real_data: Path) -> None:
    tables = _tables(real_data, "css_17BD1DB7_00000006_00000170.MF4", "tp_uds.dbc")
    battery = tables["CAN1.Battery"]
    assert set(battery["service"].to_pylist()) == {0x62}
    charge = battery["m_sid_0x220101_state_of_charge_bms"].drop_null().to_pylist()
    assert len(charge) > 100
    assert 45 <= min(charge) <= max(charge) <= 55
    nissan = _tables(real_data, "css_2F6913DB_00000004_00000001.MF4", "tp_uds_nissan.dbc")
    assert {round(one) for one in nissan["CAN1.SoC_Temp"]["so_c"].drop_null().to_pylist()} == {89}


def test_fast_packets_of_a_boat_are_put_together(real_data: Path) -> None:
    tables = _tables(real_data, "css_94C49784_00000005_00000002.MF4", "tp_nmea.dbc")
    position = tables["CAN1.gnssPositionData"]
    assert position.num_rows == 60
    assert set(position["date"].to_pylist()) == {18_711}
    assert all(42.66 < one < 42.67 for one in position["latitude"].to_pylist())
    seconds = np.diff(position["time"].to_numpy())
    np.testing.assert_allclose(seconds, 1, atol=1e-6)

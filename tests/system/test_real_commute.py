"""A commute of 47 minutes in six splits: every frame and every value, against other readers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cantools
import numpy as np
import pytest
from asammdf import MDF

from avdataops.lake import Lake
from avdataops.readers.names import snake_case

if TYPE_CHECKING:
    from tests.system.conftest import Columns, Taken

STATES = {"complete", "nothing to do", "done", "done with caveats"}
MICROSECOND = 1_000


def _frames(path: Path) -> dict[str, np.ndarray]:
    """Return the CAN frames of one split as asammdf holds them."""
    with MDF(path) as mdf:
        groups: Any = mdf.groups
        number = next(
            number
            for number, group in enumerate(groups)
            if group.channel_group.acq_name == "CAN_DataFrame"
        )
        frame = mdf.get("CAN_DataFrame", group=number)
        fields = {
            name: frame.samples[f"CAN_DataFrame.{name}"]
            for name in ("BusChannel", "ID", "IDE", "DataLength", "DataBytes")
        }
        start_ns = mdf.header.abs_time
        return fields | {"t_ns": np.rint(frame.timestamps * 1e9).astype(np.int64) + start_ns}


def test_six_splits_are_one_complete_measurement(
    commute: "Taken", commute_files: list[Path]
) -> None:
    shown = commute.show()
    assert shown["state"] == "complete"
    assert [one["name"] for one in shown["recordings"]] == [path.name for path in commute_files]
    assert (shown["stop_ns"] - shown["start_ns"]) / 60e9 == pytest.approx(47.4, abs=0.1)
    assert {run["outcome"] for run in commute.ran.json["runs"]} <= STATES
    assert not [run["failure"] for run in commute.ran.json["runs"] if run["failure"]]


def test_only_the_frames_of_no_database_are_told_of(commute: "Taken") -> None:
    told = [text for text in commute.caveats() if "DBC" in text]
    # One id of the maker's own bus wakes up once in half a second and is in neither database.
    assert len(told) == 6
    assert all("0x17F00010" in text and "CAN1" in text for text in told)


def test_every_split_has_as_many_frames_on_each_bus_as_asammdf_counts(
    commute: "Taken", commute_files: list[Path]
) -> None:
    rows = {(one["name"], one["recording"]): one["rows"] for one in commute.show()["streams"]}
    for path in commute_files:
        bus = _frames(path)["BusChannel"]
        for number in (1, 2):
            assert rows[f"CAN{number}", path.name] == np.count_nonzero(bus == number) > 0


def test_every_frame_has_its_time_id_and_bytes(lake: Lake, commute_files: list[Path]) -> None:
    (measurement,) = lake.measurements()
    theirs = [_frames(path) for path in commute_files]
    for number in (1, 2):
        ours = lake.stream(measurement.id, f"CAN{number}").sort_by("t_ns")
        here = [one["BusChannel"] == number for one in theirs]
        expected = {
            name: np.concatenate([one[name][rows] for one, rows in zip(theirs, here, strict=True)])
            for name in ("t_ns", "ID", "IDE")
        }
        assert np.abs(ours["t_ns"].to_numpy() - expected["t_ns"]).max() <= MICROSECOND
        np.testing.assert_array_equal(ours["id"].to_numpy(), expected["ID"])
        np.testing.assert_array_equal(ours["extended"].to_numpy(), expected["IDE"] != 0)
        sizes = np.concatenate(
            [one["DataLength"][rows] for one, rows in zip(theirs, here, strict=True)]
        )
        lengths = [len(data) for data in ours["data"].to_pylist()]
        np.testing.assert_array_equal(lengths, sizes)
        held = b"".join(ours["data"].to_pylist())
        assert held == b"".join(
            data[:size].tobytes()
            for one, rows in zip(theirs, here, strict=True)
            for data, size in zip(one["DataBytes"][rows], one["DataLength"][rows], strict=True)
        )


def test_every_value_of_the_receiver_equals_what_asammdf_decodes(
    lake: Lake, by_asammdf: "dict[str, Columns]"
) -> None:
    (measurement,) = lake.measurements()
    assert len(by_asammdf) == 9
    for message, theirs in by_asammdf.items():
        ours = lake.stream(measurement.id, f"CAN2.{message}").sort_by("t_ns")
        assert np.abs(ours["t_ns"].to_numpy() - theirs["t_ns"]).max() <= MICROSECOND
        for name in set(theirs) - {"t_ns"}:
            column = ours[snake_case(name)]
            if name.endswith("_label"):
                assert column.to_pylist() == [text.decode() for text in theirs[name].tolist()]
            else:
                values = column.to_numpy()
                np.testing.assert_allclose(values, theirs[name], rtol=1e-12, err_msg=name)


def test_multiplexed_answers_have_the_asked_value_and_null_for_all_others(
    lake: Lake, real_data: Path, commute_files: list[Path]
) -> None:
    (measurement,) = lake.measurements()
    database: Any = cantools.database.load_file(real_data / "dbc" / "OBD-v4.4.dbc", strict=False)
    message = database.get_message_by_name("OBD_RX")
    frames = _frames(commute_files[2])
    answers = np.flatnonzero((frames["BusChannel"] == 1) & (frames["ID"] == 0x7E8))[:1500]
    table = lake.stream(measurement.id, "CAN1.OBD_RX").sort_by("t_ns")
    first = int(np.searchsorted(table["t_ns"].to_numpy(), frames["t_ns"][answers[0]]))
    columns = {
        (field.metadata or {}).get(b"source", b"").decode(): table[field.name]
        for field in table.schema
        if not field.name.endswith("_label")
    }
    ours = {name: column.slice(first, answers.size).to_pylist() for name, column in columns.items()}
    asked = set()
    for row, number in enumerate(answers):
        data = frames["DataBytes"][number][: frames["DataLength"][number]].tobytes()
        theirs = message.decode(data, decode_choices=False, allow_truncated=True)
        got = {one.name: ours[one.name][row] for one in message.signals}
        assert {name: value for name, value in got.items() if value is not None} == theirs
        asked |= set(theirs)
    # The logger asked for six values in turn.
    assert {"S01PID0D_VehicleSpeed", "S01PID0C_EngineRPM"} <= asked


def test_values_of_the_car_are_those_of_a_drive(lake: Lake) -> None:
    (measurement,) = lake.measurements()
    table = lake.stream(measurement.id, "CAN1.OBD_RX")
    speed = table["s01_pid0_d_vehicle_speed"].drop_null().to_numpy()
    assert table.schema.field("s01_pid0_d_vehicle_speed").metadata[b"unit"] == b"km/h"
    assert speed.min() == 0
    assert 80 < speed.max() < 140
    engine = table["s01_pid0_c_engine_rpm"].drop_null().to_numpy()
    assert 0 <= engine.min() < 900
    assert 2000 < engine.max() < 6000

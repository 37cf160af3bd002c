"""The promises that every stored table keeps, and its rows against independent readings."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from asammdf import MDF
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader

from avdataops.model.ids import run_id
from avdataops.model.run import RunRecord
from avdataops.settings import load_settings
from avdataops.steps import STEPS
from avdataops.tables.kinds import kind, kinds
from avdataops.wiring.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed


@pytest.fixture(scope="module")
def opened(finished: "Processed") -> Iterator[Workspace]:
    with open_workspace(load_settings(workspace=finished.desk.workspace)) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def tables(finished: "Processed") -> dict[str, Path]:
    """Every stored table of a drive by its path; reference files belong to no drive."""
    root = finished.desk.workspace
    found = [path for zone in ("raw", "derived") for path in (root / zone).rglob("*.parquet")]
    named = {path.relative_to(root).as_posix(): path for path in sorted(found)}
    return {name: path for name, path in named.items() if not name.startswith("raw/reference/")}


def facts(path: Path) -> dict[str, str]:
    metadata = pq.read_schema(path).metadata
    return {name.decode(): value.decode() for name, value in metadata.items()}


def without_ts(schema: pa.Schema) -> pa.Schema:
    return schema.remove(schema.get_field_index("ts"))


def is_sorted(table: pa.Table, columns: tuple[str, ...]) -> bool:
    keys = [(name, "ascending") for name in columns]
    rows = list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))
    taken = pc.sort_indices(table.select(columns), sort_keys=keys).to_pylist()
    return rows == [rows[place] for place in taken]


ASIDE = ("deskew_lidar", "anonymise", "see_objects", "export_labels", "import_labels")
"""Steps that are not part of the main pipeline."""


def test_every_kind_of_table_was_made(tables: dict[str, Path]) -> None:
    made = Counter(facts(path)["avdataops.kind"] for path in tables.values())
    promised = {name for name, one in kinds().items() if one.is_table}
    assert set(made) == promised - {kind for name in ASIDE for kind in STEPS[name].makes}
    assert made["stream"] == 24


def test_every_table_starts_with_its_time_twice(tables: dict[str, Path]) -> None:
    for name, path in tables.items():
        table = pq.read_table(path, columns=["t_ns", "ts"])
        schema = pq.read_schema(path)
        assert schema.names[:2] == ["t_ns", "ts"], name
        assert schema.field("t_ns").type == pa.int64(), name
        assert schema.field("ts").type == pa.timestamp("us", tz="UTC"), name
        assert not schema.field("t_ns").nullable, name
        assert table.column("t_ns").null_count == 0, name
        micros = table.column("ts").cast(pa.int64()).to_numpy()
        assert np.array_equal(micros, table.column("t_ns").to_numpy() // 1000), name


def unit_of(field: pa.Field) -> str | None:
    unit = (field.metadata or {}).get(b"unit")
    return unit.decode() if unit else None


def test_every_column_of_the_pipeline_s_own_tables_says_its_unit(tables: dict[str, Path]) -> None:
    silent = [
        f"{name}: {field.name}"
        for name, path in tables.items()
        if facts(path)["avdataops.kind"] not in {"stream", "thinned", "synced", "full_rate"}
        for field in pq.read_schema(path)
        if unit_of(field) is None
    ]
    assert silent == []


def test_units_of_recorded_columns_are_those_of_the_recording(
    tables: dict[str, Path], finished: "Processed"
) -> None:
    units = {
        (facts(path)["avdataops.name"], field.name): unit_of(field)
        for path in tables.values()
        if facts(path)["avdataops.kind"] == "stream"
        for field in pq.read_schema(path)
    }
    assert units["/imu/data", "angular_velocity_z_radps"] == "rad/s"
    assert units["/gnss/fix", "altitude_m"] == "m"
    assert units["/gnss/fix", "latitude_deg"] == "deg"
    with MDF(finished.drive.chassis) as mdf:
        pressure = mdf.get("BrakePressure").unit
    assert units["BrakeSystem", "brake_pressure"] == pressure != ""


def test_units_stay_through_thinning_and_syncing(tables: dict[str, Path]) -> None:
    units: dict[tuple[str, str], set[str | None]] = {}
    for path in tables.values():
        told = facts(path)
        if told["avdataops.kind"] in {"stream", "thinned", "synced"}:
            for field in pq.read_schema(path):
                units.setdefault((told["avdataops.name"], field.name), set()).add(unit_of(field))
    assert {column: found for column, found in units.items() if len(found) > 1} == {}
    assert len(units) > 100


def test_every_table_tells_what_made_it(
    tables: dict[str, Path], finished: "Processed", opened: Workspace
) -> None:
    runs = {run.run: run for run in opened.catalog.runs(finished.measurement)}
    for name, path in tables.items():
        told = facts(path)
        assert told["avdataops.measurement"] == finished.measurement, name
        assert told["avdataops.vehicle"] == "aar-07", name
        assert told["avdataops.run"] == run_id(told["avdataops.fingerprint"]), name
        run = runs[told["avdataops.run"]]
        assert told["avdataops.step"] == f"{run.step}/{run.version}", name
        (artifact,) = [made for made in run.made if f"{made.location}" == name]
        assert artifact.rows == pq.read_metadata(path).num_rows, name
        assert (artifact.kind, artifact.name) == (
            told["avdataops.kind"],
            told["avdataops.name"],
        ), name


def test_every_table_keeps_the_schema_of_its_kind(tables: dict[str, Path]) -> None:
    for path in tables.values():
        schema = pq.read_schema(path)
        promised = kind(facts(path)["avdataops.kind"])
        promised.check(without_ts(schema))
        for column in promised.columns:
            if column.name in schema.names:
                units = {b"unit": column.unit.encode()}
                assert schema.field(column.name).metadata == units, f"{path}: {column.name}"


def test_every_table_is_sorted_as_its_kind_says(tables: dict[str, Path]) -> None:
    unsorted = []
    for name, path in tables.items():
        keys = kind(facts(path)["avdataops.kind"]).sort
        assert keys, name
        if not is_sorted(pq.read_table(path, columns=list(keys)), keys):
            unsorted.append(name)
    assert unsorted == []


def test_a_table_lies_in_the_container_of_its_kind(tables: dict[str, Path]) -> None:
    for name, path in tables.items():
        told = facts(path)
        promised = kind(told["avdataops.kind"])
        container = promised.container
        container = told["avdataops.topic_class"] if container == "*" else container
        assert name.startswith(f"{promised.zone}/{container}/{told['avdataops.measurement']}/")


def records(opened: Workspace, finished: "Processed") -> list[RunRecord]:
    return list(opened.catalog.runs(finished.measurement))


def test_the_accounts_of_every_run_are_balanced(opened: Workspace, finished: "Processed") -> None:
    found = records(opened, finished)
    assert len(found) == 62
    unbalanced = [
        (run.step, run.part, account)
        for run in found
        for account in run.accounts
        if not account.balanced
    ]
    assert unbalanced == []
    extracted = [account for run in found if run.step == "extract" for account in run.accounts]
    assert len(extracted) >= 13
    assert all(account.rows_in == account.rows_out > 0 for account in extracted)
    assert all(account.dropped == {} for account in extracted)


def rows_of(opened: Workspace, finished: "Processed", recording: str) -> dict[str, int | None]:
    return {
        artifact.name: artifact.rows
        for artifact in opened.catalog.artifacts(finished.measurement, kind="stream")
        if artifact.part == recording and "parent" not in artifact.attributes
    }


def test_the_rows_of_an_mcap_are_the_messages_that_its_own_library_counts(
    opened: Workspace, finished: "Processed"
) -> None:
    with finished.drive.sensors.open("rb") as file:
        counts = Counter(channel.topic for _, channel, _ in make_reader(file).iter_messages())
    assert rows_of(opened, finished, "sensors.mcap") == counts
    assert counts["/imu/data"] == 18_000


@pytest.mark.parametrize("name", ["body", "localization"])
def test_the_rows_of_a_bag_are_the_messages_that_rosbags_counts(
    opened: Workspace, finished: "Processed", name: str
) -> None:
    path = getattr(finished.drive, name)
    with AnyReader([path]) as reader:
        counts = Counter(connection.topic for connection, _, _ in reader.messages())
    assert rows_of(opened, finished, path.name) == counts


def test_the_rows_of_a_logger_file_are_those_that_asammdf_counts(
    opened: Workspace, finished: "Processed"
) -> None:
    with MDF(finished.drive.chassis) as mdf:
        cycles = sorted(int(group.channel_group.cycles_nr) for group in mdf.groups)
        frame_ids = mdf.get("CAN_DataFrame.ID").samples.astype(int).tolist()
    found = rows_of(opened, finished, "chassis.mf4")
    assert sorted(found[name] or 0 for name in ("CAN1", "BrakeSystem", "Ambient")) == cycles
    by_id = Counter(frame_ids)
    expected = {
        "VehicleDynamics": 0x100,
        "WheelSpeeds": 0x101,
        "Steering": 0x102,
        "LaneLines": 0x110,
        "Body": 0x120,
        "Powertrain": 0x130,
    }
    assert {name: found[f"CAN1.{name}"] for name in expected} == {
        name: by_id[number] for name, number in expected.items()
    }


def test_child_rows_belong_to_rows_of_their_parents(
    opened: Workspace, finished: "Processed"
) -> None:
    artifacts = opened.catalog.artifacts(finished.measurement, kind="stream")
    by_name = {artifact.name: artifact for artifact in artifacts}
    children = [a for a in artifacts if a.attributes.get("parent")]
    assert len(children) == 5
    root = finished.desk.workspace
    for child in children:
        parent = by_name[child.attributes["parent"]]
        of_parent = pq.read_table(root / str(parent.location), columns=["row", "t_ns"]).to_pydict()
        times = dict(zip(of_parent["row"], of_parent["t_ns"], strict=True))
        own = pq.read_table(root / str(child.location), columns=["row", "t_ns"]).to_pydict()
        assert all(times[row] == t_ns for row, t_ns in zip(own["row"], own["t_ns"], strict=True)), (
            child.name
        )


def test_run_records_name_what_a_result_may_depend_on(
    opened: Workspace, finished: "Processed"
) -> None:
    for run in records(opened, finished):
        assert {"avdataops", "python", "platform", "pyarrow", "asammdf"} <= set(run.environment)
        place = finished.desk.workspace / "derived" / "runs" / finished.measurement / run.run
        stored = json.loads((place / "attempt-1.json").read_text(encoding="utf-8"))
        assert stored["run"] == run.run
        assert sorted(stored["used"]) == sorted(run.used)

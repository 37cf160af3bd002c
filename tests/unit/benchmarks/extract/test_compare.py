"""Ways are run in fresh processes, and their values are compared."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.extract import cases_ros, command, inputs_ros, measure, report
from benchmarks.extract.case import OURS, Case, Way
from benchmarks.extract.check_ros import values
from benchmarks.extract.environments import NoEnvironmentError
from benchmarks.extract.measure import Compared, Measured
from benchmarks.extract.ours import to_arrow, to_parquet
from benchmarks.extract.peers_ros import raw_chunks, rosbags_objects, rosbags_rows


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "mixed.mcap"
    inputs_ros.write_mcap(path, inputs_ros.MIXED, 0.1, "zstd")
    return path


def test_our_values_are_those_of_rosbags(recording: Path, tmp_path: Path) -> None:
    ours, peer = tmp_path / "ours", tmp_path / "peer"
    ours.mkdir()
    peer.mkdir()
    assert to_parquet(recording, ours) == rosbags_rows(recording, peer) == 72
    assert values(ours, peer) > 65_536 * 6
    assert to_arrow(recording, tmp_path) == rosbags_objects(recording, tmp_path) == 72


def test_a_value_that_differs_is_found(recording: Path, tmp_path: Path) -> None:
    ours, peer = tmp_path / "ours", tmp_path / "peer"
    ours.mkdir()
    peer.mkdir()
    to_parquet(recording, ours)
    rosbags_rows(recording, peer)
    for path in ours.glob("*.parquet"):
        table = pq.read_table(path)
        if "latitude_deg" in table.schema.names or "latitude" in table.schema.names:
            at = next(n for n, name in enumerate(table.schema.names) if name.startswith("latitude"))
            column = table.column(at).to_pylist()
            changed = pa.array([*column[:-1], column[-1] + 1e-9])
            pq.write_table(table.set_column(at, table.schema.field(at), changed), path)
    with pytest.raises(ValueError, match="'latitude' of 'the message' differs"):
        values(ours, peer)


def test_the_ceiling_writes_what_the_chunks_hold(recording: Path, tmp_path: Path) -> None:
    raw_chunks(recording, tmp_path)
    raw = (tmp_path / "raw").read_bytes()
    assert len(raw) > 65_536 * 22
    assert b"camera" in raw


def test_a_case_is_timed_in_fresh_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "CACHE", tmp_path)
    make = partial(cases_ros.write, "mcap", "zstd", inputs_ros.SMALL, 100.0)
    ways = (cases_ros.OUR_WAY, cases_ros.ROWS)
    check = "benchmarks.extract.check_ros:values"
    case = Case(name="tiny", make=make, suffix=".mcap", ways=ways, bars={}, check=check)
    found = measure.compare(case, 1, 0.005)
    assert {name: way.messages for name, way in found.ways.items()} == {
        OURS: 335,
        "rosbags rows": 335,
    }
    assert found.equal_values is not None
    assert found.equal_values > 335 * 5
    assert all(way.peak_mb > way.imported_mb > 10 for way in found.ways.values())


def test_a_way_that_fails_is_named(tmp_path: Path) -> None:
    way = replace(cases_ros.OBJECTS, name="broken")
    with pytest.raises(RuntimeError, match=r"broken failed on nothing\.mcap"):
        measure.run(way, tmp_path / "nothing.mcap", tmp_path / "out")


def test_a_peer_that_cannot_be_installed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(needs: tuple[str, ...]) -> Path:
        raise NoEnvironmentError(f"{needs[0]} cannot be installed: no way to the index")

    monkeypatch.setattr(measure, "CACHE", tmp_path)
    monkeypatch.setattr(measure, "python_for", refuse)
    way = Way(name="absent", function="none:none", needs=("something",))
    case = Case(name="none", make=lambda path, _: path.touch(), suffix=".x", ways=(way,), bars={})
    found = measure.compare(case, 1, 1.0)
    assert found.absent == {"absent": "something cannot be installed: no way to the index"}


def _compared() -> Compared:
    ways = {
        OURS: Measured([0.5, 0.4, 9.0], [0.7, 0.7, 0.7], 300.0, 100.0, 10.0, 7),
        "rosbags rows": Measured([20.0], [20.0], 900.0, 90.0, 12.0, 7),
        "ceiling": Measured([0.1], [0.1], 80.0, 70.0, 20.0, 0),
    }
    case = Case(
        name="small",
        make=lambda _, __: None,
        suffix=".mcap",
        ways=(cases_ros.OUR_WAY, cases_ros.ROWS, cases_ros.CEILING),
        bars={"rosbags rows": 60.0},
        ceiling=0.2,
    )
    return Compared(case=case, size_mb=71.4, ways=ways, absent={"rerun": "no"}, equal_values=1234)


def test_the_table_tells_ratio_bar_and_verdict() -> None:
    told = report.table(report.document([_compared()], 3)["cases"])
    assert "small: median of 3 runs" in told
    assert "40.0x  60x  missed" in told
    assert "20%    20%  met" in told
    assert "small: 1,234 values equal those of rosbags rows" in told
    assert "small: rerun did not run: no" in told


def test_the_stored_figures_hold_what_the_table_tells() -> None:
    stored = json.loads(json.dumps(report.document([_compared()], 3)))
    way = stored["cases"]["small"]["ways"]["rosbags rows"]
    assert (way["ratio"], way["verdict"], way["peak_mb"]) == ("40.0x", "missed", 900)


def test_every_bar_names_a_way_of_its_case() -> None:
    for case in cases_ros.CASES:
        assert case.ways[0].name == OURS
        assert case.bars.keys() <= {way.name for way in case.ways}


def test_cases_that_did_not_run_keep_their_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- extract: begin -->\n<!-- extract: end -->\n")
    monkeypatch.setattr(command, "PAGE", page)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    one, other = (replace(_compared().case, name=name) for name in ("first", "second"))
    monkeypatch.setattr(command, "CASES", (one, other))
    for case, runs in ((other, 3), (one, 1), (replace(one, name="gone"), 1)):
        command.keep(report.document([replace(_compared(), case=case)], runs))
    stored = json.loads((tmp_path / "results.json").read_text())["cases"]
    assert [(name, case["runs"]) for name, case in stored.items()] == [("first", 1), ("second", 3)]
    assert "first: one run" in page.read_text()
    assert "second: median of 3 runs" in page.read_text()

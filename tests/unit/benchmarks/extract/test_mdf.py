"""MDF recordings are made, read by everybody, and their values are the same."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.extract import cases_mdf, inputs_mdf
from benchmarks.extract.case import OURS
from benchmarks.extract.check_mdf import values
from benchmarks.extract.ours import to_parquet
from benchmarks.extract.peers_mdf import asammdf_bus_logging, asammdf_select, cantools_frames


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    ours, peer = tmp_path / "ours", tmp_path / "peer"
    ours.mkdir()
    peer.mkdir()
    return ours, peer


@pytest.mark.parametrize(
    "compression", [inputs_mdf.PLAIN, inputs_mdf.DEFLATE, inputs_mdf.TRANSPOSED]
)
def test_measured_values_are_those_of_asammdf(
    tmp_path: Path, folders: tuple[Path, Path], compression: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs_mdf, "GROUPS", 5)
    path = tmp_path / "a.mf4"
    inputs_mdf.write_measured(compression, path, 0.01)
    ours, peer = folders
    assert to_parquet(path, ours) == asammdf_select(path, peer) == 5 * 250
    assert values(ours, peer) == 5 * 250 * 11


def test_signals_of_a_bus_are_those_of_asammdf(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    path = tmp_path / "a.mf4"
    inputs_mdf.write_bus(inputs_mdf.DEFLATE, path, 0.001)
    ours, peer = folders
    assert to_parquet(path, ours) == 2 * asammdf_bus_logging(path, peer) == 2 * 3000
    assert values(ours, peer) == 3000 * 9
    assert cantools_frames(path, peer) == 3000


def test_a_value_that_differs_is_found(
    tmp_path: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs_mdf, "GROUPS", 1)
    path = tmp_path / "a.mf4"
    inputs_mdf.write_measured(inputs_mdf.PLAIN, path, 0.001)
    ours, peer = folders
    to_parquet(path, ours)
    asammdf_select(path, peer)
    (stored,) = peer.iterdir()
    table = pq.read_table(stored)
    column = table["g0_c1"].to_pylist()
    changed = table.set_column(2, "g0_c1", pa.array([*column[:-1], column[-1] + 1e-9]))
    pq.write_table(changed, stored)
    with pytest.raises(ValueError, match="'g0_c1' of 'group 0' differs"):
        values(ours, peer)
    stored.unlink()
    with pytest.raises(ValueError, match="the peer has no"):
        values(ours, peer)


def test_the_same_recording_comes_every_time(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        inputs_mdf.write_bus(inputs_mdf.PLAIN, tmp_path / f"{name}.mf4", 0.0001)
        texts.append((tmp_path / f"{name}.dbc").read_text())
    assert texts[0] == texts[1]
    assert texts[0].count("BO_ ") == inputs_mdf.MESSAGES
    assert texts[0].count(" SG_ ") == inputs_mdf.MESSAGES * inputs_mdf.SIGNALS


def test_every_bar_names_a_way_of_its_case() -> None:
    for case in cases_mdf.CASES:
        assert case.ways[0].name == OURS
        assert case.bars.keys() <= {way.name for way in case.ways}

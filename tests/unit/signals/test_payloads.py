"""What stands for a payload once it is gone."""

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.payloads import FACT_NAMES, Look
from tests.unit.signals.test_pictures import jpeg, street


def _batch(**columns: pa.Array) -> pa.RecordBatch:
    size = len(next(iter(columns.values())))
    return pa.RecordBatch.from_pydict({"t_ns": pa.array(range(size), pa.int64()), **columns})


def _bytes(*items: bytes | None) -> pa.Array:
    return pa.array(items, pa.binary())


def test_equal_payloads_have_equal_hashes_and_others_do_not() -> None:
    look = Look(payload=("data",), pictures=False)
    told = look.at(_batch(data=_bytes(b"a", b"b", b"a", None, b"")))
    one, other, again, *nothing = told.column("payload_hash").to_pylist()
    assert one == again != other
    assert nothing == [None, None]
    assert told.schema.names == ["t_ns", *FACT_NAMES]


def test_bytes_cannot_move_from_one_column_to_the_next_unseen() -> None:
    look = Look(payload=("a", "b"), pictures=False)
    told = look.at(_batch(a=_bytes(b"xy", b"x"), b=_bytes(b"z", b"yz")))
    one, other = told.column("payload_hash").to_pylist()
    assert one != other


def test_lists_are_payload_too_whatever_slice_they_are_in() -> None:
    lists = pa.array([[1.0, 2.0], [3.0], [1.0, 2.0], None, []], pa.list_(pa.float32()))
    look = Look(payload=("x",), pictures=False)
    hashes = look.at(_batch(x=lists)).column("payload_hash").to_pylist()
    assert hashes[0] == hashes[2] != hashes[1]
    assert hashes[3:] == [None, None]
    part = look.at(_batch(x=lists).slice(2, 1)).column("payload_hash").to_pylist()
    assert part == [hashes[0]]


def test_pictures_tell_more_and_broken_ones_only_their_hash() -> None:
    look = Look(payload=("data",), pictures=True)
    told = look.at(_batch(data=_bytes(jpeg(street()), b"broken")))
    whole, broken = told.to_pylist()
    assert whole["luma"] == pytest.approx(120.0, abs=10.0)
    assert whole["sharpness"] > 10.0
    assert whole["phash"] is not None
    assert broken["payload_hash"] is not None
    assert (broken["luma"], broken["sharpness"], broken["phash"]) == (None, None, None)


def test_raw_pictures_are_read_by_their_neighbours() -> None:
    picture = street()
    batch = _batch(
        height=pa.array([240, 240]),
        width=pa.array([320, 320]),
        step=pa.array([320, None]),
        encoding=pa.array(["mono8", "mono8"]),
        data=_bytes(picture.tobytes(), picture.tobytes()),
    )
    told = Look(payload=("data",), pictures=True).at(batch)
    luma = told.column("luma").to_pylist()
    assert luma[0] == pytest.approx(float(picture.mean()), abs=1.0)
    assert luma[1] is None
    assert "height" in told.schema.names


def test_a_cloud_leaves_one_point_per_cell() -> None:
    def lists(*rows: list[float]) -> pa.Array:
        return pa.array(rows, pa.list_(pa.float32()))

    names = ("points_x_m", "points_y_m", "points_z_m", "points_intensity")
    values = (
        lists([0.05, 0.15, 5.0], []),
        lists([0.1, 0.1, 0.1], []),
        lists([0.1, 0.1, 0.1], []),
        lists([10.0, 20.0, 7.0], []),
    )
    batch = _batch(**dict(zip(names, values, strict=True)))
    told = Look(payload=names, pictures=False, voxel_m=0.2).at(batch)
    full, empty = told.to_pylist()
    assert np.allclose(full["voxels_x_m"], [0.1, 5.0])
    assert full["voxels_intensity"] == [15.0, 7.0]
    assert empty["voxels_x_m"] == []
    without = Look(payload=names, pictures=False).at(batch)
    assert "voxels_x_m" not in without.schema.names
    assert without.column("payload_hash").equals(told.column("payload_hash"))


def test_no_rows_have_the_same_columns() -> None:
    look = Look(payload=("data",), pictures=True)
    full = look.at(_batch(data=_bytes(b"a")))
    assert look.at(_batch(data=_bytes())).schema.equals(full.schema)

"""Values from many places of one buffer."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.readers.rosbag import gather as module
from avdataops.readers.rosbag.gather import joined, offsets_of, values_at


def _octets(data: bytes) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return np.frombuffer(data, np.uint8)


def _places(values: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(values, np.int64)


@given(st.binary(min_size=8, max_size=60), st.data())
def test_numbers_are_read_wherever_they_begin(data: bytes, draw: st.DataObject) -> None:
    places = draw.draw(st.lists(st.integers(0, len(data) - 8), max_size=9))
    got = values_at(_octets(data), _places(places), np.dtype("<u8"))
    assert got.tolist() == [struct.unpack_from("<Q", data, at)[0] for at in places]


@given(st.binary(min_size=11, max_size=60), st.data())
def test_structures_are_read_wherever_they_begin(data: bytes, draw: st.DataObject) -> None:
    kind = np.dtype({"names": ["a", "b"], "formats": ["u1", ">u4"], "offsets": [0, 7]})
    places = draw.draw(st.lists(st.integers(0, len(data) - 11), max_size=9))
    got = values_at(_octets(data), _places(places), kind)
    assert got["a"].tolist() == [data[at] for at in places]
    assert got["b"].tolist() == [struct.unpack_from(">I", data, at + 7)[0] for at in places]


def test_what_is_read_does_not_keep_the_buffer() -> None:
    data = np.zeros(100, np.uint8)
    got = values_at(data, _places([1, 2]), np.dtype("<u4"))
    data[:] = 255
    assert got.tolist() == [0, 0]


def test_nothing_is_read_from_nowhere() -> None:
    assert values_at(_octets(b""), _places([]), np.dtype("<u8")).tolist() == []
    assert len(values_at(_octets(b"a"), _places([0, 0]), np.dtype([]))) == 2


@pytest.mark.parametrize("large", [0, 1, 192])
@given(data=st.binary(max_size=60), draw=st.data())
def test_pieces_are_joined_in_their_order(large: int, data: bytes, draw: st.DataObject) -> None:
    pieces = draw.draw(
        st.lists(
            st.integers(0, len(data)).flatmap(
                lambda at: st.tuples(st.just(at), st.integers(0, len(data) - at))
            ),
            max_size=9,
        )
    )
    starts, sizes = _places([at for at, _ in pieces]), _places([size for _, size in pieces])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LARGE_BYTES", large)
        got = joined(_octets(data), starts, sizes)
    assert got.tobytes() == b"".join(data[at : at + size] for at, size in pieces)


def test_a_small_piece_does_not_keep_a_large_buffer_alive() -> None:
    data = np.zeros(1000, np.uint8)
    assert joined(data, _places([0]), _places([10])).base is not data
    assert joined(data, _places([0]), _places([900])).base is data


@given(st.lists(st.integers(0, 9)))
def test_offsets_are_where_pieces_begin_and_the_last_one_ends(sizes: list[int]) -> None:
    assert offsets_of(_places(sizes)).tolist() == [sum(sizes[:n]) for n in range(len(sizes) + 1)]

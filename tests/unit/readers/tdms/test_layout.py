"""Tests of where values lie in chunks, whole, cut and short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import UnreadableFile
from avdataops.readers.tdms.kinds import DAQMX, DAQMX_KINDS, KINDS, STRING
from avdataops.readers.tdms.layout import Field, Layout, Place, Text, layout_of
from avdataops.readers.tdms.metadata import Scaler, Shape

I16, F64, U8 = KINDS[2], KINDS[10], KINDS[5]


def _plain(code: int, values: int) -> Shape:
    return Shape(KINDS[code], values, values * KINDS[code].size)


def _layout(*shapes: Shape, is_interleaved: bool = False) -> Layout:
    channels = tuple(range(10, 10 + len(shapes)))
    return layout_of("<", channels, shapes, is_interleaved=is_interleaved)


def _card(kind: int, buffer: int, byte: int, values: int, widths: tuple[int, ...]) -> Shape:
    scaler = Scaler(0, DAQMX_KINDS[kind], buffer, byte, None)
    return Shape(DAQMX, values, 0, (scaler,), widths)


def _no_text(text: Text, room: int) -> int:
    raise AssertionError((text, room))


def test_contiguous_channels_lie_one_after_the_other() -> None:
    layout = _layout(_plain(2, 3), _plain(10, 1), Shape(STRING, 2, 20), _plain(5, 4))
    assert layout.chunk_bytes == 6 + 8 + 20 + 4
    assert not layout.rows_are_mixed
    assert layout.places() == {
        10: Place(3, (Field(I16, 0, 2),)),
        11: Place(1, (Field(F64, 6, 8),)),
        12: Place(2, (), Text(14, 2, 20)),
        13: Place(4, (Field(U8, 34, 1),)),
    }


def test_interleaved_channels_share_rows() -> None:
    layout = _layout(_plain(2, 3), _plain(10, 3), is_interleaved=True)
    assert layout.rows_are_mixed
    assert (layout.chunk_bytes, layout.row_bytes) == (30, 10)
    assert layout.places() == {
        10: Place(3, (Field(I16, 0, 10, 0),)),
        11: Place(3, (Field(F64, 0, 10, 2),)),
    }


def test_strings_alone_are_contiguous_whatever_the_flag_says() -> None:
    layout = _layout(Shape(STRING, 2, 20), is_interleaved=True)
    assert not layout.rows_are_mixed
    assert layout.places()[10].text == Text(0, 2, 20)


def test_each_daqmx_card_has_rows_of_its_own() -> None:
    widths = (6, 0, 4)
    layout = _layout(
        _card(3, 0, 0, 5, widths), _card(3, 0, 4, 5, widths), _card(0, 2, 3, 2, widths)
    )
    assert layout.is_daqmx
    assert (layout.chunk_bytes, layout.row_bytes) == (5 * 6 + 2 * 4, 10)
    fields = [place.fields[0] for place in layout.places().values()]
    assert [(one.base, one.stride, one.inner) for one in fields] == [
        (0, 6, 0),
        (0, 6, 4),
        (30, 4, 3),
    ]


@pytest.mark.parametrize(
    ("room", "rows"),
    [(0, [0, 0]), (1, [0, 0]), (2, [1, 0]), (5, [2, 0]), (6, [3, 0]), (13, [3, 0]), (14, [3, 1])],
)
def test_a_cut_chunk_keeps_what_is_whole(room: int, rows: list[int]) -> None:
    layout = _layout(_plain(2, 3), _plain(10, 2))
    cut = layout.cut(room, _no_text)
    assert cut.values() == rows
    assert [place.fields for place in cut.places().values()] == [
        place.fields for place in layout.places().values()
    ]


@given(st.integers(0, 40))
def test_a_cut_chunk_of_rows_keeps_whole_values_of_the_last_row(room: int) -> None:
    cut = _layout(_plain(2, 4), _plain(10, 4), is_interleaved=True).cut(room, _no_text)
    first = min(room // 10 + (room % 10 >= 2), 4)
    assert cut.values() == [first, min(room // 10, 4)]


def test_strings_of_a_cut_chunk_are_asked_for() -> None:
    layout = _layout(_plain(5, 4), Shape(STRING, 3, 20), _plain(5, 4))
    asked: list[tuple[Text, int]] = []

    def rows(text: Text, room: int) -> int:
        asked.append((text, room))
        return 2

    assert layout.cut(20, rows).values() == [4, 2, 0]
    assert asked == [(Text(4, 3, 20), 20)]


def test_a_short_chunk_has_fewer_values_of_all_channels() -> None:
    short = _layout(_plain(2, 4), _plain(5, 8)).shortened(8)
    assert short.values() == [2, 4]
    assert short.chunk_bytes == 8
    assert [place.fields[0].base for place in short.places().values()] == [0, 4]


def test_a_short_chunk_with_strings_is_given_up() -> None:
    assert _layout(Shape(STRING, 2, 20), _plain(5, 20)).shortened(20).values() == [0, 0]


def test_an_empty_layout_has_nothing() -> None:
    layout = _layout()
    assert (layout.chunk_bytes, layout.places(), layout.is_daqmx) == (0, {}, False)


@pytest.mark.parametrize(
    ("shapes", "is_interleaved", "words"),
    [
        ([_plain(2, 1), _card(3, 0, 0, 1, (2,))], False, "mixes DAQmx"),
        ([_card(3, 0, 0, 1, (4,)), _card(3, 0, 0, 1, (2,))], False, "mixes DAQmx"),
        ([_plain(2, 1), _plain(2, 2)], True, "different lengths"),
        ([_plain(2, 1), Shape(STRING, 1, 5)], True, "interleaves strings"),
    ],
)
def test_indexes_that_contradict_each_other_are_refused(
    shapes: list[Shape], words: str, *, is_interleaved: bool
) -> None:
    with pytest.raises(UnreadableFile, match=words):
        _layout(*shapes, is_interleaved=is_interleaved)

"""What our parser leaves to asammdf is read by it, and both agree wherever both can read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from asammdf import Signal

from avdataops.ports.files import BytesFile, ReadableFile
from avdataops.ports.reading import Format, Reader, Sidecars
from avdataops.readers import open_recording
from avdataops.readers.mdf4.library import Library
from avdataops.readers.mdf4.parsed import Parsed
from avdataops.readers.mdf4.reader import Mdf4Reader
from avdataops.readers.mdf4.unsupported import UnsupportedError
from avdataops.testing import mdf4_by_hand as h
from avdataops.testing.reader_suite import Case, ReaderSuite, tables_of
from avdataops.testing.recordings import mdf4_bytes
from tests.unit.readers.mdf4.making import UTC, group
from tests.unit.readers.mdf4.test_scenarios import SCENARIOS


def _open_by_library(file: ReadableFile, sidecars: Sidecars) -> Reader:
    return Mdf4Reader(file.name, Library(file), sidecars)


BY_LIBRARY = Format("mdf4", (), lambda _: False, _open_by_library)


class TestLibrary(ReaderSuite):
    """The library keeps the promises of readers too."""

    @pytest.fixture(params=SCENARIOS, ids=lambda make: str(make.__name__))
    def case(self, request: pytest.FixtureRequest) -> Case:
        made: Case = request.param()
        return Case(
            name=made.name,
            format=BY_LIBRARY,
            data=made.data,
            expected=made.expected,
            codes=made.codes,
        )


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: group([h.Channel()], [b"\1"], storage="LD-DI"), "invalidation bytes"),
        (lambda: group([h.Channel(kind=7)], [b"\1"]), "channels of type 7"),
        (lambda: group([h.Channel(array=h.Array((1,), 1, storage=2))], [b"\1"]), "not in their"),
    ],
)
def test_what_is_left_to_the_library_is_named(make: Callable[[], h.DataGroup], why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        Parsed(BytesFile("a.mf4", h.mdf4([make()], UTC)))


@pytest.mark.parametrize("compression", [0, 1, 2])
def test_both_read_the_same_from_what_asammdf_writes(compression: int) -> None:
    rng = np.random.default_rng(compression)
    seconds = np.sort(rng.uniform(0, 1e4, 500))
    bits = rng.integers(0, 2, 500).astype(bool)
    signals = [
        Signal(rng.normal(size=500), seconds, name="real", unit="m"),
        Signal(rng.normal(size=500).astype("f4"), seconds, name="half", invalidation_bits=bits),
        Signal(rng.integers(0, 9, 500).astype("u1"), seconds, name="scaled",
               conversion={"a": 0.5, "b": 3.0}),
        Signal(rng.integers(0, 3, 500).astype("i2"), seconds, name="said",
               conversion={"val_0": 0, "text_0": "no", "val_1": 1, "text_1": "yes"}),
        Signal(np.array([b"ab", b"", b"long one"] * 166 + [b"x", b"y"]), seconds, name="text",
               encoding="utf-8"),
        Signal(rng.integers(0, 255, (500, 3)).astype("u1"), seconds, name="three"),
    ]  # fmt: skip
    data = mdf4_bytes([signals, signals[:2]], compression, names=("a", "b"))
    with open_recording(BytesFile("a.mf4", data)) as reader:
        ours = tables_of(reader.batches())
    with _open_by_library(BytesFile("a.mf4", data), Sidecars()) as reader:
        theirs = tables_of(reader.batches())
    assert ours.keys() == theirs.keys()
    for name, table in ours.items():
        common = [one for one in theirs[name].schema.names if one in table.schema.names]
        assert set(common) >= {"t_ns", "real", "half"}
        for column in common:
            assert table[column].to_pylist() == theirs[name][column].to_pylist(), (name, column)


def test_both_read_the_same_from_real_recordings(real_data: Path) -> None:
    for path in sorted((real_data / "mdf4").iterdir()):
        file = BytesFile(path.name, path.read_bytes())
        with open_recording(file) as reader, _open_by_library(file, Sidecars()) as other:
            assert isinstance(reader, Mdf4Reader)
            ours, theirs = tables_of(reader.batches()), tables_of(other.batches())
        for name in ours.keys() & theirs.keys():
            rows = min(ours[name].num_rows, theirs[name].num_rows)
            assert abs(ours[name].num_rows - theirs[name].num_rows) <= 1, (path.name, name)
            for column in set(ours[name].schema.names) & set(theirs[name].schema.names):
                a, b = (one[name][column].slice(0, rows).to_pylist() for one in (ours, theirs))
                assert str(a) == str(b), (path.name, name, column)

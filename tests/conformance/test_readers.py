"""Every reader keeps the promises of ``ReaderSuite``."""

import functools

import pytest

from avdataops.testing.reader_cases import all_cases
from avdataops.testing.reader_suite import Case, ReaderSuite

NAMES = [
    "mcap-zstd",
    "mcap-lz4",
    "mcap-plain",
    "mcap-unindexed",
    "mcap-unchunked",
    "mcap-silent",
    "bag-none",
    "bag-bz2",
    "bag-lz4",
    "db3",
    "mdf4-plain",
    "mdf4-deflate",
    "mdf4-transposed",
    "blf-deflated",
    "blf-split",
    "asc-hex",
    "asc-decimal",
    "asc-relative",
    "candump",
    "candump-undirected",
    "tdms-plain",
    "tdms-interleaved",
    "tdms-types",
    "tdms-segments",
    "tdms-classes",
    "tdms-scaled",
    "tdms-daqmx",
    "tdms-truncated",
    "tdms-unfinished",
    "tdms-alternating",
    "tdms-large",
    "mcap-large",
    "bag-large",
    "db3-large",
    "mdf4-large",
]


@functools.cache
def _cases() -> dict[str, Case]:
    return {case.name: case for case in all_cases()}


class TestReaders(ReaderSuite):
    @pytest.fixture(params=NAMES)
    def case(self, request: pytest.FixtureRequest) -> Case:
        return _cases()[str(request.param)]


def test_all_cases_are_run() -> None:
    assert sorted(_cases()) == sorted(NAMES)

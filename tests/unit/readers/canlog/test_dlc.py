"""Data length codes."""

import numpy as np

from avdataops.readers.canlog.dlc import LENGTHS, dlc_of


def test_every_length_has_its_code() -> None:
    assert dlc_of(LENGTHS).tolist() == list(range(16))


def test_other_lengths_get_the_next_larger_code() -> None:
    lengths = np.array([9, 13, 33, 63, 64, 100])
    assert dlc_of(lengths).tolist() == [9, 10, 14, 15, 15, 15]

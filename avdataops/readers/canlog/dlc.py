"""Data length codes of CAN and CAN FD (ISO 11898-1, 8.4.2.4)."""

import numpy as np
import numpy.typing as npt

LENGTHS = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64], dtype=np.int64)
"""Bytes of a CAN FD frame by its code."""
CLASSIC_BYTES, FD_BYTES = 8, 64


def dlc_of(length: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the smallest code that holds ``length`` bytes, 15 above all."""
    return np.minimum(np.searchsorted(LENGTHS, length), len(LENGTHS) - 1).astype(np.int64)

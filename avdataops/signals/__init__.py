"""Pure array functions on NumPy: timing, resampling, alignment, clocks, intervals, geometry, sun.

Knows nothing of measurements, storage or files; only ``placed``, ``object_streams`` and ``rows``
take tables, through the port that steps have.  Times are int64 ns and come exactly as a logger
gave them, so they may repeat or step back; each function says what it does then.  Values are
float64 and NaN means unknown.  Import the module that is needed; nothing is loaded from here.
"""

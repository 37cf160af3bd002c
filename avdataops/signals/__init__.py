"""Pure array functions on NumPy: timing, resampling, alignment, clocks, intervals, geometry, sun.

Knows nothing of measurements, tables or files.  Times are int64 ns and come exactly as a logger
gave them, so they may repeat or step back; each function says what it does then.  Values are
float64 and NaN means unknown.  Import the module that is needed; nothing is loaded from here.
"""

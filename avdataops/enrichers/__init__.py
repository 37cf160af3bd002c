"""Sources of context along the ego's path, one per file; ``table`` lists them all.

An enricher knows neither steps nor other enrichers.  Missing or damaged input gives null columns
and a caveat, never a default.
"""

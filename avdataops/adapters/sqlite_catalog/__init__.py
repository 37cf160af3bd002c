"""The catalog in one SQLite file: the embedded default."""

from avdataops.adapters.sqlite_catalog.catalog import SqliteCatalog

__all__ = ["SqliteCatalog"]

"""The table of enrichers keeps the promises of the context table."""

import dataclasses

from avdataops.enrichers import ENRICHERS
from avdataops.model.documents import from_document, to_document
from avdataops.tables.kinds import kind

OF_THE_TRACK = {"t_ns", "lat_deg", "lon_deg", "heading_rad", "ego_speed_mps"}


def test_names_are_unique() -> None:
    names = [enricher.name for enricher in ENRICHERS]
    assert len(set(names)) == len(names)


def test_no_two_enrichers_give_the_same_column() -> None:
    columns = [name for enricher in ENRICHERS for name in enricher.columns]
    assert len(set(columns)) == len(columns)


def test_together_they_give_every_promised_column() -> None:
    given = {name for enricher in ENRICHERS for name in enricher.columns}
    assert given | OF_THE_TRACK == set(kind("context").schema.names)


def test_units_are_the_promised_ones() -> None:
    promised = {column.name: column.unit for column in kind("context").columns}
    for enricher in ENRICHERS:
        for name, unit in enricher.columns.items():
            assert promised[name] == unit, name


def test_parameters_have_defaults_and_survive_json() -> None:
    for enricher in ENRICHERS:
        params = enricher.params()
        assert dataclasses.is_dataclass(params)
        assert from_document(enricher.params, to_document(params)) == params

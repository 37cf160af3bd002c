"""Opening an account: who may, with what, and what is said when not."""

import pytest

from avdataops.adapters.cosmos_catalog import create_containers, open_cosmos_catalog
from avdataops.adapters.cosmos_catalog.layout import containers
from avdataops.model.errors import (
    CatalogUnavailable,
    ConfigError,
    InputError,
    PermissionDenied,
)
from avdataops.ports.catalog import SceneQuery
from tests.doubles.cosmos.server import KEY, CosmosDouble

CLOUD = "https://fleet.documents.azure.com:443/"


def test_a_key_is_for_emulators_only() -> None:
    with pytest.raises(ConfigError, match="keys are for emulators") as caught:
        open_cosmos_catalog(CLOUD, "x", key=KEY)
    assert KEY not in str(caught.value)
    with pytest.raises(ConfigError):
        create_containers(CLOUD, "x", KEY)


@pytest.mark.parametrize(
    "endpoint",
    ["", "fleet", "ftp://localhost/", "http://fleet.documents.azure.com/", "https://"],
)
def test_an_endpoint_that_is_none_or_not_encrypted_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigError, match=r"endpoint|encrypted"):
        open_cosmos_catalog(endpoint, "x")


@pytest.mark.parametrize(
    "endpoint", ["http://localhost:1/", "http://127.0.0.1:1/", "http://[::1]/"]
)
def test_an_emulator_needs_its_key(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="needs its key"):
        open_cosmos_catalog(endpoint, "x")


def test_a_wrong_key_is_refused(cosmos: CosmosDouble) -> None:
    with pytest.raises(PermissionDenied):
        open_cosmos_catalog(cosmos.endpoint, "x", key="d3Jvbmc=")


def test_nobody_there_is_unavailable() -> None:
    with CosmosDouble() as gone:
        endpoint = gone.endpoint
    with pytest.raises(CatalogUnavailable):
        open_cosmos_catalog(endpoint, "x", key=KEY)


def test_a_missing_database_is_a_matter_of_settings(cosmos: CosmosDouble) -> None:
    with (
        open_cosmos_catalog(cosmos.endpoint, "nowhere", key=KEY) as catalog,
        pytest.raises(ConfigError, match="no such database") as caught,
    ):
        catalog.scenes(SceneQuery())
    assert "cosmos_database" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("level", "will_do"),
    [("Strong", True), ("BoundedStaleness", True), ("Session", False), ("Eventual", False)],
)
def test_an_account_that_may_answer_with_yesterdays_catalog_is_refused(
    level: str, *, will_do: bool
) -> None:
    with CosmosDouble(consistency=level) as double:
        if will_do:
            open_cosmos_catalog(double.endpoint, "x", key=KEY).close()
            return
        with pytest.raises(ConfigError, match=level) as caught:
            open_cosmos_catalog(double.endpoint, "x", key=KEY)
        assert "az cosmosdb update" in (caught.value.hint or "")


def test_containers_are_made_once_as_described(cosmos: CosmosDouble, database: str) -> None:
    create_containers(cosmos.endpoint, database, KEY)
    for described in containers():
        found = cosmos.service.container(database, described["name"]).definition
        assert found["partitionKey"]["paths"] == [described["partitionKey"]]
        assert found["indexingPolicy"] == described["indexingPolicy"]
        assert found.get("defaultTtl") == described["defaultTtl"]


def test_a_closed_catalog_is_unavailable(cosmos: CosmosDouble, database: str) -> None:
    catalog = open_cosmos_catalog(cosmos.endpoint, database, key=KEY)
    catalog.close()
    catalog.close()
    with pytest.raises(CatalogUnavailable, match="closed"):
        catalog.measurement("m_0123456789abcdef")


def test_text_that_no_document_can_hold_is_refused(cosmos: CosmosDouble, database: str) -> None:
    with open_cosmos_catalog(cosmos.endpoint, database, key=KEY) as catalog:
        for query in (SceneQuery(types=("\ud800",)), SceneQuery(vehicle="\ud800")):
            with pytest.raises(InputError):
                catalog.scenes(query)

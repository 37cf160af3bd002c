"""The containers as ``schemas/cosmos.json`` describes them, and how an emulator gets them."""

from contextlib import suppress
from typing import Any

from azure.cosmos import PartitionKey

from avdataops.adapters.cosmos_catalog.account import open_client
from avdataops.adapters.cosmos_catalog.failures import ItemTaken, translated
from avdataops.tables.load import load_json

CATALOG, SCENES, IDS, EDGES, LEASES = "catalog", "scenes", "ids", "edges", "leases"
CURATION = "curation"


def containers() -> list[dict[str, Any]]:
    """Return the description of every container; shared, so do not change it."""
    described: list[dict[str, Any]] = load_json("cosmos.json")["containers"]
    return described


def create_containers(endpoint: str, database: str, key: str) -> None:
    """Make the database and its containers in an emulator, where they are not there.

    In the cloud Terraform makes them.  Raises ``ConfigError`` for an endpoint in the cloud.
    """
    client = open_client(endpoint, key=key, client_id=None)
    try:
        with suppress(ItemTaken), translated(endpoint):
            client.create_database(database)
        made = client.get_database_client(database)
        for described in containers():
            with suppress(ItemTaken), translated(endpoint):
                made.create_container(
                    id=described["name"],
                    partition_key=PartitionKey(path=described["partitionKey"]),
                    indexing_policy=described["indexingPolicy"],
                    default_ttl=described["defaultTtl"],
                )
    finally:
        client.close()

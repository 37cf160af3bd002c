"""The catalog and the leases in Azure Cosmos DB."""

from avdataops.adapters.cosmos_catalog.catalog import CosmosCatalog, open_cosmos_catalog
from avdataops.adapters.cosmos_catalog.layout import create_containers
from avdataops.adapters.cosmos_catalog.leases import CosmosLeases, open_cosmos_leases

__all__ = [
    "CosmosCatalog",
    "CosmosLeases",
    "create_containers",
    "open_cosmos_catalog",
    "open_cosmos_leases",
]

"""Settings to catalog and leases: SQLite and file locks here, or Cosmos DB."""

from contextlib import ExitStack, closing

from avdataops.adapters.local_leases import LocalLeases
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.ports.catalog import Catalog
from avdataops.ports.leases import Leases
from avdataops.settings import Settings


def open_catalog(settings: Settings, resources: ExitStack) -> tuple[Catalog, Leases]:
    """Open the catalog and the leases beside it; ``resources`` closes them."""
    azure = settings.azure
    if azure.cosmos_endpoint is None:
        settings.workspace.mkdir(parents=True, exist_ok=True)
        local = resources.enter_context(
            closing(SqliteCatalog(settings.workspace / "catalog.sqlite"))
        )
        return local, LocalLeases(settings.workspace / "locks")
    from avdataops.adapters.cosmos_catalog import open_cosmos_catalog, open_cosmos_leases

    key = azure.cosmos_key.get_secret_value() if azure.cosmos_key else None
    where = (azure.cosmos_endpoint, azure.cosmos_database)
    catalog = open_cosmos_catalog(*where, key=key, client_id=azure.client_id)
    resources.enter_context(closing(catalog))
    leases = open_cosmos_leases(*where, key=key, client_id=azure.client_id)
    resources.enter_context(closing(leases))
    return catalog, leases

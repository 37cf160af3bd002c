"""Storage on Azure Blob: one account per zone, containers by kind."""

from avdataops.adapters.azure_blob.patience import Patience
from avdataops.adapters.azure_blob.storage import BlobStorage, Tuning, open_blob_storage

__all__ = ["BlobStorage", "Patience", "Tuning", "open_blob_storage"]

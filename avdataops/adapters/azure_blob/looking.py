"""Asking for one blob's properties."""

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobProperties

from avdataops.adapters.azure_blob.failures import Doing, failure, status_of
from avdataops.adapters.azure_blob.patience import Patience

_ABSENT = 404


def find_blob(blob: BlobClient, patience: Patience, doing: Doing) -> BlobProperties | None:
    """Return the properties of the blob that is there, or None; a folder is no blob."""
    try:
        found = patience.ask(blob.get_blob_properties, doing)
    except HttpResponseError as error:
        if status_of(error) == _ABSENT:
            return None
        raise failure(error, doing) from None
    return None if is_folder(found) else found


def is_folder(blob: BlobProperties) -> bool:
    """Return whether a blob stands for a folder of a hierarchical namespace."""
    return str((blob.metadata or {}).get("hdi_isfolder", "")).lower() == "true"

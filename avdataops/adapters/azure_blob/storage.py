"""``Storage`` on Azure Blob: one account per zone."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient

from avdataops.adapters.azure_blob.accounts import account_name, connect, identity
from avdataops.adapters.azure_blob.failures import (
    READER,
    WRITER,
    Doing,
    code_of,
    failure,
    status_of,
)
from avdataops.adapters.azure_blob.fetching import (
    Beginning,
    checksum_of,
    get_beginning,
    get_range,
)
from avdataops.adapters.azure_blob.links import LinkMaker
from avdataops.adapters.azure_blob.listing import PAGE_ITEMS, Lister
from avdataops.adapters.azure_blob.looking import find_blob, is_folder
from avdataops.adapters.azure_blob.names import place
from avdataops.adapters.azure_blob.patience import Patience
from avdataops.adapters.azure_blob.reading import BlobFile
from avdataops.adapters.azure_blob.writing import BLOCK_BYTES, Target, store
from avdataops.model.errors import ConfigError, InputError, NotFound
from avdataops.model.location import Location, Zone
from avdataops.ports.files import ReadableFile
from avdataops.ports.storage import PartsStored, Stored

_ABSENT = 404
_EMPTY = 416
# 412: what is there now is not what was opened.
_GONE = {_ABSENT, 412}
_FOLDER_CODE = "DirectoryIsNotEmpty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What tests make small and fast."""

    block_bytes: int = BLOCK_BYTES
    page_items: int = PAGE_ITEMS
    patience: Patience = field(default_factory=Patience)


class BlobStorage:
    """A ``Storage`` and ``Resumable``.  Safe for many processes and threads at once.

    A put whose last answer was lost for good raises, and yet the object may be there, whole; the
    next put then returns False.  Nothing else is ever there after a failure.
    """

    def __init__(
        self,
        services: Mapping[Zone, BlobServiceClient],
        tuning: Tuning,
        reopen: "Callable[[], BlobStorage] | None" = None,
    ) -> None:
        self._services = dict(services)
        self._tuning = tuning
        self._links = {
            zone: LinkMaker(service, tuning.patience) for zone, service in services.items()
        }
        self._reopen = reopen

    def __reduce__(self) -> tuple[Callable[[], "BlobStorage"], tuple[()]]:
        """Open the same accounts anew in another process."""
        if self._reopen is None:
            raise TypeError("only what open_blob_storage has returned can go to another process")
        return (self._reopen, ())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for service in self._services.values():
            service.close()

    def open(self, at: Location) -> ReadableFile:
        """Return the object's bytes; raises ``NotFound``."""
        begun = self._beginning(at)
        if begun is None:
            raise NotFound(f"nothing is stored at {at}")
        found = begun.found
        fetch = functools.partial(self._fetch, at, self._blob(at), str(found.etag))
        return BlobFile(at.name, begun.size, fetch, checksum_of(found), begun.data)

    def stat(self, at: Location) -> Stored | None:
        """Return what is at ``at``, or None."""
        found = self._properties(at)
        return None if found is None else Stored(location=at, bytes=int(found.size))

    def put(self, at: Location, chunks: Iterable[bytes]) -> bool:
        """Create the object; False if it exists.  See the port for the promise."""
        return store(self._target(at), chunks, lambda *_: None)

    def put_file(self, at: Location, path: Path, sha256: str, progress: PartsStored) -> bool:
        """Create the object from a file; blocks that an interrupted call left are not sent again.

        See ``ports.storage.Resumable``.  A ``progress`` that sleeps slows the upload down.
        """
        try:
            return store(
                self._target(at), _checked(path, sha256, self._tuning.block_bytes), progress
            )
        except OSError as error:
            raise InputError(f"'{path}' cannot be read: {error.strerror or error}") from error

    def list(self, zone: Zone, prefix: str = "") -> Iterator[Stored]:
        """Yield the objects whose key starts with ``prefix``, ordered by key."""
        service = self._service(zone)
        lister = Lister(service, zone, self._tuning.patience, self._tuning.page_items)
        yield from lister.objects(prefix)

    def delete(self, at: Location) -> None:
        """Remove the object; nothing happens if there is none."""
        doing = self._doing("deleting", at, WRITER)
        try:
            self._tuning.patience.ask(self._blob(at).delete_blob, doing)
        except HttpResponseError as error:
            # What a hierarchical namespace calls a folder is nothing here.
            if status_of(error) != _ABSENT and code_of(error) != _FOLDER_CODE:
                raise failure(error, doing) from None

    def read_link(self, at: Location, valid_s: int) -> str:
        """Return a link that reads ``at`` for ``valid_s`` seconds (at most an hour)."""
        self._service(at.zone)
        return self._links[at.zone].read_link(at, valid_s)

    def _service(self, zone: Zone) -> BlobServiceClient:
        if zone not in self._services:
            raise ConfigError(
                f"no storage account is set for zone '{zone}'",
                hint=f"set AVDATAOPS_AZURE__STORAGE__{zone.upper()}",
            )
        return self._services[zone]

    def _blob(self, at: Location) -> BlobClient:
        where = place(at)
        return self._service(at.zone).get_blob_client(where.container, where.blob)

    def _target(self, at: Location) -> Target:
        container = self._service(at.zone).get_container_client(place(at).container)
        return Target(
            at, self._blob(at), container, self._tuning.patience, self._tuning.block_bytes
        )

    def _doing(self, verb: str, at: Location, role: str) -> Doing:
        return Doing(f"{verb} {at}", account_name(self._service(at.zone)), role)

    def _properties(self, at: Location) -> BlobProperties | None:
        doing = self._doing("looking for", at, READER)
        return find_blob(self._blob(at), self._tuning.patience, doing)

    def _beginning(self, at: Location) -> Beginning | None:
        """Return the first bytes with all properties: a small object costs one request."""
        get = functools.partial(get_beginning, self._blob(at))
        doing = self._doing("reading", at, READER)
        try:
            begun = self._tuning.patience.ask(get, doing)
        except HttpResponseError as error:
            if status_of(error) == _ABSENT:
                return None
            if status_of(error) != _EMPTY:
                raise failure(error, doing) from None
            empty = self._properties(at)
            return None if empty is None else Beginning(b"", int(empty.size), empty)
        return None if is_folder(begun.found) else begun

    def _fetch(self, at: Location, blob: BlobClient, etag: str, offset: int, length: int) -> bytes:
        get = functools.partial(get_range, blob, etag, offset, length)
        doing = self._doing("reading", at, READER)
        try:
            return self._tuning.patience.ask(get, doing)
        except HttpResponseError as error:
            if status_of(error) in _GONE:
                raise NotFound(f"{at} was removed while it was being read") from None
            raise failure(error, doing) from None


def open_blob_storage(
    accounts: Mapping[Zone, str], *, client_id: str | None = None, tuning: Tuning | None = None
) -> BlobStorage:
    """Return the storage over one account per zone; it can be pickled.

    An account is a blob endpoint (``https://...``), opened with the managed identity ``client_id``
    or else with DefaultAzureCredential, or the connection string of an emulator.  Nothing is
    connected to yet.  Raises ``ConfigError`` naming the setting.
    """
    who = functools.cache(functools.partial(identity, client_id))
    services = {zone: connect(zone, account, who) for zone, account in accounts.items()}
    given = tuning or Tuning()
    reopen = functools.partial(open_blob_storage, dict(accounts), client_id=client_id, tuning=given)
    return BlobStorage(services, given, reopen)


def _checked(path: Path, sha256: str, chunk_bytes: int) -> Iterator[bytes]:
    """Yield a file's bytes; raises ``InputError`` at its end if they are not what was promised."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(chunk_bytes):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != sha256.lower():
        raise InputError(
            f"'{path}' does not hold what sha256 {sha256[:12]} stands for; it has changed",
            hint="run the command again when nobody writes to it",
        )

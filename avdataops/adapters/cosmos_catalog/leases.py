"""Who may work on a measurement: one document for each lease, with a time to live.

A lease is taken by creating its document, which only one can.  Its holder writes it again from
time to time; if it has not for ``hold_s`` seconds of the service's clock, the lease has expired
and another may take it by replacing just that version of the document.  The service removes the
document long after that, so nothing depends on when it does.
"""

import contextlib
import email.utils
import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from avdataops.adapters.cosmos_catalog.account import open_client
from avdataops.adapters.cosmos_catalog.failures import (
    ItemChanged,
    ItemMissing,
    ItemTaken,
    Unanswered,
)
from avdataops.adapters.cosmos_catalog.layout import LEASES
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.model.errors import Busy, CatalogUnavailable, shown
from avdataops.model.ids import path_part

HOLD_S = 60.0
_RENEWALS = 3
"""Times a lease is renewed within the time it holds."""

_TRIES = 3
_TIDY_AFTER = 10
_LOG = logging.getLogger(__name__)


class CosmosLeases:
    """``Leases`` in one container; use as a context manager or close it.

    ``hold_s`` is how long a lease outlives its holder; it is renewed three times within it.
    """

    def __init__(self, requests: Requests, *, hold_s: float = HOLD_S) -> None:
        self._requests = requests
        self._hold_s = hold_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._requests.close()

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold ``name`` for one process; raises ``Busy`` while another one holds it.

        It is renewed while the block runs.  Should it be lost all the same (the process was
        frozen, the service unreachable), a warning is logged and what the holder writes is still
        guarded by the etags of the catalog.
        """
        held = _Held(self._requests, self._take(name), self._hold_s)
        ended = threading.Event()
        renewal = threading.Thread(target=held.renew_until, args=(ended,), daemon=True)
        renewal.start()
        try:
            yield
        finally:
            ended.set()
            renewal.join()
            held.release()

    def _take(self, name: str) -> Document:
        item = path_part(name)
        document: Document = {
            "id": item,
            "name": name,
            "owner": secrets.token_hex(16),
            "holdS": self._hold_s,
            "ttl": int(self._hold_s * _TIDY_AFTER) + 1,
        }
        for _ in range(_TRIES):
            with contextlib.suppress(ItemTaken, Unanswered):
                return self._requests.create(LEASES, document)
            held, now = self._requests.read_at(LEASES, item, item)
            if held is None:
                continue
            if held["owner"] == document["owner"]:
                return held
            if not _has_expired(held, now):
                break
            try:
                return self._requests.replace(LEASES, document, held["_etag"])
            except (ItemChanged, ItemMissing):
                break
        raise Busy(
            f"another process is working on measurement {shown(name)}",
            hint="wait for it, then run the same command again",
        )


def _has_expired(held: Document, now: str) -> bool:
    """Say whether a lease was not written for its time; without a clock it has not."""
    try:
        moment = email.utils.parsedate_to_datetime(now).timestamp()
    except ValueError:
        return False
    # The service's stamps are whole seconds, so an honest holder may look a second late.
    return bool(moment > held["_ts"] + held["holdS"] + 1)


class _Held:
    """A lease that this process holds."""

    def __init__(self, requests: Requests, document: Document, hold_s: float) -> None:
        self._requests = requests
        self._document = document
        self._pause_s = hold_s / _RENEWALS
        self._lost = False

    def renew_until(self, ended: threading.Event) -> None:
        """Write the lease again and again until ``ended`` is set or the lease is lost."""
        while not self._lost and not ended.wait(self._pause_s):
            try:
                etag = self._document["_etag"]
                self._document = self._requests.replace(LEASES, self._document, etag)
            except (ItemChanged, ItemMissing):
                self._look_again()
            except CatalogUnavailable as error:
                _LOG.warning("lease %s could not be renewed yet: %s", self._name, error)

    def _look_again(self) -> None:
        """Find out whether another took the lease, or only the answer to a renewal was lost."""
        item = self._document["id"]
        with contextlib.suppress(CatalogUnavailable):
            there = self._requests.read(LEASES, item, item)
            if there is not None and there["owner"] == self._document["owner"]:
                self._document = there
                return
            self._lost = True
            _LOG.warning("lease %s was lost to another process", self._name)

    @property
    def _name(self) -> str:
        return shown(str(self._document["name"]))

    def release(self) -> None:
        """Give the lease back if it is still ours; silence of the service lets it expire."""
        if self._lost:
            return
        item = self._document["id"]
        try:
            self._requests.delete(LEASES, item, item, self._document["_etag"])
        except (ItemChanged, ItemMissing):
            self._look_again()
        except CatalogUnavailable as error:
            _LOG.warning("lease %s is left to expire: %s", self._name, error)


def open_cosmos_leases(
    endpoint: str,
    database: str,
    *,
    key: str | None = None,
    client_id: str | None = None,
    hold_s: float = HOLD_S,
) -> CosmosLeases:
    """Return leases in a database; ``key`` is for emulators on this machine only."""
    client = open_client(endpoint, key=key, client_id=client_id)
    return CosmosLeases(Requests(client, endpoint, database), hold_s=hold_s)

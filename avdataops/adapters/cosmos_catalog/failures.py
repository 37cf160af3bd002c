"""What Cosmos DB refuses, said with the errors of the product."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from avdataops.model.errors import (
    AvdataopsError,
    CatalogUnavailable,
    ConfigError,
    InputError,
    PermissionDenied,
)

_NO_SUCH_ITEM = 404
_TAKEN = 409
_CHANGED = 412
_TOO_LARGE = 413
_THROTTLED = 429
_REFUSED = {401, 403}
_OWNER_MISSING = 1003
"""Sub-status of a 404 when not the item but its container or database is missing."""

_BAD_REQUEST = 400


class ItemMissing(Exception):
    """There is no such item."""


class ItemTaken(Exception):
    """An item with this id is there."""


class ItemChanged(Exception):
    """The item is not any more what the writer had read."""


class Unanswered(CatalogUnavailable):
    """No answer came, or one that leaves open whether the work was done."""


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise errors of the product for those that the client raises about ``name``.

    401 and 403 are ``PermissionDenied``; a missing database or container is ``ConfigError``; too
    large or malformed is ``InputError``; the rest (throttled beyond patience, timeouts, network)
    is ``CatalogUnavailable``.  Answers that callers decide upon are the three exceptions above.
    """
    try:
        yield
    except ClientAuthenticationError as error:
        raise PermissionDenied(
            f"no sign-in for {name}: {_first_line(error)}", hint="az login"
        ) from error
    except HttpResponseError as error:
        raise _of_status(name, error) from error
    except AzureError as error:
        raise Unanswered(f"the catalog {name} did not answer: {_first_line(error)}") from error


def _of_status(name: str, error: HttpResponseError) -> Exception:
    status, told = error.status_code or 0, _first_line(error)
    sub_status = getattr(error, "sub_status", None)
    if status == _NO_SUCH_ITEM and sub_status != _OWNER_MISSING:
        return ItemMissing()
    if status == _TAKEN:
        return ItemTaken()
    if status == _CHANGED:
        return ItemChanged()
    return _of_the_product(name, status, told)


def _of_the_product(name: str, status: int, told: str) -> AvdataopsError:
    if status in _REFUSED:
        return PermissionDenied(
            f"the catalog {name} refused this identity ({status})",
            hint="ask for the role 'Cosmos DB Built-in Data Contributor'",
        )
    if status == _NO_SUCH_ITEM:
        return ConfigError(
            f"the account {name} has no such database or container",
            hint="check azure.cosmos_database; 'terraform apply' makes the containers",
        )
    if status in {_BAD_REQUEST, _TOO_LARGE}:
        return InputError(f"the catalog {name} cannot take this ({status}): {told}")
    if status == _THROTTLED:
        return CatalogUnavailable(f"the catalog {name} is busy and asks to wait", hint="try later")
    return Unanswered(f"the catalog {name} did not answer ({status}): {told}")


def _first_line(error: AzureError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if not line.startswith("Status code")), "no reason given")
    return told[:200]

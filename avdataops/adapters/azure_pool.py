"""A look at a Batch pool: is it there, and can it run anything?"""

from dataclasses import dataclass

from azure.batch import BatchClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from avdataops.adapters.azure_batch.calls import Pace, in_our_words, patiently
from avdataops.model.errors import NotFound

_HASTE = Pace(first_s=1.0, patience_s=10.0)


@dataclass(frozen=True, slots=True)
class PoolLook:
    """What a pool said of itself."""

    state: str
    nodes: int
    scales: bool
    trouble: str | None
    """Why its last change of size failed, if it did."""


def look_at_pool(client: BatchClient, pool: str) -> PoolLook:
    """Return the state of ``pool``; raises ``NotFound`` and what the service refuses with."""
    try:
        found = patiently(lambda: client.get_pool(pool), _HASTE)
    except ResourceNotFoundError as error:
        raise NotFound(
            f"the Batch account has no pool '{pool}'",
            hint="set azure.batch_pool, or create the pool from infra/",
        ) from error
    except HttpResponseError as error:
        raise in_our_words(error, f"looking at pool '{pool}'") from error
    errors = found.resize_errors or ()
    return PoolLook(
        state=str(getattr(found.state, "value", found.state)),
        nodes=(found.current_dedicated_nodes or 0) + (found.current_low_priority_nodes or 0),
        scales=bool(found.enable_auto_scale),
        trouble=next((f"{one.code}: {one.message}" for one in errors), None),
    )

"""Settings to a dispatcher: a pool of processes here, or Azure Batch."""

import functools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

from avdataops.adapters.local_pool import LocalPool
from avdataops.model.location import Zone
from avdataops.ports.dispatch import Dispatcher, Limits
from avdataops.ports.storage import Storage
from avdataops.settings import TRACE_VARIABLE, AzureSettings, LimitSettings, Settings
from avdataops.wiring.storages import missing, place_of
from avdataops.wiring.trace import Trace
from avdataops.wiring.worker import run_task

_JOBS_STAY = timedelta(days=7)
_TIDY_S = 30.0


def open_dispatcher(
    settings: Settings, storage: Storage, trace: Trace | None
) -> AbstractContextManager[Dispatcher]:
    """Open the dispatcher of the engine that is set; it ends with its context.

    Raises ``ConfigError`` naming the setting that the engine lacks.
    """
    if settings.engine == "azure-batch":
        return _batch(settings, storage, trace)
    execute = functools.partial(run_task, place_of(settings), trace.trace_id if trace else None)
    return LocalPool(execute, settings.jobs, limits_of(settings.limits))


def limits_of(given: LimitSettings) -> Limits:
    """Return the limits that are set; 0 is none."""
    return Limits(
        memory_bytes=given.memory_mb << 20 or None,
        cpu_s=given.cpu_s or None,
        wall_s=given.wall_s or None,
        s_per_gib=given.s_per_gib,
    )


def check_batch(azure: AzureSettings) -> str:
    """Return the endpoint; raises ``ConfigError`` naming what Azure Batch cannot do without.

    An emulator (it has a key) may run tasks without a container and on the folders of this machine.
    """
    if azure.batch_endpoint is None:
        raise missing("azure.batch_endpoint", "the engine is azure-batch")
    if azure.batch_key is None:
        if azure.image is None:
            raise missing("azure.image", "tasks on Azure Batch run in containers")
        if not azure.storage:
            raise missing("azure.storage.landing", "nodes of Azure Batch see no local folder")
    return azure.batch_endpoint


@contextmanager
def _batch(settings: Settings, storage: Storage, trace: Trace | None) -> Iterator[Dispatcher]:
    from avdataops.adapters.azure_batch import BatchDispatcher, Submission, log_container

    azure = settings.azure
    client = _account(azure)
    derived = azure.storage.get(Zone.DERIVED)
    logs = log_container(derived.get_secret_value(), azure.pool_identity) if derived else None
    submission = Submission(
        pool=azure.batch_pool,
        image=azure.image,
        environment=_environment(settings, trace),
        logs=logs,
    )
    with client, BatchDispatcher(client, storage, submission) as dispatcher:
        yield dispatcher


def _account(azure: AzureSettings) -> Any:
    from avdataops.adapters.azure_batch import open_batch

    endpoint = check_batch(azure)
    key = azure.batch_key.get_secret_value() if azure.batch_key else None
    return open_batch(endpoint, key=key, client_id=azure.client_id)


def remove_old_jobs(settings: Settings) -> int:
    """Delete the jobs of this product that ended a week ago; returns how many.

    Jobs count towards a quota of the account for as long as they are there.  Nothing happens where
    tasks do not run on Azure Batch.  Raises as ``open_dispatcher`` does.
    """
    if settings.engine != "azure-batch":
        return 0
    from avdataops.adapters.azure_batch import Pace, delete_jobs

    with _account(settings.azure) as client:
        return len(delete_jobs(client, _JOBS_STAY, Pace(patience_s=_TIDY_S)))


def _environment(settings: Settings, trace: Trace | None) -> dict[str, str]:
    from avdataops.adapters.azure_batch import worker_environment

    place = place_of(settings)
    if place.accounts:
        traceparent = trace.traceparent if trace else None
        return worker_environment(dict(place.accounts), traceparent=traceparent)
    own = {"AVDATAOPS_WORKSPACE": str(place.workspace)}
    return own | ({TRACE_VARIABLE: trace.traceparent} if trace else {})

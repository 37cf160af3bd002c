"""Azure Batch as a dispatcher: one job per measurement, one container task per unit of work."""

from avdataops.adapters.azure_batch.calls import Pace
from avdataops.adapters.azure_batch.dispatcher import BatchDispatcher
from avdataops.adapters.azure_batch.facts import PoolFacts, pool_facts
from avdataops.adapters.azure_batch.jobs import delete_jobs
from avdataops.adapters.azure_batch.logs import LogContainer, log_container
from avdataops.adapters.azure_batch.opening import open_batch
from avdataops.adapters.azure_batch.tasks import Submission, worker_environment

__all__ = [
    "BatchDispatcher",
    "LogContainer",
    "Pace",
    "PoolFacts",
    "Submission",
    "delete_jobs",
    "log_container",
    "open_batch",
    "pool_facts",
    "worker_environment",
]

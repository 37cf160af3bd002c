"""Why a task is lost, in words that name what the Batch service said."""

from azure.batch import models


def how_it_ended(task: models.BatchTask) -> str:
    """Return what Batch says of a completed task."""
    info = task.execution_info
    if info is None:
        return f"Batch task '{task.id}' ended and Batch does not say how{where(task)}"
    said = _failure(info.failure_info) if info.failure_info else "it ended without a failure"
    facts = [f"exit code {info.exit_code}"] if info.exit_code is not None else []
    if info.retry_count:
        facts.append(f"{info.retry_count} retries")
    if info.requeue_count:
        facts.append(f"put back {info.requeue_count} times")
    shown = f" ({', '.join(facts)})" if facts else ""
    return f"Batch task '{task.id}' left no record: {said}{shown}{where(task)}"


def _failure(failure: models.BatchTaskFailureInfo) -> str:
    details = "; ".join(f"{one.name}: {one.value}" for one in failure.details or ())
    said = ": ".join(part for part in (failure.code, failure.message) if part)
    return f"{said or failure.category} [{details}]" if details else said or str(failure.category)


def where(task: models.BatchTask) -> str:
    """Return `` on node 'x'``, or nothing if the task never had one."""
    node = task.node_info.node_id if task.node_info else None
    return f" on node '{node}'" if node else ""


def how_job_ended(name: str, job: models.BatchJob | None) -> str:
    """Return what became of a job that ended while tasks were waiting."""
    if job is None:
        return f"Batch job '{name}' was deleted by somebody"
    info = job.execution_info
    reason = info.termination_reason if info else None
    return f"Batch job '{name}' was terminated by somebody (reason: {reason or 'none given'})"


def no_nodes_because(job: models.BatchJob, pool: models.BatchPool | None) -> str:
    """Return why a pool gives no nodes."""
    name = job.pool_info.pool_id
    if pool is None:
        return f"there is no pool '{name}' in the Batch account"
    if pool.state == models.BatchPoolState.DELETING:
        return f"pool '{name}' is being deleted"
    errors = "; ".join(f"{one.code}: {one.message}" for one in pool.resize_errors or ())
    return f"pool '{name}' gets no nodes ({errors})"

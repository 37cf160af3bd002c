"""A unit of work as a Batch task: its ids, command line, container, limits and environment."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from azure.batch import models

from avdataops.adapters.azure_batch.facts import PoolFacts, pool_facts
from avdataops.adapters.azure_batch.logs import LogContainer, output_files
from avdataops.adapters.azure_batch.opening import is_loopback
from avdataops.model.errors import ConfigError, UnsafeName
from avdataops.model.ids import run_id
from avdataops.model.location import Location, Zone, attempt_at, task_at
from avdataops.model.run import TaskSpec

MAX_DEPENDENCY_CHARACTERS = 64_000
"""Of all task ids in one ``dependsOn`` together; Batch refuses a longer list."""
TRANSIENT = 75
"""Exit code of a worker that another attempt may help."""
_GIB = 1 << 30
_PLAIN = re.compile(r"[a-z0-9_-]{1,48}")
_IMAGE = re.compile(r"[a-z0-9._:-]+(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")
_SECRETS = ("accountkey=", "sharedaccesssignature=", "sig=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """How tasks are sent to Batch."""

    pool: str
    image: str | None = None
    """Worker image by digest; None runs the command on the node itself."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Settings of the worker; see ``worker_environment``."""
    logs: LogContainer | None = None
    facts: PoolFacts = field(default_factory=pool_facts)

    def __post_init__(self) -> None:
        """Refuse an image that somebody could exchange."""
        if self.image is not None and not _IMAGE.fullmatch(self.image):
            raise ConfigError(
                f"'{self.image}' does not name a worker image by its digest",
                hint="set azure.image to registry/name@sha256:<64 hex digits>",
            )


def worker_environment(
    storage: Mapping[Zone, str], *, traceparent: str | None = None
) -> dict[str, str]:
    """Return the settings that a worker needs, as environment variables.

    ``storage`` has a blob endpoint per zone, or an emulator's connection string.  No identity is
    named: a worker is whoever its node is, which has fewer rights than the one who starts it.
    Raises ``ConfigError`` for a secret of anything but an emulator: task settings can be read by
    all who may read the Batch account.
    """
    environment = {f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}": at for zone, at in storage.items()}
    for zone, at in storage.items():
        if any(word in at.lower() for word in _SECRETS) and not _is_emulator(at):
            raise ConfigError(f"the storage account of zone '{zone}' is named with a secret in it")
    if traceparent is not None:
        environment["TRACEPARENT"] = traceparent
    return environment


def _is_emulator(connection: str) -> bool:
    named = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
    host = urlsplit(named.get("BlobEndpoint", connection)).hostname
    return host is not None and is_loopback(host)


def task_id(task: TaskSpec) -> str:
    """Return the id of a task in its job; the same attempt always has the same id."""
    return f"{_plain(run_id(task.id))}-{task.attempt}"


def spec_location(task: TaskSpec) -> Location:
    """Return where the task lies for its worker."""
    return task_at(_plain(task.measurement), _plain(run_id(task.id)), task.attempt)


def record_location(task: TaskSpec) -> Location:
    """Return where the worker leaves the record of this attempt."""
    return attempt_at(_plain(task.measurement), _plain(run_id(task.id)), task.attempt)


def _plain(name: str) -> str:
    # Ids go into a command line, and Batch takes no others; names of files and streams never do.
    if not _PLAIN.fullmatch(name):
        raise UnsafeName(f"'{ascii(name)[1:61]}' cannot be part of a task's command line")
    return name


def task_options(
    task: TaskSpec, submission: Submission, after: Sequence[str] = ()
) -> models.BatchTaskCreateOptions:
    """Return what is sent to Batch for ``task``, which depends on the tasks ``after``."""
    limits = submission.facts.tasks
    slots = _slots(task, submission.facts)
    return models.BatchTaskCreateOptions(
        id=task_id(task),
        display_name=f"{task.step} {task.part}".rstrip()[:256],
        command_line=f"python -m batch_tasks.run --task {spec_location(task).key}",
        container_settings=_container(submission, slots),
        environment_settings=[
            models.EnvironmentSetting(name=name, value=value)
            for name, value in sorted(submission.environment.items())
        ],
        constraints=models.BatchTaskConstraints(
            max_wall_clock_time=timedelta(seconds=wall_clock_s(task, submission.facts)),
            max_task_retry_count=limits.retries,
            retention_time=timedelta(hours=limits.retention_h),
        ),
        required_slots=slots,
        exit_conditions=_exit_conditions(),
        user_identity=models.UserIdentity(
            auto_user=models.AutoUserSpecification(
                scope=models.AutoUserScope.TASK, elevation_level=models.ElevationLevel.NON_ADMIN
            )
        ),
        depends_on=_dependencies(after),
        output_files=output_files(submission.logs, task, run_id(task.id))
        if submission.logs
        else None,
    )


def wall_clock_s(task: TaskSpec, facts: PoolFacts) -> int:
    """Return how many seconds ``task`` may run, which grows with the size of its inputs."""
    limits = facts.tasks.of_step(task.step)
    gib = sum(given.artifact.bytes for given in task.inputs) / _GIB
    return limits.wall_clock_s + math.ceil(limits.wall_clock_s_per_gib * gib)


def _slots(task: TaskSpec, facts: PoolFacts) -> int:
    by_class = facts.tasks.slots_by_topic_class
    classes = {given.artifact.attributes.get("topic_class", "") for given in task.inputs}
    needed = [facts.tasks.of_step(task.step).slots, *(by_class.get(one, 0) for one in classes)]
    return min(max(needed), facts.slots_per_node)


def _container(submission: Submission, slots: int) -> models.BatchTaskContainerSettings | None:
    if submission.image is None:
        return None
    given = submission.facts.container
    memory_mib = slots * submission.facts.memory_mib_per_slot
    return models.BatchTaskContainerSettings(
        image_name=submission.image,
        container_run_options=" ".join(
            (
                "--read-only",
                f"--tmpfs /tmp:rw,noexec,nosuid,size={given.tmpfs_mib}m",
                "--cap-drop=ALL",
                "--security-opt=no-new-privileges",
                f"--pids-limit={given.pids}",
                f"--memory={memory_mib}m",
            )
        ),
        working_directory=models.ContainerWorkingDirectory.TASK_WORKING_DIRECTORY,
        # No user is named: Batch puts the task's own user into the container, who alone may write
        # to the task's folder and is not root; the image names another one who is not.
        # By default a container sees everything on its node, other tasks' files included.
        container_host_batch_bind_mounts=[
            models.ContainerHostBatchBindMountEntry(
                source=models.ContainerHostDataPath.TASK, is_read_only=False
            ),
            models.ContainerHostBatchBindMountEntry(
                source=models.ContainerHostDataPath.VFS_MOUNTS, is_read_only=True
            ),
        ],
    )


def _exit_conditions() -> models.ExitConditions:
    satisfied = models.ExitOptions(dependency_action=models.DependencyAction.SATISFY)
    blocked = models.ExitOptions(dependency_action=models.DependencyAction.BLOCK)
    return models.ExitConditions(
        exit_codes=[
            models.ExitCodeMapping(code=0, exit_options=satisfied),
            models.ExitCodeMapping(code=TRANSIENT, exit_options=blocked),
        ],
        pre_processing_error=blocked,
        # The record is what counts; a log that could not be uploaded holds nobody up.
        file_upload_error=satisfied,
        default=blocked,
    )


def _dependencies(after: Sequence[str]) -> models.BatchTaskDependencies | None:
    # Beyond Batch's limit none are given: a step is submitted only once the one before it is
    # committed, so they keep the order only for people and tools that look at the job.
    if not after or sum(len(one) for one in after) > MAX_DEPENDENCY_CHARACTERS:
        return None
    return models.BatchTaskDependencies(task_ids=list(after))

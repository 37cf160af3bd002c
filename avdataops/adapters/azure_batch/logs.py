"""Where Batch uploads what a task wrote to stdout and stderr."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.batch import models
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from avdataops.model.errors import ConfigError
from avdataops.model.run import TaskSpec

CONTAINER = "logs"
_BESIDE_THE_WORKING_DIRECTORY = "../std*.txt"
_SAS_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogContainer:
    """A blob container for logs, with what allows the nodes to write there."""

    url: str
    """For an emulator with a shared access signature in it; never logged."""
    identity: str | None = None
    """Azure resource id of the pool's managed identity."""

    def __repr__(self) -> str:
        """Show the container without its signature."""
        return f"LogContainer({self.url.split('?', maxsplit=1)[0]!r})"


def log_container(account: str, identity: str | None = None) -> LogContainer | None:
    """Return the container ``logs`` of the derived zone's ``account``.

    ``account`` is a blob endpoint, which needs the resource id of the pool's ``identity``
    (without it there is no log upload and logs stay on the node), or an emulator's connection
    string, from which a signature for seven days is made.
    """
    if "AccountKey=" in account:
        return LogContainer(url=_signed(account))
    if not account.startswith("https://"):
        raise ConfigError("the derived storage account must be named by its https:// endpoint")
    if identity is None:
        return None
    return LogContainer(url=f"{account.rstrip('/')}/{CONTAINER}", identity=identity)


def output_files(logs: LogContainer, task: TaskSpec, run: str) -> list[models.OutputFile]:
    """Return the upload of both streams to ``<measurement>/<run>/attempt-<n>/``.

    It happens however the task ends, so that the log of a task that died is there to be read.
    """
    reference = models.BatchNodeIdentityReference(resource_id=logs.identity)
    destination = models.OutputFileBlobContainerDestination(
        path=f"{task.measurement}/{run}/attempt-{task.attempt}",
        container_url=logs.url,
        identity_reference=reference if logs.identity else None,
    )
    return [
        models.OutputFile(
            file_pattern=_BESIDE_THE_WORKING_DIRECTORY,
            destination=models.OutputFileDestination(container=destination),
            upload_options=models.OutputFileUploadConfiguration(
                upload_condition=models.OutputFileUploadCondition.TASK_COMPLETION
            ),
        )
    ]


def _signed(connection: str) -> str:
    with BlobServiceClient.from_connection_string(connection) as service:
        key = service.credential.account_key
        signature = generate_container_sas(
            account_name=str(service.account_name),
            container_name=CONTAINER,
            account_key=key,
            permission=ContainerSasPermissions(write=True, create=True),
            expiry=datetime.now(UTC) + _SAS_LASTS,
        )
        return f"{service.url.rstrip('/')}/{CONTAINER}?{signature}"

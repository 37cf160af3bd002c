"""A cloud on this machine: Azurite, doubles of Cosmos DB and Batch, and a Data Factory driver."""

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient

from avdataops.adapters.azure_blob import open_blob_storage
from avdataops.adapters.cosmos_catalog import create_containers
from avdataops.model.location import Location, Zone
from avdataops.settings import load_settings
from avdataops.testing.command_line import Desk
from avdataops.testing.invariants import broken_invariants
from avdataops.wiring.workspace import Workspace, open_workspace
from tests.doubles.adf.blobs import StorageBlobs
from tests.doubles.adf.clock import FastClock
from tests.doubles.adf.commands import StartCustom, subprocess_commands
from tests.doubles.adf.context import Seams
from tests.doubles.adf.driver import Driver
from tests.doubles.adf.events import Event, blob_created
from tests.doubles.adf.resources import load_factory
from tests.doubles.adf.webhook import Webhook
from tests.doubles.azurite import Azurite
from tests.doubles.batch.nodes import Runner, run_on_node
from tests.doubles.batch.server import KEY as BATCH_KEY
from tests.doubles.batch.server import BatchDouble
from tests.doubles.cosmos.server import KEY as COSMOS_KEY
from tests.doubles.cosmos.server import CosmosDouble

FACTORY = Path(__file__).parents[2] / "pipelines" / "adf"
NO_REAL_IMAGE = f"registry.invalid/avdataops-worker@sha256:{'0' * 64}"
"""What the pool is told to run; the double's nodes know where to find it."""
BUSY_S_PER_S = 0.02
"""The driver's clock jumps, but a lease that another process holds takes real time."""

Json = dict[str, Any]
Facts = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Cloud:
    """Everything that a drive meets between upload and scenes."""

    desk: Desk
    """Fleet operations at a terminal, with the cloud in the settings."""
    driver: Driver
    batch: BatchDouble
    webhook: Webhook

    def upload(self, folder: Path, vehicle: str, *dbc: Path) -> str:
        """Upload a folder; return the measurement."""
        given = [part for path in dbc for part in ("--dbc", path)]
        answer = self.desk.call("upload", folder, "--vehicle", vehicle, *given, "--format", "json")
        assert answer.status == 0, answer.err
        return str(answer.json["measurement"])

    def landed(self, measurement: str) -> Event:
        """Return the event that storage sends when the manifest is there."""
        with self.open() as workspace:
            at = Location(Zone.LANDING, f"{measurement}/manifest.json")
            stored = workspace.storage.stat(at)
        assert stored is not None
        return blob_created(at.key, stored.bytes)

    @contextmanager
    def open(self) -> Iterator[Workspace]:
        """Open the workspace as every process of the product does."""
        with opened(self.desk) as workspace:
            yield workspace

    def facts(self, measurement: str) -> Facts:
        """Return what the drive came to, after all invariants were found to hold."""
        with self.open() as workspace:
            assert broken_invariants(workspace.storage, workspace.catalog) == []
            return facts_of(workspace, measurement)


@contextmanager
def opened(desk: Desk) -> Iterator[Workspace]:
    """Open the workspace that a desk's settings name."""
    before = dict(os.environ)
    try:
        os.environ.update(desk.environment)
        settings = load_settings(workspace=desk.workspace)
    finally:
        os.environ.clear()
        os.environ.update(before)
    with open_workspace(settings) as workspace:
        yield workspace


def facts_of(workspace: Workspace, measurement: str) -> Facts:
    """Return state, every artifact by id with its hash, and every scene: the same on any engine."""
    from avdataops.model.documents import to_document
    from avdataops.ports.catalog import SceneQuery

    catalog = workspace.catalog
    artifacts = catalog.artifacts(measurement)
    scenes = catalog.scenes(SceneQuery(measurement=measurement), limit=0)
    return {
        "state": {measurement: catalog.measurement(measurement).state.value},
        "artifacts": {
            one.id: (one.kind, one.name, one.part, one.rows, one.bytes, one.sha256, one.run)
            for one in artifacts
        },
        "scenes": {one.id: to_document(one) for one in scenes},
    }


@contextmanager
def cloud(
    root: Path,
    azurite: Azurite,
    cosmos: CosmosDouble,
    *,
    settings: Mapping[str, str] | None = None,
    runner: Runner | None = None,
    storage_port: int | None = None,
    commands: Callable[[Mapping[str, str]], StartCustom] = subprocess_commands,
    nodes: int = 1,
    slots: int = 8,
) -> Iterator[Cloud]:
    """Give an empty cloud.

    Without a ``runner`` for containers, tasks are processes.  ``storage_port`` leads every client
    past what listens there.
    """
    azurite.wipe()
    accounts = azurite.connection_strings(storage_port)
    database = f"cloud-{uuid.uuid4().hex}"
    create_containers(cosmos.endpoint, database, COSMOS_KEY)
    with BlobServiceClient.from_connection_string(accounts[Zone.DERIVED]) as derived:
        # As infra does: Batch uploads the output of tasks and makes no containers.
        derived.create_container("logs")
    with ExitStack() as stack:
        batch = stack.enter_context(BatchDouble(runner=runner or run_on_node))
        batch.add_pool(nodes=nodes, slots=slots)
        webhook = stack.enter_context(Webhook())
        environment = {
            **{f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}": at for zone, at in accounts.items()},
            "AVDATAOPS_AZURE__COSMOS_ENDPOINT": cosmos.endpoint,
            "AVDATAOPS_AZURE__COSMOS_DATABASE": database,
            "AVDATAOPS_AZURE__COSMOS_KEY": COSMOS_KEY,
            "AVDATAOPS_AZURE__BATCH_ENDPOINT": batch.endpoint,
            "AVDATAOPS_AZURE__BATCH_KEY": BATCH_KEY,
            "AVDATAOPS_ENGINE": "azure-batch",
            **({"AVDATAOPS_AZURE__IMAGE": NO_REAL_IMAGE} if runner else {}),
            **(settings or {}),
        }
        desk = Desk(root / "state", environment)
        storage = stack.enter_context(open_blob_storage(azurite.connection_strings()))
        landing = accounts[Zone.LANDING]
        seams = Seams(
            folder=root,
            start_custom=commands({**environment, "AVDATAOPS_WORKSPACE": str(root / "nodes")}),
            blobs=StorageBlobs(storage, {landing: Zone.LANDING}),
            clock=FastClock(real_s_per_s=BUSY_S_PER_S),
        )
        given = {
            "settings": {
                "storage": {zone.value: at for zone, at in accounts.items()},
                "batch_endpoint": batch.endpoint,
                "batch_pool": "execution",
                "cosmos_endpoint": cosmos.endpoint,
                "cosmos_database": database,
                "image": NO_REAL_IMAGE if runner else "",
            },
            "batchAccount": "double",
            "orchestratorPool": "orchestrator",
            "jobsEndpoint": "http://127.0.0.1:1/jobs",
            **webhook.global_parameters(),
        }
        driver = Driver(load_factory(FACTORY), given, seams)
        yield Cloud(desk, driver, batch, webhook)
    azurite.wipe()

"""The factory of the product, ready to run with a stand-in for the orchestrator."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doubles.adf.blobs import FolderBlobs
from tests.doubles.adf.clock import FastClock
from tests.doubles.adf.context import Seams
from tests.doubles.adf.driver import Driver
from tests.doubles.adf.orchestrator import FakeOrchestrator
from tests.doubles.adf.resources import Factory, load_factory
from tests.doubles.adf.webhook import Webhook

FOLDER = Path(__file__).parents[2] / "pipelines" / "adf"

SETTINGS = {
    "storage": {"landing": "http://127.0.0.1:1/landing"},
    "batch_endpoint": "http://127.0.0.1:2",
}


@dataclass(frozen=True, slots=True)
class Cloud:
    """A driver over the product's files, and what it reaches."""

    driver: Driver
    orchestrator: FakeOrchestrator
    webhook: Webhook
    clock: FastClock
    landing: Path

    def land(self, measurement: str, content: str = "{}") -> None:
        """Put a manifest into landing."""
        path = self.landing / "drives" / measurement / "manifest.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture(scope="session")
def factory() -> Factory:
    return load_factory(FOLDER)


@pytest.fixture
def cloud(factory: Factory, tmp_path: Path) -> Iterator[Cloud]:
    orchestrator, clock = FakeOrchestrator(), FastClock()
    landing = tmp_path / "landing"
    with Webhook() as webhook:
        seams = Seams(
            folder=tmp_path, start_custom=orchestrator, blobs=FolderBlobs(landing), clock=clock
        )
        given = {
            "settings": SETTINGS,
            "batchAccount": "double",
            "orchestratorPool": "orchestrator",
            "jobsEndpoint": "http://127.0.0.1:1/jobs",
            **webhook.global_parameters(),
        }
        yield Cloud(Driver(factory, given, seams), orchestrator, webhook, clock, landing)

"""A look at a Batch pool."""

from collections.abc import Iterator

import pytest
from azure.batch import BatchClient

from avdataops.adapters.azure_batch import open_batch
from avdataops.adapters.azure_pool import PoolLook, look_at_pool
from avdataops.model.errors import NotFound, PermissionDenied
from tests.doubles.batch.server import KEY, BatchDouble


@pytest.fixture
def batch() -> Iterator[BatchDouble]:
    with BatchDouble() as double:
        yield double


@pytest.fixture
def client(batch: BatchDouble) -> Iterator[BatchClient]:
    with open_batch(batch.endpoint, key=KEY) as opened:
        yield opened


def test_a_pool_says_how_many_nodes_it_has(batch: BatchDouble, client: BatchClient) -> None:
    batch.add_pool("execution", nodes=2)
    found = look_at_pool(client, "execution")
    assert found == PoolLook(state="active", nodes=2, scales=found.scales, trouble=None)


def test_a_pool_that_gets_no_nodes_says_why(batch: BatchDouble, client: BatchClient) -> None:
    batch.add_pool("execution", nodes=1)
    batch.starve("execution", "AccountCoreQuotaReached", "the quota of cores is reached")
    found = look_at_pool(client, "execution")
    assert (found.nodes, found.trouble) == (
        0,
        "AccountCoreQuotaReached: the quota of cores is reached",
    )


def test_a_pool_that_is_not_there_is_told_with_what_to_do(client: BatchClient) -> None:
    with pytest.raises(NotFound, match="no pool 'nowhere'") as told:
        look_at_pool(client, "nowhere")
    assert "azure.batch_pool" in (told.value.hint or "")


def test_an_account_that_refuses_says_which_role_is_needed(batch: BatchDouble) -> None:
    with (
        open_batch(batch.endpoint, key="b3RoZXI=") as stranger,
        pytest.raises(PermissionDenied) as told,
    ):
        look_at_pool(stranger, "execution")
    assert "role" in (told.value.hint or "")

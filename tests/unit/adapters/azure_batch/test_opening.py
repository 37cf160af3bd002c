import pytest
from azure.batch import BatchClient
from azure.core.exceptions import ClientAuthenticationError

from avdataops.adapters.azure_batch.opening import is_loopback, open_batch
from avdataops.model.errors import ConfigError
from tests.doubles.batch.kit import Cloud
from tests.doubles.batch.server import KEY


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, *, local: bool) -> None:
    assert is_loopback(host) is local


def test_a_key_never_leaves_this_machine() -> None:
    with pytest.raises(ConfigError, match="a Batch key is for an emulator") as caught:
        open_batch("https://fleet.westeurope.batch.azure.com", key=KEY)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["", "fleet.westeurope.batch.azure.com", "ftp://x", "https://"]
)
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="is not the endpoint of a Batch account"):
        open_batch(endpoint)


def test_an_endpoint_elsewhere_needs_tls() -> None:
    with pytest.raises(ConfigError, match="must begin with https"):
        open_batch("http://fleet.westeurope.batch.azure.com")


@pytest.mark.parametrize("client_id", [None, "0a1b2c3d-0000-0000-0000-000000000000"])
def test_without_a_key_the_identity_of_the_machine_is_used(client_id: str | None) -> None:
    with open_batch("https://fleet.westeurope.batch.azure.com", client_id=client_id) as client:
        assert isinstance(client, BatchClient)


def test_a_wrong_key_is_refused_by_the_account(azure: Cloud) -> None:
    wrong = "bm90IHRoZSBrZXkgb2YgdGhpcyBhY2NvdW50IGF0IGFsbA=="
    with (
        open_batch(azure.batch.endpoint, key=wrong) as client,
        pytest.raises(ClientAuthenticationError),
    ):
        client.get_pool("execution")

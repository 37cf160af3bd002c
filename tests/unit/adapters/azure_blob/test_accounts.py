"""Accounts: identities in the cloud, keys for emulators only, and no key in a message."""

import base64
import pickle
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from avdataops.adapters.azure_blob import open_blob_storage
from avdataops.adapters.azure_blob.accounts import account_name, connect, emulator_key, identity
from avdataops.model.errors import ConfigError
from avdataops.model.location import Location, Zone

KEY = base64.b64encode(b"a key of 64 bytes".ljust(64, b".")).decode()


class Identity:
    """A credential that is never asked."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        raise AssertionError(scopes, options)


def emulator(endpoint: str, key: str = KEY) -> str:
    return f"DefaultEndpointsProtocol=http;AccountName=raw;AccountKey={key};BlobEndpoint={endpoint}"


def nobody() -> Identity:
    raise AssertionError


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("https://acmeraw.blob.core.windows.net", "acmeraw"),
        ("https://acmeraw.blob.core.windows.net/", "acmeraw"),
        ("https://acmeraw.blob.core.usgovcloudapi.net", "acmeraw"),
        ("https://acmeraw.z12.blob.storage.azure.net", "acmeraw"),
        ("https://127.0.0.1:10000/acmeraw", "acmeraw"),
    ],
)
def test_an_endpoint_is_opened_with_the_identity(endpoint: str, name: str) -> None:
    with connect(Zone.RAW, endpoint, Identity) as service:
        assert account_name(service) == name
        assert isinstance(service.credential, Identity)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:10000/raw",
        "http://127.3.2.1:1/raw",
        "http://localhost:10000/raw",
        "http://[::1]:10000/raw",
    ],
)
def test_an_emulator_on_this_machine_takes_its_key(endpoint: str) -> None:
    with connect(Zone.RAW, emulator(endpoint), nobody) as service:
        assert service.account_name == "raw"


def test_the_published_key_of_the_emulator_is_no_secret_anywhere() -> None:
    with connect(Zone.RAW, emulator("http://azurite:10000/raw", emulator_key()), nobody) as service:
        assert service.url.startswith("http://azurite:10000/raw")
    with connect(Zone.RAW, "UseDevelopmentStorage=true", nobody) as service:
        assert service.account_name == "devstoreaccount1"


@pytest.mark.parametrize(
    "account",
    [
        emulator("https://acmeraw.blob.core.windows.net"),
        emulator("http://10.0.0.5:10000/raw"),
        emulator("http://127.0.0.1.evil.example/raw"),
        emulator("http://localhost.example/raw"),
        f"AccountName=acmeraw;AccountKey={KEY};EndpointSuffix=core.windows.net",
        "BlobEndpoint=https://acmeraw.blob.core.windows.net;SharedAccessSignature=sv=1&sig=a",
        f"AccountKey={KEY}",
        "AccountName=;;;",
        f"https://acmeraw.blob.core.windows.net/?sv=1&sig={KEY}",
        f"https://user:{KEY}@acmeraw.blob.core.windows.net",
        "http://acmeraw.blob.core.windows.net",
        "http://127.0.0.1:10000/raw",
        "https://",
        "https://[",
        "acmeraw",
        "",
    ],
)
def test_keys_and_open_connections_are_refused_in_the_cloud(account: str) -> None:
    with pytest.raises(ConfigError, match=r"setting 'azure\.storage\.raw'") as refused:
        connect(Zone.RAW, account, Identity)
    text = f"{refused.value.message} {refused.value.hint}"
    assert KEY not in text
    assert "sig=" not in text


def test_a_client_id_names_a_managed_identity() -> None:
    assert isinstance(identity("00000000-0000-0000-0000-000000000001"), ManagedIdentityCredential)
    assert isinstance(identity(None), DefaultAzureCredential)


def test_one_identity_serves_all_zones() -> None:
    accounts = {zone: f"https://acme{zone}.blob.core.windows.net" for zone in Zone}
    with open_blob_storage(accounts) as storage:
        credentials = {id(service.credential) for service in storage._services.values()}
    assert len(credentials) == 1


def test_emulators_need_no_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avdataops.adapters.azure_blob.storage.identity", nobody)
    with open_blob_storage({Zone.RAW: emulator("http://127.0.0.1:1/raw")}) as storage:
        assert list(storage._services) == [Zone.RAW]


def test_a_zone_without_an_account_is_named_with_its_setting() -> None:
    with open_blob_storage({Zone.RAW: emulator("http://127.0.0.1:1/raw")}) as storage:
        at = Location(Zone.DERIVED, "ego/x")
        for ask in (
            storage.open,
            storage.stat,
            storage.delete,
            lambda at: storage.put(at, [b"1"]),
            lambda at: list(storage.list(at.zone)),
            lambda at: storage.read_link(at, 60),
        ):
            with pytest.raises(ConfigError, match="zone 'derived'") as missing:
                ask(at)
            assert missing.value.hint == "set AVDATAOPS_AZURE__STORAGE__DERIVED"


def test_a_storage_goes_to_another_process_and_opens_anew() -> None:
    accounts = {Zone.RAW: "https://acmeraw.blob.core.windows.net"}
    with open_blob_storage(accounts, client_id="c") as storage:
        again = pickle.loads(pickle.dumps(storage))  # noqa: S301  what the process pool does
    with again:
        service = again._services[Zone.RAW]
        assert service.url == "https://acmeraw.blob.core.windows.net/"
        assert isinstance(service.credential, ManagedIdentityCredential)


def test_retries_are_ours_alone() -> None:
    with connect(Zone.RAW, "https://acmeraw.blob.core.windows.net", Identity) as service:
        assert getattr(service._config.retry_policy, "total_retries", None) == 0

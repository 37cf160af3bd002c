from urllib.parse import parse_qs, urlsplit

import pytest

from avdataops.adapters.azure_batch.logs import LogContainer, log_container
from avdataops.model.errors import ConfigError

EMULATOR = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
)


def test_an_account_is_written_to_by_the_identity_of_the_pool() -> None:
    made = log_container("https://derived.blob.core.windows.net/", "/subscriptions/x")
    url = "https://derived.blob.core.windows.net/logs"
    assert made == LogContainer(url=url, identity="/subscriptions/x")


def test_without_an_identity_logs_stay_on_their_nodes() -> None:
    assert log_container("https://derived.blob.core.windows.net") is None


def test_an_emulator_gets_a_signature_that_only_writes() -> None:
    made = log_container(EMULATOR)
    assert made is not None
    parts = urlsplit(made.url)
    assert parts.path == "/devstoreaccount1/logs"
    assert sorted(parse_qs(parts.query)["sp"][0]) == ["c", "w"]
    assert made.identity is None


def test_a_signature_is_never_shown() -> None:
    made = LogContainer(url="http://127.0.0.1:10000/a/logs?sig=secret")
    assert "secret" not in repr(made)
    assert "127.0.0.1:10000/a/logs" in repr(made)


def test_what_is_no_account_is_refused() -> None:
    with pytest.raises(ConfigError, match="https:// endpoint"):
        log_container("derived")

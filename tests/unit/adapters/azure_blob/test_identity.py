"""The way of the cloud: https, a token of an identity, links signed by a delegation key."""

import datetime as dt
import ipaddress
import re
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from azure.core.credentials import AccessToken
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from avdataops.adapters.azure_blob import BlobStorage, Patience, Tuning, open_blob_storage, storage
from avdataops.model.errors import InputError, PermissionDenied
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import read_all
from tests.doubles.azurite import Azurite, running

AT = Location(Zone.DERIVED, "sync_quality/m_1/x y.parquet")
ISSUER = "https://sts.windows.net/00000000-0000-0000-0000-00000000000a/"


class Identity:
    """A credential that signs its own tokens, which the emulator takes (it checks no signature)."""

    def __init__(self) -> None:
        self.valid_s = 3600
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        del options
        self.scopes += scopes
        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com",
            "iss": ISSUER,
            "iat": now - 9000,
            "nbf": now - 9000,
            "exp": now + self.valid_s,
            "oid": str(uuid.UUID(int=1)),
            "tid": str(uuid.UUID(int=10)),
        }
        # What the client believes: it need not renew the token.
        return AccessToken(jwt.encode(claims, "k" * 64, "HS256"), now + 3600)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def cloud(azurite: Azurite, authority: tuple[Path, Path]) -> Iterator[Azurite]:
    """Run an emulator over https that takes tokens."""
    del azurite  # where that one cannot run, neither can this
    cert, key = authority
    with running("--oauth", "basic", "--cert", str(cert), "--key", str(key)) as started:
        yield started


@pytest.fixture
def who() -> Identity:
    return Identity()


@pytest.fixture
def opened(
    cloud: Azurite,
    authority: tuple[Path, Path],
    who: Identity,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[BlobStorage]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[0]))
    monkeypatch.setattr(storage, "identity", lambda _: who)
    accounts = {zone: cloud.endpoint(zone).replace("http:", "https:") for zone in Zone}
    tuning = Tuning(patience=Patience(attempts=2, first_wait_s=0.01))
    with open_blob_storage(accounts, tuning=tuning) as found:
        yield found
        if who.valid_s > 0:
            found.delete(AT)


def status(link: str, authority: tuple[Path, Path], method: str = "GET") -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(authority[0]))
    headers = {"x-ms-blob-type": "BlockBlob"} if method == "PUT" else {}
    body = b"other" if method == "PUT" else None
    asked = urllib.request.Request(link, body, headers, method=method)  # noqa: S310  a link of ours
    try:
        with urllib.request.urlopen(asked, context=context) as answer:  # noqa: S310  the same
            return int(answer.status), bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code), b""


def test_an_identity_stores_and_reads(opened: BlobStorage, who: Identity) -> None:
    assert opened.put(AT, [b"the bytes"])
    assert not opened.put(AT, [b"others"])
    assert read_all(opened.open(AT)) == b"the bytes"
    assert [stored.location for stored in opened.list(Zone.DERIVED)] == [AT]
    assert set(who.scopes) == {"https://storage.azure.com/.default"}


def test_an_identity_that_has_ended_is_refused(opened: BlobStorage, who: Identity) -> None:
    who.valid_s = -60
    with pytest.raises(PermissionDenied, match="account 'derived' refused this identity"):
        opened.put(AT, [b"the bytes"])


def test_a_link_is_signed_by_delegation_and_reads_only(
    opened: BlobStorage, authority: tuple[Path, Path]
) -> None:
    opened.put(AT, [b"the bytes"])
    link = opened.read_link(AT, 600)
    said = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert (said["sp"], said["spr"], said["sr"]) == ("r", "https", "b")
    assert said["skoid"] == str(uuid.UUID(int=1))
    ends = dt.datetime.fromisoformat(said["se"])
    left_s = (ends - dt.datetime.now(dt.UTC)).total_seconds()
    assert 590 < left_s <= 600
    assert status(link, authority) == (200, b"the bytes")
    assert status(link, authority, "PUT")[0] == 403
    assert status(link, authority, "DELETE")[0] == 403
    assert status(re.sub("sig=[^&]*", "sig=AAAA", link), authority)[0] == 403
    assert status(link.replace("x%20y.parquet", "other"), authority)[0] == 403


def test_a_link_that_has_ended_reads_nothing(
    opened: BlobStorage, authority: tuple[Path, Path]
) -> None:
    opened.put(AT, [b"the bytes"])
    link = opened.read_link(AT, 1)
    time.sleep(2.1)
    assert status(link, authority)[0] == 403


def test_one_delegation_key_serves_many_links(
    opened: BlobStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    service = opened._services[Zone.DERIVED]
    get = service.get_user_delegation_key

    def counted(start: dt.datetime, expiry: dt.datetime) -> object:
        asked.append((start, expiry))
        return get(start, expiry)

    monkeypatch.setattr(service, "get_user_delegation_key", counted)
    links = {opened.read_link(AT, valid_s) for valid_s in (60, 3600, 120)}
    assert (len(links), len(asked)) == (3, 1)
    opened._links[Zone.DERIVED]._key_ends = dt.datetime.now(dt.UTC)
    opened.read_link(AT, 60)
    assert len(asked) == 2


def test_a_link_lives_an_hour_at_most(opened: BlobStorage) -> None:
    with pytest.raises(InputError, match="1 to 3600 seconds, not 3601"):
        opened.read_link(AT, 3601)

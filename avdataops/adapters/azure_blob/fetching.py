"""Ranges of a blob, each held against the MD5 that the service sends with it."""

import base64
import hashlib
from dataclasses import dataclass

from azure.core import MatchConditions
from azure.storage.blob import BlobClient, BlobProperties

from avdataops.adapters.azure_blob.failures import DamagedAnswerError
from avdataops.adapters.azure_blob.reading import Checksum
from avdataops.adapters.azure_blob.writing import SHA256

BEGINNING_BYTES = 256 << 10
"""What the request that opens a blob brings along: all of a document, the head of a recording."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A blob as it was when it was opened."""

    data: bytes
    size: int
    """Of the whole blob."""
    found: BlobProperties


def get_beginning(blob: BlobClient) -> Beginning:
    """Return the first bytes with the properties, by one request; 416 for an empty blob."""
    heard: list[dict[str, str]] = []
    stream = blob.download_blob(
        0,
        BEGINNING_BYTES,
        max_concurrency=1,
        headers={"x-ms-range-get-content-md5": "true"},
        raw_response_hook=lambda got: heard.append(got.http_response.headers),
    )
    data: bytes = stream.readall()
    size = int(heard[-1]["Content-Range"].rpartition("/")[2])
    if len(data) != min(size, BEGINNING_BYTES) or not _is_whole(data, heard[-1].get("Content-MD5")):
        raise DamagedAnswerError(f"{blob.blob_name}: the bytes from 0 came damaged")
    return Beginning(data, size, stream.properties)


def get_range(blob: BlobClient, etag: str, offset: int, length: int) -> bytes:
    """Return one range of the blob that has this ``etag``; 412 if it is another one by now.

    The SDK's ``validate_content`` checks the MD5 too, and hashes every answer three times.
    """
    heard: list[str | None] = []
    data: bytes = blob.download_blob(
        offset,
        length,
        max_concurrency=1,
        etag=etag,
        match_condition=MatchConditions.IfNotModified,
        headers={"x-ms-range-get-content-md5": "true"},
        raw_response_hook=lambda got: heard.append(got.http_response.headers.get("Content-MD5")),
    ).readall()
    if len(data) != length or not _is_whole(data, heard[-1]):
        raise DamagedAnswerError(f"{blob.blob_name}: the bytes from {offset} came damaged")
    return data


def _is_whole(data: bytes, md5: str | None) -> bool:
    # An answer that the service did not hash cannot be judged.
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    return md5 in {base64.b64encode(digest).decode(), None}


def checksum_of(found: BlobProperties) -> Checksum | None:
    """Return what the stored bytes should hash to: our own note, else what any tool has left."""
    noted = (found.metadata or {}).get(SHA256, "")
    if len(noted) == 2 * hashlib.sha256().digest_size:
        return Checksum("sha256", bytes.fromhex(noted))
    md5 = found.content_settings.content_md5
    # A range brings it as text, a question for the properties as bytes.
    return (
        Checksum("md5", base64.b64decode(md5) if isinstance(md5, str) else bytes(md5))
        if md5
        else None
    )

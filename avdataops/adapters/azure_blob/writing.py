"""Creating blobs: one conditional request for small ones, parallel blocks for large ones.

A block is named after its number and its bytes' SHA-256, so blocks that an interrupted put left
unseen are found again and not sent twice, whoever puts the same bytes.  All names have one length,
as the service demands of the blocks of a blob.
"""

import hashlib
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobClient, ContainerClient, ContentSettings

from avdataops.adapters.azure_blob.failures import WRITER, Doing, code_of, failure, status_of
from avdataops.adapters.azure_blob.looking import find_blob
from avdataops.adapters.azure_blob.patience import Patience
from avdataops.model.errors import InputError, StorageUnavailable
from avdataops.model.location import Location
from avdataops.ports.storage import PartsStored

BLOCK_BYTES = 8 << 20
"""Size of a block, and of the largest object that is one request.

Blocks over 4 MiB take the service's fast path; 50,000 of them, the most that a blob may have, are
390 GiB.
"""
CONCURRENCY = 6
"""Blocks in flight; with the one being filled they are the memory that a put takes (56 MiB)."""
TOKEN, SHA256 = "put", "sha256"
"""Metadata: which put made the blob, and what its bytes hash to."""

_MAX_BLOCKS = 50_000
_ABSENT = 404
_TAKEN = {"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"}
_LOST_BLOCKS = "InvalidBlockList"
_HASH_DIGITS = 40

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """A blob to be, and how it is asked for."""

    at: Location
    blob: BlobClient
    container: ContainerClient
    patience: Patience
    block_bytes: int
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def doing(self) -> Doing:
        """What failures are told about."""
        return Doing(f"writing {self.at}", str(self.blob.account_name), WRITER)


def store(target: Target, chunks: Iterable[bytes], progress: PartsStored) -> bool:
    """Create the blob from ``chunks``; False if one is there that this call did not make.

    ``progress`` hears of each block, in order.
    """
    blocks = cut(chunks, target.block_bytes)
    first = next(blocks, b"")
    second = next(blocks, None)
    if second is None:
        made = _store_small(target, first)
        if made:
            progress(len(first), len(first))
        return made
    if find_blob(target.blob, target.patience, target.doing) is not None:
        return False
    return _store_blocks(target, chain((first, second), blocks), progress)


def cut(chunks: Iterable[bytes], block_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of ``chunks`` in blocks of ``block_bytes``; the last may be shorter."""
    held: list[memoryview] = []
    room = block_bytes
    for chunk in chunks:
        rest = memoryview(chunk)
        while len(rest) >= room:
            yield b"".join((*held, rest[:room]))
            rest, held, room = rest[room:], [], block_bytes
        if rest:
            held.append(rest)
            room -= len(rest)
    if held:
        yield b"".join(held)


def _store_small(target: Target, data: bytes) -> bool:
    sha256, md5 = hashlib.sha256(data), hashlib.md5(data, usedforsecurity=False)

    def put() -> None:
        target.blob.upload_blob(
            data,
            length=len(data),
            overwrite=False,
            validate_content=True,
            metadata={SHA256: sha256.hexdigest(), TOKEN: target.token},
            content_settings=ContentSettings(content_md5=bytearray(md5.digest())),
        )

    return _created(target, put)


def _store_blocks(target: Target, blocks: Iterator[bytes], progress: PartsStored) -> bool:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    names: list[str] = []
    sender = _Sender(target, _staged(target))
    pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="put")
    waiting: deque[Future[_Block]] = deque()

    def take() -> None:
        block = waiting.popleft().result()
        names.append(block.name)
        progress(block.bytes, block.sent)

    try:
        for number, block in enumerate(blocks):
            if number >= _MAX_BLOCKS:
                limit = _MAX_BLOCKS * target.block_bytes
                raise InputError(f"{target.at} is longer than {limit} bytes, the most of a blob")
            waiting.append(pool.submit(sender.send, number, block))
            sha256.update(block)
            md5.update(block)
            if len(waiting) >= CONCURRENCY:
                take()
        while waiting:
            take()
    finally:
        sender.stop.set()
        pool.shutdown(cancel_futures=True)

    def commit() -> None:
        # Only match_condition: the SDK refuses an etag beside IfMissing.
        target.blob.commit_block_list(
            [BlobBlock(name) for name in names],
            match_condition=MatchConditions.IfMissing,
            validate_content=True,
            metadata={SHA256: sha256.hexdigest(), TOKEN: target.token},
            content_settings=ContentSettings(content_md5=bytearray(md5.digest())),
        )

    return _created(target, commit)


@dataclass(frozen=True, slots=True)
class _Block:
    """A block that the service has."""

    name: str
    bytes: int
    sent: int
    """0 if an earlier put has left it there."""


class _StoppedError(Exception):
    """Another block or the source has failed; nobody waits for this block."""


@dataclass(frozen=True, slots=True)
class _Sender:
    """Sends the blocks of one put, from many threads."""

    target: Target
    staged: Mapping[str, int]
    stop: threading.Event = field(default_factory=threading.Event)

    def send(self, number: int, block: bytes) -> _Block:
        """Return the block once the service has it."""
        name = f"{number:08d}{hashlib.sha256(block).hexdigest()[:_HASH_DIGITS]}"

        def stage() -> None:
            if self.stop.is_set():
                raise _StoppedError
            self.target.blob.stage_block(name, block, len(block), validate_content=True)

        if self.staged.get(name) == len(block):
            return _Block(name, len(block), 0)
        try:
            _in_container(self.target, stage)
        except HttpResponseError as error:
            raise failure(error, self.target.doing) from None
        return _Block(name, len(block), len(block))


def _staged(target: Target) -> Mapping[str, int]:
    """Return the blocks that an earlier put has left, by name, with their sizes."""
    try:
        _, left = target.patience.ask(
            lambda: target.blob.get_block_list("uncommitted"), target.doing
        )
    except HttpResponseError as error:
        if status_of(error) == _ABSENT:
            return {}
        raise failure(error, target.doing) from None
    return {str(block.id): int(block.size) for block in left}


def _created(target: Target, create: Callable[[], object]) -> bool:
    """Send the request that makes the blob appear; True if this put's blob is there."""
    lost_blocks = False
    while True:
        try:
            _in_container(target, create)
        except HttpResponseError as error:
            code = code_of(error)
            if code not in _TAKEN and code != _LOST_BLOCKS:
                raise failure(error, target.doing) from None
            found = find_blob(target.blob, target.patience, target.doing)
            if found is not None:
                # An answer may have been lost, and the repeated request have met our own blob.
                return (found.metadata or {}).get(TOKEN) == target.token
            if code in _TAKEN:
                return False
            if lost_blocks:
                raise StorageUnavailable(
                    f"writing {target.at}: its blocks were discarded, as another writer's commit "
                    "does",
                    hint="run the command again",
                ) from None
            # The list of blocks may have been damaged on its way: once more.
            lost_blocks = True
        else:
            return True


def _in_container(target: Target, request: Callable[[], T]) -> T:
    """Ask; the first object of a new kind brings its container with it."""
    try:
        return target.patience.ask(request, target.doing)
    except HttpResponseError as error:
        if code_of(error) != "ContainerNotFound":
            raise
    doing = Doing(
        f"creating container '{target.container.container_name}'", target.doing.account, WRITER
    )
    try:
        target.patience.ask(target.container.create_container, doing)
    except HttpResponseError as error:
        if code_of(error) != "ContainerAlreadyExists":
            raise failure(error, doing) from None
    return target.patience.ask(request, target.doing)

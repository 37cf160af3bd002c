"""Scripts, styles and pictures of the pages: a closed list of files, kept for ever by browsers.

The address holds a hash of all of them, so a new release is a new address.  Parts of a library
find each other because they stay in one folder.
"""

import functools
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

FOLDER = Path(__file__).parents[1] / "static"
PREFIX = "/static"
_VERSION_DIGITS = 16
_WORTH_PACKING = 1024
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}

ROUTES = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    data: bytes
    media_type: str


@functools.cache
def assets() -> dict[str, Asset]:
    """Return all files by their path in the folder."""
    return {
        path.relative_to(FOLDER).as_posix(): Asset(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and path.suffix in _TYPES
    }


@functools.cache
def version() -> str:
    """Return a hash of all files with their names."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(f"{name}\n{hashlib.sha256(asset.data).hexdigest()}\n".encode())
    return digest.hexdigest()[:_VERSION_DIGITS]


def address_of(name: str) -> str:
    """Return where browsers get a file; raises ``KeyError`` for one that is not there."""
    assets()[name]
    return f"{PREFIX}/{version()}/{name}"


@functools.cache
def _packed(name: str) -> bytes:
    return gzip.compress(assets()[name].data, compresslevel=6, mtime=0)


@ROUTES.get(f"{PREFIX}/{{given}}/{{name:path}}")
def get_asset(request: Request, given: str, name: str) -> Response:
    """Give one file; it holds no data of anybody, so anybody may have it."""
    asset = assets().get(name)
    if asset is None or given != version():
        raise HTTPException(404, "there is no such file")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    takes = request.headers.get("accept-encoding", "")
    if "gzip" in takes and len(asset.data) > _WORTH_PACKING:
        headers["Content-Encoding"] = "gzip"
        return Response(_packed(name), headers=headers, media_type=asset.media_type)
    return Response(asset.data, headers=headers, media_type=asset.media_type)
